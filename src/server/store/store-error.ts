import { toConsole } from '../report.ts'

/**
 * | code | what it means | what to do |
 * | --- | --- | --- |
 * | `away` | the store cannot be reached, or did not answer in time | nothing; it is tried again. What the call should do may be done: a repeated `append` with the same id is safe |
 * | `closed` | the store was closed | open a new one |
 * | `unsafe` | the store is set up so that it may forget what it was told | change its configuration as the message says |
 * | `follower` | a follower threw | repair it: the others were told all the same |
 */
export type StoreErrorCode = 'away' | 'closed' | 'unsafe' | 'follower'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(`[${code}] ${message}`, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

export type OnStoreError = (error: StoreError) => void

/** What tells the operator. One that throws must not stop the store. */
export function storeReporter(onError: OnStoreError = toConsole('store')): OnStoreError {
  return (error) => {
    try {
      onError(error)
    } catch {
      // There is nobody left to tell.
    }
  }
}
