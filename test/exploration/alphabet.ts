/** Everything that can happen to a state: the application, the page, time, the endpoint's answers, each socket's news. */
import type { Happening } from '../../src/core/event.ts'
import type { Core, Id, Life, Link, Ms } from '../../src/core/state.ts'
import { wants } from '../../src/core/wants.ts'
import { old } from './canonical.ts'
import { lifetimeMs } from './configurations.ts'

export interface Letter {
  readonly happening: Happening
  /** When: at once, or at the state's own next wake, or an hour later. */
  readonly now: Ms
  /** Whether the world answers what the core asked. The application and the page may do as they like, as often as they like. */
  readonly world: boolean
}

const hour = 3_600_000

/** News of a flight, a grant or a socket that is over: each must do what time alone does. */
export const lateNews: readonly Happening[] = [
  { is: 'minted', flight: old, lifetimeMs, connectByMs: null, same: false },
  { is: 'refused', flight: old, no: 'revoked', hard: true, retryAfterMs: 0 },
  { is: 'rejected', gen: old },
  { is: 'opened', socket: old },
  { is: 'closed', socket: old, code: 4401, spreadMs: 0 },
  { is: 'denied', socket: old },
]

/** The letters of a state at a time, always in the same order. */
export function lettersOf(core: Core, now: Ms): Letter[] {
  const letters: Letter[] = []
  const asked = (happening: Happening, afterMs = 0): void => void letters.push({ happening, now: now + afterMs, world: false })
  const answered = (happening: Happening, afterMs = 0): void => void letters.push({ happening, now: now + afterMs, world: true })
  const { wakeAt } = wants(core)
  if (wakeAt < Infinity) answered({ is: 'tick' }, Math.max(wakeAt - now, 0))
  for (const is of ['away', 'back', 'hidden', 'visible', 'online', 'slept', 'prefetch', 'reset'] as const) asked({ is })
  asked({ is: 'slept' }, hour)
  if (core.prefetch) asked({ is: 'prefetch', off: true })
  for (const [id, { life }] of Object.entries(core.sessions)) {
    for (const is of ['connect', 'pause', 'resume', 'close'] as const) asked({ is, session: Number(id) })
    ofSocket(life, now, answered)
  }
  if (core.grant) answered({ is: 'rejected', gen: core.grant.gen })
  if (core.grant && core.kind === 'ticket' && core.traits.single) asked({ is: 'handed', gen: core.grant.gen })
  if (core.work.is === 'minting') ofFlight(core.work.flight, answered)
  return letters
}

type Answered = (happening: Happening, afterMs?: Ms) => void

function ofFlight(flight: Id, answered: Answered): void {
  const minted = { is: 'minted', flight, lifetimeMs, connectByMs: null, same: false } as const
  answered(minted)
  answered({ ...minted, same: true })
  answered({ ...minted, connectByMs: 8_000 })
  answered({ is: 'refused', flight, no: 'key_refused', hard: false, retryAfterMs: 0 })
  answered({ is: 'refused', flight, no: 'quota', hard: true, retryAfterMs: 0 })
  answered({ is: 'refused', flight, no: 'quota', hard: false, retryAfterMs: 15_000 })
  answered({ is: 'failed', flight, no: 'unavailable', retryAfterMs: 0 })
  answered({ is: 'forbidden', flight })
}

function ofSocket(life: Life<Link>, now: Ms, answered: Answered): void {
  if (life.is !== 'wanting' || life.link.is === 'down' || life.link.is === 'none') return
  const { link } = life
  const socket = link.socket.id
  if (link.is === 'opening' && link.deadline === Infinity) {
    answered({ is: 'dialled', socket })
    answered({ is: 'broken', socket })
    return
  }
  answered({ is: 'closed', socket, code: 1006, spreadMs: 0 })
  if (link.is === 'opening') return answered({ is: 'opened', socket })
  for (const code of [4401, 4403, 1012]) answered({ is: 'closed', socket, code, spreadMs: code === 1012 ? 5_000 : 0 })
  answered({ is: 'denied', socket })
  if (link.is !== 'up') return answered({ is: 'ready', socket })
  if (link.showing) answered({ is: 'acked', socket })
  if (link.probeBy !== undefined) answered({ is: 'heard', socket, at: now + 1 }, 1)
}
