import type { Failure, Id, Ms, Refusal } from './state.ts'
import type { LinkTraits } from './traits.ts'

/** Everything that can happen to a source. Every event carries the time and one draw of chance, so that a log replays. */
export type Event = { readonly now: Ms; readonly random: number } & Happening

export type Happening =
  /** Time passed, nothing else. */
  | { readonly is: 'tick' }
  // The application
  | { readonly is: 'attach'; readonly session: Id; readonly traits: LinkTraits }
  | { readonly is: 'connect' | 'resume' | 'pause' | 'close' | 'detach'; readonly session: Id }
  /** `off`: nobody waits for it any more. */
  | { readonly is: 'prefetch'; readonly off?: true }
  | { readonly is: 'reset' }
  // The page
  | { readonly is: 'away' | 'back' | 'hidden' | 'visible' | 'online' | 'offline' }
  /** The wall clock ran ahead of the monotonic one: the device slept, or somebody set the clock. */
  | { readonly is: 'slept' }
  // The token endpoint, by flight. `wire` has seen to it that lives are positive and waits finite and not negative.
  | { readonly is: 'minted'; readonly flight: Id; readonly lifetimeMs: Ms; readonly connectByMs: Ms | null; readonly same: boolean }
  /** `hard`: 402, which ends a lease where other quota answers do not. */
  | ({
      readonly is: 'refused'
      readonly flight: Id
      readonly no: Refusal['no']
      readonly hard: boolean
      readonly retryAfterMs: Ms
    } & Others)
  | ({ readonly is: 'failed'; readonly flight: Id; readonly no: Failure['no']; readonly retryAfterMs: Ms } & Others)
  | ({ readonly is: 'forbidden'; readonly flight: Id } & Others)
  /** A REST call, a `verify` or the application's own engine was refused with this generation. */
  | { readonly is: 'rejected'; readonly gen: Id }
  /** The application took this generation for an engine of its own. */
  | { readonly is: 'handed'; readonly gen: Id }
  // The sockets, by id
  | { readonly is: 'dialled' | 'opened' | 'ready' | 'acked'; readonly socket: Id }
  // What the server said of a socket, or that it spoke at all, counts before the deadlines that have passed meanwhile.
  | ({ readonly is: 'heard'; readonly socket: Id; readonly at: Ms } & Others)
  | ({ readonly is: 'denied'; readonly socket: Id } & Others)
  | ({ readonly is: 'closed'; readonly socket: Id; readonly code: number; readonly spreadMs: Ms } & Others)
  /** The address could not even be tried: the url function or the constructor threw. */
  | { readonly is: 'broken'; readonly socket: Id }

/** When the last frames of (other) sockets came: told together, so that the first news does not let the time of the others run out. */
type Others = { readonly others?: readonly { readonly socket: Id; readonly at: Ms }[] }

/** One-shot things. What must exist over time is derived by `wants`, never commanded. */
export type Effect =
  | { readonly do: 'ready'; readonly session: Id; readonly socket: Id; readonly attempt: number }
  | { readonly do: 'probe'; readonly session: Id; readonly socket: Id }
  | { readonly do: 'show'; readonly session: Id; readonly socket: Id; readonly gen: Id }
  | { readonly do: 'verify'; readonly session: Id; readonly gen: Id }
  /** A mint failed under a connected session. */
  | { readonly do: 'renewal-failed'; readonly session: Id }
