/** Builders of states and events for the tables. Times are small offsets from `T`, so that a row can be read. */
import type { Event, Happening } from '../../src/core/event.ts'
import { initial } from '../../src/core/state.ts'
import type { Attached, Core, Dialling, Down, Grant, Held, Life, Link, Lost, Ticket, Up } from '../../src/core/state.ts'
import { step } from '../../src/core/step.ts'
import type { LinkTraits, SourceTraits } from '../../src/core/traits.ts'

export const T = 1_000_000
export const second = 1000
export const minute = 60_000

export const linkTraits = (over: Partial<LinkTraits> = {}): LinkTraits => ({
  link: true,
  ready: 'frame',
  closeCodes: [
    { from: 4401, to: 4401, then: 'reauthorise' },
    { from: 4403, to: 4403, then: 'stop' },
  ],
  liveness: null,
  shows: false,
  verifies: false,
  pauseWhenHiddenMs: Infinity,
  giveUpAfterMs: Infinity,
  ...over,
})

export const ticketTraits = (over: Partial<SourceTraits> = {}): SourceTraits => ({
  kind: 'ticket',
  single: false,
  atDial: false,
  intervalMs: null,
  graceMs: Infinity,
  probe: { firstMs: 30 * second, capMs: 8 * minute },
  ...over,
})

export const leaseTraits = (over: Partial<SourceTraits> = {}): SourceTraits =>
  ticketTraits({ kind: 'lease', intervalMs: minute, graceMs: 5 * minute, ...over })

export const grant = (over: Partial<Grant> = {}): Grant => ({
  gen: 5,
  renewAt: T + 10 * minute,
  dialBefore: T + 20 * minute,
  spent: false,
  ...over,
})
export const leaseGrant = (over: Partial<Grant> = {}): Grant => grant({ renewAt: T + minute, dialBefore: Infinity, ...over })

export const down = (over: Partial<Down> = {}): Down => ({ is: 'down', attempt: 1, dialAt: T + 4 * second, ...over })
export const opening = (over: Partial<Dialling> = {}): Dialling => ({
  is: 'opening',
  socket: { id: 8, gen: 5 },
  deadline: T + 10 * second,
  attempt: 1,
  ...over,
})
export const queued = (): Dialling => opening({ deadline: Infinity })
export const settling = (over: Partial<Dialling> = {}): Dialling => opening({ is: 'settling', ...over })
export const up = (over: Partial<Up> = {}): Up => ({
  is: 'up',
  socket: { id: 8, gen: 5 },
  attempt: 1,
  stableAt: T + 30 * second,
  heardAt: T - second,
  proven: true,
  ...over,
})
export const none: Link = { is: 'none' }

type Wanting<L> = Extract<Life<L>, { is: 'wanting' }>

export const wanting = <L extends Link>(link: L, over: Partial<Wanting<L>> = {}): Wanting<L> => ({
  is: 'wanting',
  been: true,
  link,
  giveUpAt: Infinity,
  ...over,
})
export const held = (by: 'app' | 'page' | 'both'): Life<never> => ({ is: 'held', by, been: true })

/** The sessions of a source: one life, or several under 1, 2, 3. */
export function sessions<L extends Link>(lives: Life<L> | Life<L>[], traits: LinkTraits = linkTraits()): Record<number, Attached<L>> {
  const all = Array.isArray(lives) ? lives : [lives]
  return Object.fromEntries(all.map((life, index) => [index + 1, { traits, life }]))
}

const common = { work: { is: 'rest' }, bucket: { left: 3, at: 0 }, beatMs: minute, lastId: 10 } as const

/** A ticket with a grant, connected. */
export const ticket = (over: Partial<Ticket> = {}): Ticket =>
  ({ ...initial(ticketTraits()), ...common, grant: grant(), sessions: sessions(wanting(up())), ...over }) as Ticket
/** A lease that is held, connected. */
export const lease = (over: Partial<Held> = {}): Held => {
  const { expired: _expired, ...base } = initial(leaseTraits()) as Lost
  const life = { grant: leaseGrant(), endsAt: T + 2 * minute, suspectUntil: null }
  return { ...base, ...common, ...life, sessions: sessions(wanting(up())), ...over } as Held
}
/** A lease that is not held; its session waits for a mint that is cooling. */
export const lost = (over: Partial<Lost> = {}): Lost =>
  ({
    ...initial(leaseTraits()),
    ...common,
    work: cooling(),
    trouble: { no: 'network', tries: 0 },
    sessions: sessions(wanting(down({ dialAt: T - second }))),
    ...over,
  }) as Lost

export const cooling = (untilMs = 20 * second, floorMs = 0) => ({ is: 'cooling', until: T + untilMs, floor: T + floorMs }) as const
export const minting = (flight = 9) =>
  ({ is: 'minting', flight, startedAt: T - second, giveUpAt: T + 9 * second, reason: 'renew', attempt: 0 }) as const

/** An event at `T`, or so many milliseconds later; chance is 0 unless told, which is the longest wait of a backoff. */
export const at = (happening: Happening, afterMs = 0, random = 0): Event => ({ now: T + afterMs, random, ...happening })

/** The state after these events. */
export const after = (core: Core, ...events: Event[]): Core => events.reduce((next, event) => step(next, event)[0], core)

/** Answers of the token endpoint. */
export const good = (flight = 9, lifetimeMs = 30 * minute) =>
  ({ is: 'minted', flight, lifetimeMs, connectByMs: null, same: false }) as const
export const no = (
  code: 'login_required' | 'key_refused' | 'revoked' | 'rejected' | 'quota',
  flight = 9,
  over: { hard?: boolean; retryAfterMs?: number } = {},
) => ({ is: 'refused', flight, no: code, hard: false, retryAfterMs: 0, ...over }) as const
export const failure = (code: 'network' | 'timeout' | 'unavailable' | 'malformed' = 'network', flight = 9, retryAfterMs = 0) =>
  ({ is: 'failed', flight, no: code, retryAfterMs }) as const

/** One event of every kind, on session 1, socket 8, flight 9 and generation 5. */
export const everyEvent: { readonly [K in Happening['is']]: Happening & { is: K } } = {
  tick: { is: 'tick' },
  attach: { is: 'attach', session: 7, traits: linkTraits() },
  connect: { is: 'connect', session: 1 },
  resume: { is: 'resume', session: 1 },
  pause: { is: 'pause', session: 1 },
  close: { is: 'close', session: 1 },
  detach: { is: 'detach', session: 1 },
  prefetch: { is: 'prefetch' },
  reset: { is: 'reset' },
  away: { is: 'away' },
  back: { is: 'back' },
  hidden: { is: 'hidden' },
  visible: { is: 'visible' },
  online: { is: 'online' },
  offline: { is: 'offline' },
  slept: { is: 'slept' },
  minted: good(),
  refused: no('key_refused'),
  failed: failure(),
  forbidden: { is: 'forbidden', flight: 9 },
  rejected: { is: 'rejected', gen: 5 },
  handed: { is: 'handed', gen: 5 },
  dialled: { is: 'dialled', socket: 8 },
  opened: { is: 'opened', socket: 8 },
  ready: { is: 'ready', socket: 8 },
  acked: { is: 'acked', socket: 8 },
  denied: { is: 'denied', socket: 8 },
  heard: { is: 'heard', socket: 8, at: T },
  closed: { is: 'closed', socket: 8, code: 1006, spreadMs: 0 },
  broken: { is: 'broken', socket: 8 },
}
export const eventKinds = Object.keys(everyEvent) as Happening['is'][]
