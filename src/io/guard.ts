import { SessionError } from '../errors.ts'
import type { Host } from './host.ts'

/**
 * Runs what may call a function of a preset. If that throws, the host hears of it and nobody else is disturbed. What was
 * thrown may hold a token, so only its name is passed on.
 */
export function guarded(host: Host, run: () => void): void {
  try {
    run()
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error
    host.report(new SessionError('bad_configuration', `a function of the preset threw (${name})`))
  }
}
