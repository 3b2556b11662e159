/** One call that several callers wait for. */
interface Flight<T> {
  readonly result: Promise<T>
  readonly startedAt: number
  readonly controller: AbortController
  waiting: number
}

export interface Flights<T> {
  /**
   * The result of the call in flight under `key`, else of a new one. `ageMs` tells how long the call had been under way when
   * this caller came: so much of what it brings may be used up. The call is aborted when nobody waits for it any more.
   *
   * @throws what the call throws; the signal's reason.
   */
  join(key: string, start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<{ readonly value: T; readonly ageMs: number }>
}

/** Coalesces calls with the same key. Nothing is kept after the call: the next one is a new one. */
export function flights<T>(now: () => number = () => performance.now()): Flights<T> {
  const inFlight = new Map<string, Flight<T>>()

  const launch = (key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const controller = new AbortController()
    const flight: Flight<T> = { result: start(controller.signal), startedAt: now(), controller, waiting: 0 }
    const land = (): void => {
      if (inFlight.get(key) === flight) inFlight.delete(key)
    }
    flight.result.then(land, land)
    inFlight.set(key, flight)
    return flight
  }

  return {
    async join(key, start, signal) {
      signal.throwIfAborted()
      const known = inFlight.get(key)
      const flight = known ?? launch(key, start)
      const ageMs = known === undefined ? 0 : Math.max(0, now() - known.startedAt)
      flight.waiting++
      let leave: () => void = () => {}
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(signal.reason as Error)
        signal.addEventListener('abort', leave, { once: true })
      })
      try {
        return { value: await Promise.race([flight.result, left]), ageMs }
      } finally {
        signal.removeEventListener('abort', leave)
        // Only a call that is still under way: on Workers another request's controller must not be touched without need.
        if (--flight.waiting === 0 && inFlight.get(key) === flight) {
          // Gone at once, so that whoever comes now does not join a call that is being given up.
          inFlight.delete(key)
          flight.controller.abort(signal.reason)
        }
      }
    },
  }
}
