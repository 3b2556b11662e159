import type { User } from './mint/mint.ts'

export interface RateLimit {
  /** Mints a minute for one user; so many may come at once. Default 60. Without `authorize` there are no users to count. */
  readonly perMinute?: number
  /** Requests a minute from one address, counted before the body is read. Default 600; counts only where `address` is given. */
  readonly perMinuteAndAddress?: number
  /** Whom a request comes from. A header like `x-forwarded-for` is worth what the proxy in front of you is worth. Default: unknown. */
  readonly address?: (request: Request) => string | undefined
}

/** Each answers 0, or the seconds to wait. */
export interface RateLimits {
  address(request: Request): number
  mint(user: User | undefined): number
  /** Counted apart, so that somebody who has used up his mints can still end what he pays for. */
  release(user: User | undefined): number
}

/** @throws TypeError for a number that lets nobody in */
export function rateLimits(limit: RateLimit | false = {}, now: () => number = () => performance.now()): RateLimits {
  if (limit === false) return { address: () => 0, mint: () => 0, release: () => 0 }
  const { perMinute = 60, perMinuteAndAddress = 600, address } = limit
  const [mints, releases, addresses] = [tokenBucket(perMinute, now), tokenBucket(perMinute, now), tokenBucket(perMinuteAndAddress, now)]
  const take = (bucket: Bucket, key: string | undefined): number => (key === undefined ? 0 : bucket.take(key))
  return {
    address: (request) => take(addresses, address?.(request)),
    mint: (user) => take(mints, user?.id),
    release: (user) => take(releases, user?.id),
  }
}

export interface Bucket {
  /** Takes one; returns 0, or the seconds until there is one again. */
  take(key: string): number
}

/** Buckets in memory, for this process only. At most `maxKeys` are kept; the one not used for longest is forgotten. */
export function tokenBucket(perMinute: number, now: () => number, maxKeys = 10_000): Bucket {
  if (!(perMinute >= 1)) throw new TypeError('limit: the number a minute must be 1 or more')
  const buckets = new Map<string, { left: number; at: number }>()
  const perMs = perMinute / 60_000
  return {
    take(key) {
      const at = now()
      const old = buckets.get(key)
      // A wall clock that was set back must not take anything away.
      const left = old === undefined ? perMinute : Math.min(perMinute, old.left + Math.max(0, at - old.at) * perMs)
      const enough = left >= 1
      buckets.delete(key)
      buckets.set(key, { left: enough ? left - 1 : left, at })
      if (buckets.size > maxKeys) forgetEldest(buckets)
      return enough ? 0 : Math.ceil((1 - left) / perMs / 1000)
    },
  }
}

/** A `Map` keeps the order of insertion, and each use inserts anew. */
function forgetEldest(buckets: Map<string, unknown>): void {
  const eldest = buckets.keys().next()
  if (!eldest.done) buckets.delete(eldest.value)
}
