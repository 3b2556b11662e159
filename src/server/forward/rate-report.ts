/** What an answer's `X-RateLimit-*` say. */
export interface RateReport {
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
  /** Names the window: a later one has a greater number. */
  readonly stamp: number
  /** Two stamps of one window may differ by this much. */
  readonly slack: number
}

const names = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'] as const
const dayMs = 86_400_000

/**
 * Reads them; `undefined` unless all three are whole numbers. A great `Reset` is epoch seconds, and is compared with the
 * answer's own `Date`, so that our clock does not matter; a small one is seconds from now. One in the past, or further than
 * a day, is brought between a second and a day.
 *
 * @param now milliseconds by a clock that does not go back
 */
export function rateReport(headers: Headers, now: number): RateReport | undefined {
  const [limit, remaining, reset] = names.map((name) => {
    const text = headers.get(name)?.trim() ?? ''
    return /^\d{1,10}$/.test(text) ? Number(text) : undefined
  })
  if (limit === undefined || remaining === undefined || reset === undefined || limit < 1) return undefined
  const absolute = reset > 1_000_000_000
  const date = Date.parse(headers.get('date') ?? '')
  const ms = reset * 1000 - (absolute ? (Number.isNaN(date) ? Date.now() : date) : 0)
  const resetMs = Math.min(Math.max(ms, 1_000), dayMs)
  return {
    limit,
    remaining: Math.min(remaining, limit),
    resetMs,
    stamp: absolute ? reset : Math.round(now / 1000) + reset,
    slack: absolute ? 0 : 1,
  }
}

/** The key's own numbers, as the provider said them, under names that no page takes for its own. */
export function upstreamRateHeaders(headers: Headers): Record<string, string> {
  const found = names.flatMap((name) => {
    const text = headers.get(name)?.trim() ?? ''
    return /^\d{1,10}$/.test(text) ? [[name.replace('x-', 'x-upstream-'), text] as const] : []
  })
  return Object.fromEntries(found)
}
