import { describe, expect, test } from 'vitest'
import {
  answerMs,
  beatOf,
  bucketAt,
  dialDelay,
  failureDelay,
  grantOf,
  paceOf,
  probeDelay,
  refillMs,
  refilled,
  taken,
  verdictOf,
} from '../../src/core/policy.ts'
import { leaseTraits, minute, second, T, ticketTraits } from './states.ts'

const nearlyOne = 1 - 2 ** -32

test.each([
  [60_000, 10_000],
  [10_000, 10_000],
  [2_500, 2_500],
  [Infinity, 10_000],
])('a request in a beat of %d ms has %d ms', (beat, deadline) => {
  expect(answerMs(beat)).toBe(deadline)
})

describe('the bucket', () => {
  test.each([
    [60_000, 5_000],
    [10_000, 5_000],
    [2_500, 1_250],
    [Infinity, 5_000],
  ])('with a beat of %d ms refills one in %d ms', (beat, refill) => {
    expect(refillMs(beat)).toBe(refill)
  })

  test('gives three at once and then waits', () => {
    let bucket = { left: 3, at: 0 }
    for (const left of [2, 1, 0]) {
      expect(bucketAt(bucket, minute)).toBeLessThanOrEqual(T)
      bucket = taken(bucket, minute, T)
      expect(bucket).toEqual({ left, at: T })
    }
    expect(bucketAt(bucket, minute)).toBe(T + 5 * second)
  })

  test.each([
    [{ left: 0.5, at: T }, T + 2.5 * second],
    [{ left: 0.999, at: T }, T + 5],
    [{ left: 1, at: T }, T],
  ])('%j holds a whole one at %d', (bucket, at) => {
    expect(bucketAt(bucket, minute)).toBeCloseTo(at, 6)
  })

  test('never holds more than three', () => {
    expect(refilled({ left: 1, at: T }, minute, T + 60 * minute)).toEqual({ left: 3, at: T + 60 * minute })
    expect(refilled({ left: 1, at: T }, minute, T + 5 * second)).toEqual({ left: 2, at: T + 5 * second })
    expect(taken({ left: 0, at: T }, minute, T + 60 * minute)).toEqual({ left: 2, at: T + 60 * minute })
  })

  test('is never in debt, whatever rounding does', () => {
    expect(taken({ left: 0.9999999999, at: T }, minute, T).left).toBe(0)
  })
})

describe('after failures', () => {
  test.each([
    [0, 5_000],
    [1, 10_000],
    [2, 20_000],
    [3, 40_000],
    [4, 60_000],
    [100, 60_000],
  ])('number %d waits %d ms, minus up to a tenth', (tries, ms) => {
    expect(failureDelay(tries, minute, 0)).toBe(ms)
    expect(failureDelay(tries, minute, 0.5)).toBeCloseTo(ms * 0.95, 6)
    expect(failureDelay(tries, minute, nearlyOne)).toBeGreaterThan(ms * 0.9)
  })

  test.each([
    [0, 1_000],
    [1, 2_000],
    [2, 2_000],
    [9, 2_000],
  ])('number %d waits %d ms in a beat of 2 s', (tries, ms) => {
    expect(failureDelay(tries, 2_000, 0)).toBe(ms)
  })

  test('waits a minute at most where there is no beat', () => {
    expect(failureDelay(50, Infinity, 0)).toBe(minute)
  })
})

test.each([
  [0, 30_000],
  [1, 60_000],
  [2, 120_000],
  [3, 240_000],
  [4, 480_000],
  [5, 480_000],
  [1000, 480_000],
])('the probe after refusal number %d comes in %d ms, minus up to a fifth', (tries, ms) => {
  const { probe } = ticketTraits()
  expect(probeDelay(tries, probe, 0)).toBe(ms)
  expect(probeDelay(tries, probe, 0.5)).toBeCloseTo(ms * 0.9, 6)
  expect(probeDelay(tries, probe, nearlyOne)).toBeGreaterThan(ms * 0.8)
})

test('a probe is what the preset says', () => {
  expect([0, 1, 2].map((tries) => probeDelay(tries, { firstMs: 2_000, capMs: 3_000 }, 0))).toEqual([2_000, 3_000, 3_000])
})

