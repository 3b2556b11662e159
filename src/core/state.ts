/**
 * The state of one source with its sessions. Nothing here is secret: a grant is a generation and some times; the token
 * itself lies in io's vault under that generation. Times are monotonic milliseconds, never the wall clock.
 */
import { paceOf } from './policy.ts'
import type { LinkTraits, SourceTraits } from './traits.ts'

export type Ms = number
export type Id = number

/** They said no. Sticky: only a good mint takes it back. */
export type Refusal = { readonly no: 'login_required' | 'key_refused' | 'revoked' | 'rejected' | 'quota'; readonly tries: number }
/** No good answer. */
export type Failure = { readonly no: 'network' | 'timeout' | 'unavailable' | 'malformed'; readonly tries: number }
/** They said never. Only `connect()` asks again. */
export type Stop = { readonly no: 'forbidden' }
export type Trouble = Refusal | Failure | Stop

/** A right, as its times. `gen` is the id of the flight that brought it, so generations only grow. */
export interface Grant {
  readonly gen: Id
  readonly renewAt: Ms
  /** A dial may start before this. */
  readonly dialBefore: Ms
  /** A single-use grant that has left the page, or a lease past its time to connect: no further dial may use it. */
  readonly spent: boolean
}

export type MintReason = 'connect' | 'renew' | 'rejected' | 'probe' | 'prefetch'

/** What the source is doing about the next mint. One flight by construction. */
export type Work =
  | { readonly is: 'rest' }
  | {
      readonly is: 'minting'
      readonly flight: Id
      readonly startedAt: Ms
      readonly giveUpAt: Ms
      readonly reason: MintReason
      readonly attempt: number
    }
  /** `floor` is the server's Retry-After: nothing brings the wait below it. */
  | { readonly is: 'cooling'; readonly until: Ms; readonly floor: Ms }

export interface Socket {
  readonly id: Id
  readonly gen: Id
}

export type Down = { readonly is: 'down'; readonly attempt: number; readonly dialAt: Ms }
/** `opening`: handed to the dial queue; its deadline starts when the queue dials. `settling`: open, not yet ready. */
export type Dialling = { readonly is: 'opening' | 'settling'; readonly socket: Socket; readonly deadline: Ms; readonly attempt: number }
export type Up = {
  readonly is: 'up'
  readonly socket: Socket
  readonly attempt: number
  /** From here on a drop counts as the first of its streak. */
  readonly stableAt: Ms
  readonly heardAt: Ms
  /** The provider took the grant: said so by a ready frame, or by not closing again until `stableAt`. */
  readonly proven: boolean
  /** A liveness probe is out; silence until then is death. */
  readonly probeBy?: Ms
  readonly showing?: { readonly gen: Id; readonly ackBy: Ms }
  /** The successor in a handoff. */
  readonly next?: Dialling
}
export type NoLink = { readonly is: 'none' }
export type Link = Down | Dialling | Up | NoLink
/** The links that may exist without a lease. */
export type Grounded = Down | NoLink

/** What the application wants of one session, and what there is of it. */
export type Life<L> =
  | { readonly is: 'idle' | 'closed' }
  | { readonly is: 'failed'; readonly code: 'forbidden' | 'stopped' | 'bad_configuration' | 'gave_up' }
  /** Paused by us: no field for a socket. */
  | { readonly is: 'held'; readonly by: 'app' | 'page' | 'both'; readonly been: boolean }
  /** `been` connected since the last `connect()`: reconnecting, not connecting. `giveUpAt` is Infinity while connected. */
  | { readonly is: 'wanting'; readonly been: boolean; readonly link: L; readonly giveUpAt: Ms }

export interface Attached<L> {
  readonly traits: LinkTraits
  readonly life: Life<L>
}

interface Of<L> {
  readonly traits: SourceTraits
  readonly work: Work
  /** Mint starts pass it: `left` tokens at the time `at`. */
  readonly bucket: { readonly left: number; readonly at: Ms }
  /** The last beat length known: it scales bucket and backoff. */
  readonly beatMs: Ms
  readonly lastId: Id
  /** Fresh generations rejected in a row. A proven link ends the streak, a mint does not. */
  readonly rejected: number
  /** The mint that a close before open forces. A time: it was forced, and what fails from then on may force another. */
  readonly forced: 'no' | 'due' | Ms
  /** Someone asked for a grant without a session that wants to connect. */
  readonly prefetch: boolean
  /** A refusal that a mint has answered and no ready link has yet confirmed: it shows until then. */
  readonly overcome: Refusal['no'] | null
  /** Frozen, or in the back/forward cache. */
  readonly away: boolean
  /** When the page was hidden; null while it is visible. Nobody listens to the page while no session lives: both are forgotten then. */
  readonly hiddenAt: Ms | null
  readonly sessions: Readonly<Record<Id, Attached<L>>>
}

export type Ticket = Of<Link> & { readonly kind: 'ticket'; readonly grant: Grant | null; readonly trouble: Trouble | null }
export type Held = Of<Link> & {
  readonly kind: 'lease'
  readonly grant: Grant
  readonly endsAt: Ms
  /** Set when time may have passed unseen: sends wait, nothing dials, and the sockets go if no good mint comes until then. */
  readonly suspectUntil: Ms | null
  readonly trouble: Failure | Stop | null
}
/** A lease that is not held has no room for a socket. */
export type Lost = Of<Grounded> & {
  readonly kind: 'lease'
  readonly grant: null
  /** The life or the grace of a lease that was held is over. */
  readonly expired: boolean
  readonly trouble: Trouble | null
}
export type Core = Ticket | Held | Lost

/** A source at rest, before anybody wants anything. */
export function initial(traits: SourceTraits): Core {
  const common = {
    traits,
    work: { is: 'rest' },
    bucket: { left: 3, at: 0 },
    beatMs: paceOf(traits.intervalMs ?? 60_000),
    lastId: 0,
    rejected: 0,
    forced: 'no',
    prefetch: false,
    overcome: null,
    away: false,
    hiddenAt: null,
    grant: null,
    trouble: null,
    sessions: {},
  } as const
  return traits.kind === 'ticket' ? { ...common, kind: 'ticket' } : { ...common, kind: 'lease', expired: false }
}

export const isHeld = (core: Core): core is Held => core.kind === 'lease' && core.grant !== null
