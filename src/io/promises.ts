import type { Host } from './host.ts'

/** The same promise, whose rejection nobody has to await. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** Resolves when the work is done, or after `ms`. */
export function within(host: Host, work: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = host.timer(resolve, ms)
    void work.then(() => {
      cancel()
      resolve()
    })
  })
}
