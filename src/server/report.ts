import { MintError } from './mint-error.ts'

/**
 * Turns whatever was thrown into a `MintError`, and tells the operator of each one once: a verdict that a thousand callers
 * share is one line in the log. A `bad_request` is the caller's own and not told.
 */
export function reporter(onError: (error: MintError) => void = toConsole('token endpoint')): (thrown: unknown) => MintError {
  const told = new WeakSet<MintError>()
  return (thrown) => {
    const error = thrown instanceof MintError ? thrown : new MintError('unavailable', { message: 'the mint failed', cause: thrown })
    if (error.code === 'bad_request' || told.has(error)) return error
    told.add(error)
    try {
      onError(error)
    } catch {
      // A log that fails must not cost the page its answer.
    }
    return error
  }
}

/** Where no `onError` is given: without this a missing key would show nowhere but in the page, which is told no details. */
export const toConsole =
  (place: string) =>
  (error: Error): void =>
    // oxlint-disable-next-line no-console
    console.error(`heartwire: ${place}: ${error.message}`, ...(error.cause === undefined ? [] : [error.cause]))
