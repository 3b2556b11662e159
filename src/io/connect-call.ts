import { isRefusal } from '../core/lives.ts'
import type { Trouble } from '../core/state.ts'
import type { Status } from '../core/status.ts'
import type { ErrorCode, SessionError } from '../errors.ts'
import { quiet } from './promises.ts'

/** The promise that all concurrent `connect()` calls share. A rejection that nobody awaits is not an unhandled one. */
export class ConnectCall {
  readonly promise: Promise<void>
  /** The verdict that stood when it began; only a newer one rejects. Undefined until then. */
  #before: Trouble | null | undefined
  #done!: () => void
  fail!: (error: unknown) => void

  constructor() {
    this.promise = quiet(
      new Promise<void>((resolve, reject) => {
        this.#done = resolve
        this.fail = reject
      }),
    )
  }

  /** From here on the session's status answers it. Later calls share it as it is. */
  begin(trouble: Trouble | null): void {
    if (this.#before === undefined) this.#before = trouble
  }

  /** True once it is settled. */
  settle(status: Status, trouble: Trouble | null, error: (code: ErrorCode) => SessionError): boolean {
    if (this.#before === undefined) return false
    switch (status.name) {
      case 'connected':
        this.#done()
        return true
      case 'failed':
        this.fail(error(status.code))
        return true
      case 'paused':
        if (status.reason !== 'refused' || !isRefusal(trouble) || trouble === this.#before) return false
        this.fail(error(trouble.no))
        return true
      case 'idle':
      case 'closed':
      case 'connecting':
      case 'reconnecting':
        return false
      default:
        return status satisfies never
    }
  }
}