describe('a dial waits anywhere up to its window', () => {
  test.each([
    [1, false, 1_000],
    [2, false, 2_000],
    [5, false, 16_000],
    [6, false, 30_000],
    [500, false, 30_000],
    [1, true, 5_000],
    [2, true, 10_000],
    [4, true, 30_000],
  ])('attempt %d (restart: %s) up to %d ms', (attempt, restart, ms) => {
    expect(dialDelay(attempt, restart, 0)).toBe(0)
    expect(dialDelay(attempt, restart, 0.5)).toBe(ms / 2)
    expect(dialDelay(attempt, restart, nearlyOne)).toBeLessThan(ms)
  })
})

describe('the beat', () => {
  test.each([
    ['of a ticket is half its life', ticketTraits(), 30 * minute, 15 * minute],
    ['of a short ticket is half its life', ticketTraits(), 5 * second, 2.5 * second],
    ['of a ticket whose preset says so is that', ticketTraits({ intervalMs: minute }), 30 * minute, minute],
    ['of a ticket knows no grace', ticketTraits({ graceMs: 20 * second }), 30 * minute, 15 * minute],
    ['of a ticket without end never comes', ticketTraits(), Infinity, Infinity],
    ['of a lease is the interval', leaseTraits(), 60 * minute, minute],
    ['of a short lease is half its life', leaseTraits(), minute, 30 * second],
    ['of a lease with little grace is half the grace', leaseTraits({ graceMs: 20 * second }), 60 * minute, 10 * second],
  ])('%s', (_name, traits, lifetimeMs, beat) => {
    expect(beatOf(traits, lifetimeMs)).toBe(beat)
  })

  test('paces bucket and backoff by a second at least', () => {
    expect([0, 500, 1_000, 1_500, Infinity].map(paceOf)).toEqual([1_000, 1_000, 1_000, 1_500, Infinity])
  })
})

describe('a grant', () => {
  const mint = { flight: 9, startedAt: T, lifetimeMs: 20 * minute, connectByMs: null }

  test('counts its times from the start of the request', () => {
    expect(grantOf(ticketTraits(), mint, T + second, 0)).toEqual({
      gen: 9,
      renewAt: T + 10 * minute,
      dialBefore: T + 15 * minute,
      spent: false,
    })
  })

  test('is renewed up to a tenth early', () => {
    expect(grantOf(ticketTraits(), mint, T, 1).renewAt).toBe(T + 9 * minute)
    expect(grantOf(leaseTraits(), mint, T, 0.5).renewAt).toBe(T + 57 * second)
  })

  test('is never renewed sooner than half a beat from now', () => {
    expect(grantOf(ticketTraits(), { ...mint, lifetimeMs: 20 * second }, T + 9 * second, 0).renewAt).toBe(T + 14 * second)
  })

  test.each([
    ['a ticket keeps a quarter of its life for the handshake', ticketTraits(), null, T + 15 * minute],
    ['a ticket keeps a quarter of its connect-by', ticketTraits(), 30 * second, T + 22.5 * second],
    ['a connect-by longer than the life is the life', ticketTraits(), 60 * minute, T + 15 * minute],
    ['a lease may be dialled with as long as it is held', leaseTraits(), null, Infinity],
    ['a lease keeps a quarter of its connect-by', leaseTraits(), 30 * second, T + 22.5 * second],
  ])('%s', (_name, traits, connectByMs, dialBefore) => {
    expect(grantOf(traits, { ...mint, connectByMs }, T, 0).dialBefore).toBe(dialBefore)
  })

  test.each([
    ['minted at the dial', ticketTraits({ atDial: true })],
    ['of a lease without a heartbeat', leaseTraits({ intervalMs: null })],
  ])('%s is not kept fresh', (_name, traits) => {
    expect(grantOf(traits, mint, T, 0.5).renewAt).toBe(Infinity)
  })

  test('without end never needs renewing, and may always be dialled with', () => {
    expect(grantOf(ticketTraits(), { ...mint, lifetimeMs: Infinity }, T, 0.5)).toMatchObject({ renewAt: Infinity, dialBefore: Infinity })
  })
})

test.each([
  [4400, 'retry'],
  [4401, 'reauthorise'],
  [4405, 'reauthorise'],
  [4409, 'reauthorise'],
  [4410, 'retry'],
  [4450, 'stop'],
  [1000, 'retry'],
  [1006, 'retry'],
  [4999, 'retry'],
])('close code %d means %s', (code, verdict) => {
  const codes = [
    { from: 4401, to: 4409, then: 'reauthorise' },
    { from: 4450, to: 4450, then: 'stop' },
    { from: 4401, to: 4500, then: 'retry' },
  ] as const
  expect(verdictOf(codes, code)).toBe(verdict)
})
