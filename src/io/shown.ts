import type { Status } from '../core/status.ts'
import type { Host } from './host.ts'

/** A status as people see it: monotonic times become epoch milliseconds, by the clock that the user sees. */
export function shown(status: Status, host: Host): Status {
  if (!('retryAt' in status) || status.retryAt === undefined) return status
  return { ...status, retryAt: Math.round(host.wall() + status.retryAt - host.monotonic()) }
}

/** The same but for a time that moved by a clock's rounding. */
export function looksLike(a: Status, b: Status): boolean {
  const { retryAt: at = 0, ...rest } = a as { retryAt?: number }
  const { retryAt: bt = 0, ...other } = b as { retryAt?: number }
  return JSON.stringify(rest) === JSON.stringify(other) && Math.abs(at - bt) <= 50
}
