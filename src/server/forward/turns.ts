import { MintError } from '../mint-error.ts'
import { rateReport } from './rate-report.ts'
import { sharedBudget } from './shares.ts'
import type { Budget, ShareView } from './shares.ts'

export interface TurnsOptions {
  readonly budget?: Budget | undefined
  /** How long somebody may wait for the next window, in ms. Default 2 000. */
  readonly maxWaitMs?: number | undefined
  /** Milliseconds by a clock that does not go back. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
}

/** What a call brought. */
export interface Outcome {
  readonly status: number
  readonly headers: Headers
  /** Seconds. */
  readonly retryAfter: number | undefined
}

/** The right to make one call. */
export interface Turn {
  /** Just before the call: false when it may not be made after all; then `leave`, and ask for another turn. */
  begin(): boolean
  /** After the call; without an outcome where there was only silence. */
  end(outcome: Outcome | undefined): void
  /** In any case, at last: a turn that was never begun goes to somebody else. */
  leave(): void
}

export interface Turns {
  /** @throws MintError `quota` with `retryAfter`; the signal's reason. */
  enter(user: string, signal: AbortSignal): Promise<Turn>
  view(user: string): ShareView | undefined
}

interface Waiting {
  readonly until: number
  readonly go: (call: number) => void
  readonly refuse: (error: Error) => void
}

/** How long nobody calls after a 429 that does not say, in ms. */
const unsaidMs = 5_000
const mostWaiting = 200
const mostWaitingEach = 10

/** Gives out one key's budget. Who cannot be served waits if the next window is near, each user in turn; else is refused. */
export function fairTurns(options: TurnsOptions = {}): Turns {
  const { budget, maxWaitMs = 2_000, now = () => performance.now() } = options
  const shares = sharedBudget(budget)
  /** By user; the order is whose turn it is. */
  const queues = new Map<string, Waiting[]>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const retryAfter = (): number => Math.max(1, Math.ceil((shares.nextAt(now()) - now()) / 1000))
  const refusal = (): MintError => new MintError('quota', { retryAfter: retryAfter(), message: "the key's budget is shared out for now" })

  const remove = (user: string, waiting: Waiting): void => {
    const left = (queues.get(user) ?? []).filter((one) => one !== waiting)
    queues.delete(user)
    // At the end: the others come first.
    if (left.length > 0) queues.set(user, left)
  }

  const serve = (): void => {
    for (let served = true; served;) {
      served = false
      for (const [user, [first]] of [...queues]) {
        if (first === undefined || !shares.may(user, now())) continue
        remove(user, first)
        first.go(shares.take(user))
        served = true
      }
    }
    const wakeAt = shares.nextAt(now())
    for (const [user, all] of [...queues]) {
      for (const waiting of all) {
        if (wakeAt <= waiting.until && wakeAt > now()) continue
        remove(user, waiting)
        waiting.refuse(refusal())
      }
    }
    clearTimeout(timer)
    timer = queues.size === 0 ? undefined : setTimeout(serve, Math.ceil(wakeAt - now()))
  }

  const wait = (user: string, signal: AbortSignal): Promise<number> =>
    new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        signal.removeEventListener('abort', leave)
        settle()
      }
      const waiting: Waiting = {
        until: now() + maxWaitMs,
        go: (call) => done(() => resolve(call)),
        refuse: (error) => done(() => reject(error)),
      }
      const leave = (): void => {
        remove(user, waiting)
        waiting.refuse(signal.reason as Error)
        serve()
      }
      signal.addEventListener('abort', leave, { once: true })
      queues.set(user, [...(queues.get(user) ?? []), waiting])
      serve()
    })

  const waitingCount = (): number => [...queues.values()].reduce((sum, { length }) => sum + length, 0)

  /** @param given the number of a call that is taken already; `undefined` while nothing is known of the budget */
  const turnOf = (user: string, given: number | undefined): Turn => {
    let call = given
    let state: 'held' | 'begun' | 'over' = 'held'
    return {
      begin() {
        if (call === undefined) {
          // Now something may be known.
          if (!shares.may(user, now())) return false
          shares.wants(user, now())
          call = shares.take(user)
        }
        state = 'begun'
        return true
      },
      end(outcome) {
        if (call === undefined || state !== 'begun') return
        state = 'over'
        shares.ended(call, now(), outcome && rateReport(outcome.headers, now()))
        if (outcome?.status === 429) {
          const windowMs = shares.nextAt(now()) - now()
          const ms = outcome.retryAfter === undefined ? Math.max(1_000, Math.min(windowMs || unsaidMs, 60_000)) : outcome.retryAfter * 1000
          shares.block(now() + ms)
        }
        serve()
      },
      leave() {
        if (state !== 'held' || call === undefined) return
        state = 'over'
        shares.giveBack(user)
        serve()
      },
    }
  }

  return {
    async enter(user, signal) {
      signal.throwIfAborted()
      if (!shares.known() && shares.may(user, now())) return turnOf(user, undefined)
      shares.wants(user, now())
      // Who comes now does not overtake his own that wait.
      if (!queues.has(user) && shares.may(user, now())) return turnOf(user, shares.take(user))
      const near = shares.nextAt(now()) - now() <= maxWaitMs
      if (!near || waitingCount() >= mostWaiting || (queues.get(user)?.length ?? 0) >= mostWaitingEach) throw refusal()
      return turnOf(user, await wait(user, signal))
    },
    view: (user) => shares.view(user, now()),
  }
}
