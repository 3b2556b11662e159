/** What `within` rejects with when the time is over. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/**
 * Runs `work` and settles within `ms` milliseconds, or as soon as `outer` fires, whether or not `work` listens to its
 * signal: a `fetch` that ignores its signal and a callback that never settles are both left behind.
 *
 * Not `AbortSignal.any` with `AbortSignal.timeout`: on Node 20 the timeout may be collected before it fires
 * (nodejs/node#57736), and a signal alone does not end a promise.
 */
export function within<T>(ms: number, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController()
    const stop = (reason: Error): void => {
      settle()
      controller.abort(reason)
      reject(reason)
    }
    const aborted = (): void => stop(outer?.reason as Error)
    const timer = setTimeout(() => stop(new DeadlineError(`no answer within ${ms} ms`)), ms)
    const settle = (): void => {
      clearTimeout(timer)
      outer?.removeEventListener('abort', aborted)
    }
    if (outer?.aborted) return aborted()
    outer?.addEventListener('abort', aborted, { once: true })
    void (async () => work(controller.signal))().then(
      (value) => {
        settle()
        resolve(value)
      },
      (error: Error) => {
        settle()
        reject(error)
      },
    )
  })
}
