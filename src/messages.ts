import type { Session } from './session-type.ts'

export interface MessagesOptions {
  /** Messages kept for a slow reader; older ones are dropped and counted. Default: 1,024. */
  readonly limit?: number
}

/** The session's messages as an async iterator; it ends when the session is closed or failed. */
export function messages<In>(session: Session<In, never> | Session<In>, { limit = 1024 }: MessagesOptions = {}): AsyncIterableIterator<In> & { readonly dropped: number } {
  const waiting: In[] = []
  let wake: (() => void) | null = null
  let dropped = 0
  let ended = false
  const rouse = (): void => {
    wake?.()
    wake = null
  }
  const leave = [
    session.on('message', (message) => {
      if (waiting.push(message as In) > limit) {
        waiting.shift()
        dropped++
      }
      rouse()
    }),
    session.on('status', ({ name }) => {
      if (name === 'closed' || name === 'failed') end()
    }),
  ]
  const end = (): void => {
    ended = true
    for (const remove of leave) remove()
    rouse()
  }
  return {
    get dropped() {
      return dropped
    },
    async next() {
      while (waiting.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve))
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
