/**
 * Connect, renew, close, rotate, pause and reset at once: every order of up to three of them with all that they set off. All orders
 * of four, and of three with timers and late answers among them: `npm run commands -- --orders`.
 */
import { describe, expect, test } from 'vitest'
import { interleave, sets, type Task } from './interleavings.ts'

const named = (size: number): [string, Task[]][] => sets(size).map((set) => [set.join(', '), set])

describe.each(['ticket', 'lease'] as const)('of a %s, with a timer and an answer that comes too late', (kind) => {
  test.each([...named(1), ...named(2)])('%s', { timeout: 60_000 }, async (_, together) => {
    for (const start of ['idle', 'connected'] as const) {
      const { wrong, orders } = await interleave(start, kind, together, { timers: 1, late: 1 })
      expect([wrong, orders > 0]).toEqual([[], true])
    }
  })
})

test.each(named(3))('of a lease: %s', { timeout: 60_000 }, async (_, together) => {
  for (const start of ['idle', 'connected'] as const) {
    const { wrong, orders } = await interleave(start, 'lease', together, { timers: 0, late: 0 })
    expect([wrong, orders >= 6]).toEqual([[], true])
  }
})

test('no order is left out, and none comes twice', async () => {
  const { orders, moves } = await interleave('idle', 'lease', ['pause', 'close', 'reset'], { timers: 0, late: 0 })
  // Nothing follows from any of them while nobody is connected: 3! orders of three moves.
  expect([orders, moves]).toEqual([6, 18])
})
