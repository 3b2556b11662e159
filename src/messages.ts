import type { Status } from './core/status.ts'
import type { Session } from './session-type.ts'

export interface MessagesOptions {
  /** Messages kept for a slow reader; older ones are dropped and counted. Default: 1,024. */
  readonly limit?: number
}

const over = ({ name }: Status): boolean => name === 'closed' || name === 'failed'

/** The session's messages as an async iterator; it ends when the session is closed or failed. */
export function messages<In>(
  session: Session<In, never> | Session<In>,
  { limit = 1024 }: MessagesOptions = {},
): AsyncIterableIterator<In> & { readonly dropped: number } {
  const waiting: In[] = []
  const wakes: (() => void)[] = []
  let dropped = 0
  let ended = false
  const rouse = (): void => {
    for (const wake of wakes.splice(0)) wake()
  }
  const leave = [
    session.on('message', (message) => {
      if (waiting.push(message) > limit) {
        waiting.shift()
        dropped++
      }
      rouse()
    }),
    session.on('status', (status) => {
      if (over(status)) end()
    }),
  ]
  const end = (): void => {
    ended = true
    for (const remove of leave) remove()
    rouse()
  }
  if (over(session.status)) end()
  return {
    get dropped() {
      return dropped
    },
    async next() {
      while (waiting.length === 0 && !ended) await new Promise<void>((resolve) => wakes.push(resolve))
      return waiting.length > 0 ? { done: false, value: waiting.shift() as In } : { done: true, value: undefined }
    },
    async return() {
      end()
      waiting.length = 0
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
