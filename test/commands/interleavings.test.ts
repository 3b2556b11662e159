/**
 * Connect, renew, close, rotate, pause and reset at once: every order of up to three of them with all that they set off; of one and
 * of two with a timer and a late answer among them. `npm run commands -- --orders` adds a timer to those of three, leases and tickets,
 * and all orders of four, with neither.
 */
import { describe, expect, test } from 'vitest'
import { interleave, sets, type Task } from './interleavings.ts'

let all = 0

const named = (size: number): [string, Task[]][] => sets(size).map((set) => [set.join(', '), set])

describe.each(['ticket', 'lease'] as const)('of a %s, with a timer and an answer that comes too late', (kind) => {
  test.each([...named(1), ...named(2)])('%s', { timeout: 60_000 }, async (_, together) => {
    for (const start of ['idle', 'connected'] as const) {
      const { wrong, orders } = await interleave(start, kind, together, { timers: 1, late: 1 })
      all += orders
      expect([wrong, orders > 0]).toEqual([[], true])
    }
  })
})

test.each(named(3))('of a lease: %s', { timeout: 60_000 }, async (_, together) => {
  for (const start of ['idle', 'connected'] as const) {
    const { wrong, orders } = await interleave(start, 'lease', together, { timers: 0, late: 0 })
    all += orders
    expect([wrong, orders >= 6]).toEqual([[], true])
  }
})

test('are more than 8,500 orders', () => {
  console.log(`Interleavings: ${all} orders of up to three tasks and all that they set off.`)
  expect(all).toBeGreaterThan(8_500)
})

test('no order is left out, and none comes twice', async () => {
  const { orders, moves } = await interleave('idle', 'lease', ['pause', 'close', 'reset'], { timers: 0, late: 0 })
  // Nothing follows from any of them while nobody is connected: 3! orders of three moves.
  expect([orders, moves]).toEqual([6, 18])
})
