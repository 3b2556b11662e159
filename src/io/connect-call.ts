import { isRefusal } from '../core/lives.ts'
import type { Trouble } from '../core/state.ts'
import type { Status } from '../core/status.ts'
import type { ErrorCode, SessionError } from '../errors.ts'
import { quiet } from './promises.ts'

/** The promise that all concurrent `connect()` calls share. A rejection that nobody awaits is not an unhandled one. */
export class ConnectCall {
  readonly promise: Promise<void>
  /** The verdict that stood when it was called; only a newer one rejects. */
  readonly #before: Trouble | null
  #done!: () => void
  fail!: (error: SessionError) => void

  constructor(before: Trouble | null) {
    this.#before = before
    this.promise = quiet(
      new Promise<void>((resolve, reject) => {
        this.#done = resolve
        this.fail = reject
      }),
    )
  }

  /** True once it is settled. */
  settle(status: Status, trouble: Trouble | null, error: (code: ErrorCode) => SessionError): boolean {
    switch (status.name) {
      case 'connected':
        this.#done()
        return true
      case 'closed':
        this.fail(error('closed'))
        return true
      case 'failed':
        this.fail(error(status.code))
        return true
      case 'paused':
        if (status.reason !== 'refused' || !isRefusal(trouble) || trouble === this.#before) return false
        this.fail(error(trouble.no))
        return true
      case 'idle':
      case 'connecting':
      case 'reconnecting':
        return false
      default:
        return status satisfies never
    }
  }
}
