import { RateLimiterRes } from 'rate-limiter-flexible'
import type { RateLimiterAbstract } from 'rate-limiter-flexible'
import type { Limit } from './store.ts'

interface LimiterOptions {
  /** In front of each key. */
  readonly keyPrefix: string
  readonly points: number
  /** Whole seconds: what expires in Redis is counted so. */
  readonly duration: number
}

/** `Store.take` by limiters that `make` makes, one for each limit. Counts in windows that begin with a key's first use. */
export function limiters(make: (options: LimiterOptions) => RateLimiterAbstract): (limit: Limit, key: string) => Promise<number> {
  const made = new Map<string, RateLimiterAbstract>()

  const limiterOf = ({ name, points, perMs }: Limit): RateLimiterAbstract => {
    const duration = Math.max(1, Math.ceil(perMs / 1000))
    const id = JSON.stringify([name, points, duration])
    // A colon parts name and key, so none may be in the name.
    const limiter = made.get(id) ?? make({ keyPrefix: encodeURIComponent(name), points, duration })
    made.set(id, limiter)
    return limiter
  }

  return async (limit, key) => {
    try {
      await limiterOf(limit).consume(key)
      return 0
    } catch (error) {
      if (error instanceof RateLimiterRes) return Math.max(1, Math.ceil(error.msBeforeNext))
      throw error
    }
  }
}
