import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rateReport } from '../../src/server/forward/rate-report.ts'
import { sharedBudget } from '../../src/server/forward/shares.ts'
import type { RateReport } from '../../src/server/forward/rate-report.ts'
import type { Shares } from '../../src/server/forward/shares.ts'

const windowMs = 60_000

/** A provider with a fixed window, which counts for itself and says what it counted. */
function provider(limit: number) {
  const counts = new Map<number, number>()
  const call = (now: number): RateReport => {
    const window = Math.floor(now / windowMs)
    const used = (counts.get(window) ?? 0) + 1
    counts.set(window, used)
    const end = (window + 1) * windowMs
    return { limit, remaining: Math.max(0, limit - used), resetMs: end - now, stamp: end / 1000, slack: 0 }
  }
  return { counts, call }
}

/** One request of a user, answered at once; was he served? */
function ask(shares: Shares, user: string, now: number, call: (now: number) => RateReport | undefined): boolean {
  shares.wants(user, now)
  if (!shares.may(user, now)) return false
  shares.ended(shares.take(user), now, call(now))
  return true
}

describe('one budget for many', () => {
  test('never more than the limit; a modest user has what he wants from his second window on', () => {
    const plan = fc.record({
      limit: fc.integer({ min: 10, max: 120 }),
      greedy: fc.integer({ min: 1, max: 4 }),
      windows: fc.integer({ min: 2, max: 5 }),
      told: fc.boolean(),
      order: fc.infiniteStream(fc.nat({ max: 9 })),
    })
    fc.assert(
      fc.property(plan, ({ limit, greedy, windows, told, order }) => {
        const { counts, call } = provider(limit)
        const shares = sharedBudget(told ? undefined : { limit, perMs: windowMs })
        const wish = Math.max(1, Math.floor((limit - Math.floor(limit / 10)) / (greedy + 1)))
        let refused = 0
        for (let window = 0; window < windows; window++) {
          let left = wish
          let steps = 0
          const start = window * windowMs
          // Until the modest one has asked for all he wants, and the greedy ones far more than there is.
          while (left > 0 || steps < limit * 3) {
            const now = start + Math.min(steps++ * 10, windowMs - 1)
            const pick = order.next().value
            if (left > 0 && (pick === 0 || steps > limit * 3)) {
              left--
              const served = ask(shares, 'modest', now, (now) => (told ? call(now) : void call(now)))
              if (window > 0 && !served) refused++
            } else ask(shares, `greedy-${pick % greedy}`, now, (now) => (told ? call(now) : void call(now)))
          }
        }
        expect(refused).toBe(0)
        for (const count of counts.values()) expect(count).toBeLessThanOrEqual(limit)
      }),
      { numRuns: 300, seed: 7 },
    )
  })

  test('never more than the limit with calls in flight, whenever and in whichever order they are answered', () => {
    type Step = { user: number; answer: number; fails: boolean; ms: number }
    const step: fc.Arbitrary<Step> = fc.record({
      user: fc.nat(3),
      answer: fc.nat(9),
      fails: fc.boolean(),
      ms: fc.nat(2_000),
    })
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.array(step, { minLength: 50, maxLength: 300 }), (limit, steps) => {
        const { counts, call } = provider(limit)
        const shares = sharedBudget(undefined)
        ask(shares, 'first', 0, call)
        const flying: (() => void)[] = []
        let now = 0
        for (const { user, answer, fails, ms } of steps) {
          now += ms
          const name = `user-${user}`
          shares.wants(name, now)
          if (shares.may(name, now)) {
            const taken = shares.take(name)
            const report = call(now)
            const ends = now + report.resetMs
            flying.push(() => shares.ended(taken, now, fails ? undefined : { ...report, resetMs: Math.max(1_000, ends - now) }))
          }
          if (answer < flying.length) flying.splice(answer, 1)[0]?.()
        }
        for (const count of counts.values()) expect(count).toBeLessThanOrEqual(limit)
      }),
      { numRuns: 300, seed: 11 },
    )
  })

  test('alone, a user has all but a tenth; somebody new has that', () => {
    const shares = sharedBudget({ limit: 100 })
    let served = 0
    while (ask(shares, 'ann', 0, () => undefined)) served++
    expect(served).toBe(90)
    let late = 0
    while (ask(shares, 'bob', 1, () => undefined)) late++
    expect(late).toBe(10)
    expect(shares.view('bob', 1)).toEqual({ limit: 45, remaining: 0, resetMs: 59_999 })
    // In the next window both are known, and have the same.
    let bob = 0
    while (ask(shares, 'ann', 60_000, () => undefined)) served++
    while (ask(shares, 'bob', 60_000, () => undefined)) bob++
    expect(bob).toBeGreaterThanOrEqual(11)
  })

  test('nobody may before the end of a block', () => {
    const shares = sharedBudget({ limit: 100 })
    shares.block(5_000)
    expect(shares.may('ann', 4_999)).toBe(false)
    expect(shares.nextAt(4_000)).toBe(5_000)
    expect(shares.may('ann', 5_000)).toBe(true)
  })
})

describe('what X-RateLimit-* say', () => {
  const date = 'Thu, 25 Jan 2024 19:59:30 GMT'
  const headers = (reset: string, more: Record<string, string> = {}) =>
    new Headers({ 'x-ratelimit-limit': '1000', 'x-ratelimit-remaining': '999', 'x-ratelimit-reset': reset, ...more })

  test('an epoch is counted from the answer’s own date, whatever our clock says', () => {
    const at = Date.parse(date) / 1000
    expect(rateReport(headers(String(at + 30), { date }), 0)).toEqual({
      limit: 1000,
      remaining: 999,
      resetMs: 30_000,
      stamp: at + 30,
      slack: 0,
    })
  })

  test('a small number is seconds from now; one of the past is a second', () => {
    expect(rateReport(headers('12'), 3_000)).toMatchObject({ resetMs: 12_000, stamp: 15, slack: 1 })
    expect(rateReport(headers('1500000000', { date }), 0)).toMatchObject({ resetMs: 1_000 })
    expect(rateReport(headers('9999999999', { date }), 0)).toMatchObject({ resetMs: 86_400_000 })
  })

  test.each(['', '-1', '1.5', 'soon', '99999999999'])('%j is nothing', (value) => {
    expect(rateReport(headers('12', { 'x-ratelimit-remaining': value }), 0)).toBeUndefined()
    expect(rateReport(headers(value), 0)).toBeUndefined()
  })
})
