/** A world without faults, from any state: how long until everybody who wants to be connected is, by one draw of chance. */
import type { Happening } from '../../src/core/event.ts'
import { isConnected } from '../../src/core/lives.ts'
import type { Core, Ms } from '../../src/core/state.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { canonical, hashOf, keyOf, T } from './canonical.ts'
import { lifetimeMs } from './configurations.ts'

const answerMs = 100
const stepsAtMost = 500

const isWell = (core: Core): boolean =>
  !core.away && core.hiddenAt === null && Object.values(core.sessions).every(({ life }) => life.is !== 'wanting' || isConnected(core, life))

/** What a healthy world does next, and when; null: it waits for the core's own time. */
function next(core: Core): { happening: Happening; afterMs: Ms } | null {
  if (core.away) return { happening: { is: 'back' }, afterMs: 0 }
  if (core.hiddenAt !== null) return { happening: { is: 'visible' }, afterMs: 0 }
  for (const { life } of Object.values(core.sessions)) {
    if (life.is !== 'wanting' || life.link.is === 'down' || life.link.is === 'none') continue
    const { link } = life
    const { socket } = link
    if (link.is === 'opening' && link.deadline === Infinity) return { happening: { is: 'dialled', socket: socket.id }, afterMs: 0 }
    if (link.is === 'opening') return { happening: { is: 'opened', socket: socket.id }, afterMs: answerMs }
    if (link.is !== 'up') return { happening: { is: 'ready', socket: socket.id }, afterMs: answerMs }
    if (link.showing) return { happening: { is: 'acked', socket: socket.id }, afterMs: answerMs }
    if (link.probeBy !== undefined) return { happening: { is: 'heard', socket: socket.id, at: T + answerMs }, afterMs: answerMs }
  }
  if (core.work.is !== 'minting') return null
  return { happening: { is: 'minted', flight: core.work.flight, lifetimeMs, connectByMs: null, same: false }, afterMs: answerMs }
}

/** One step of a healthy world, and how long it took; null where nothing will ever happen. */
function healthyStep(core: Core, random: number): { core: Core; ms: Ms } | null {
  const news = next(core)
  const at = Math.min(news ? T + news.afterMs : Infinity, Math.max(wants(core).wakeAt, T))
  if (at === Infinity) return null
  const happening: Happening = news && at === T + news.afterMs ? news.happening : { is: 'tick' }
  return { core: canonical(step(core, { ...happening, now: at, random })[0], at), ms: at - T }
}

/** Where a healthy world leads, by the draw of the landmarks. */
export function healed(start: Core): Core {
  let core = start
  while (!isWell(core)) core = healthyStep(core, 0)!.core
  return core
}

/** Remembers the way of every state that it passed, so that each is walked once. */
export class Healing {
  readonly #known = new Map<number, Ms>()
  readonly #random: number
  worstMs = 0

  /** `random`: what chance draws all the way. At 0 a source waits longest, and a link not at all; near 1 it is the other way round. */
  constructor(random: number) {
    this.#random = random
  }

  /** Milliseconds until all is well; Infinity: never, or not in 500 steps. */
  of(start: Core, startHash: number): Ms {
    const way: { hash: number; ms: Ms }[] = []
    let core = start
    let hash = startHash
    let rest: Ms = 0
    while (!isWell(core)) {
      const known = this.#known.get(hash)
      const step = known === undefined && way.length < stepsAtMost ? healthyStep(core, this.#random) : null
      if (step === null) {
        rest = known ?? Infinity
        break
      }
      way.push({ hash, ms: step.ms })
      core = step.core
      hash = hashOf(keyOf(core))
    }
    for (const { hash, ms } of way.reverse()) this.#known.set(hash, (rest += ms))
    this.worstMs = Math.max(this.worstMs, rest)
    return rest
  }
}
