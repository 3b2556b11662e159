import { isHeld } from './core/state.ts'
import { mintAt } from './core/permit.ts'
import { internalsOf } from './io/internals.ts'
import type { Session } from './session-type.ts'

/** Counters and times of a session's source. Times are epoch milliseconds, computed when asked. */
export interface Stats {
  /** Token requests started. */
  readonly mints: number
  /** Sockets constructed. */
  readonly dials: number
  /** The worst lateness of a timer, in ms. */
  readonly lateMs: number
  /** From the start of the last token request to its answer, in ms; undefined before the first answer. */
  readonly roundTripMs: number | undefined
  /** When the next token request is due; undefined while one is on its way or none is wanted. */
  readonly renewsAt: number | undefined
  /** When the current grant ends: a lease's life, or the last moment at which a ticket may open a socket. */
  readonly expiresAt: number | undefined
}

export function statsOf(session: Session<never, never> | Session): Stats {
  const { source } = internalsOf(session)
  const { core, host, mints, lateMs, roundTripMs, lines } = source
  const epoch = (at: number | undefined): number | undefined =>
    at !== undefined && Number.isFinite(at) ? Math.round(host.wall() + at - host.monotonic()) : undefined
  const expires = isHeld(core) ? core.endsAt : core.grant?.dialBefore
  return { mints, dials: lines.dials, lateMs, roundTripMs, renewsAt: epoch(mintAt(core)), expiresAt: epoch(expires) }
}
