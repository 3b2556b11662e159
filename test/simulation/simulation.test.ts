/**
 * 2,000 seeds × 200 steps, and 500 more that are curious, each checked against every invariant, and then a healed world.
 * `HEARTWIRE_SEEDS` and `HEARTWIRE_STEPS` make it longer; `npm run simulate -- --seed N` replays one seed, step by step.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { table as cells } from '../exploration/table.ts'
import { edges } from './edges.ts'
import { simulateMany, type Many } from './many.ts'
import { Fingerprint } from './random.ts'
import { simulate } from './simulate.ts'

const seeds = Number(process.env['HEARTWIRE_SEEDS'] ?? 2000)
const steps = Number(process.env['HEARTWIRE_STEPS'] ?? 200)
/** A shorter run than the normal one need not reach everything. */
const whole = seeds >= 2000 && steps >= 200

describe('the simulation', () => {
  let seen: Many
  const table = Object.entries(edges).flatMap(([from, all]) => all.map((to) => `${from} → ${to}`))
  beforeAll(() => void (seen = simulateMany(seeds, steps)), 600_000)

  test(`holds every invariant over ${seeds} seeds × ${steps} steps, and heals`, () => {
    expect(seen.failures.slice(0, 10)).toEqual([])
  })

  test('reaches no move of a status that the table of edges does not know', () => {
    expect([...seen.edges.keys()].filter((edge) => !table.includes(edge))).toEqual([])
  })

  test('reaches every edge of the table 50 times or more', () => {
    if (!whole) return
    expect(table.filter((edge) => (seen.edges.get(edge) ?? 0) < 50).map((edge) => `${edge}: ${seen.edges.get(edge) ?? 0}`)).toEqual([])
  })

  test('hits every cell of status × event that can be reached, and no other (`npm run explore -- --cells` writes them anew)', () => {
    if (!whole) return
    const rarest = Math.min(...cells.map((cell) => seen.cells.get(cell) ?? 0))
    const hit = cells.filter((cell) => seen.cells.has(cell)).length
    console.log(`Simulation: ${hit} of ${cells.length} cells of status × event hit, the rarest ${rarest} times.`)
    expect([...seen.cells.keys()].sort()).toEqual([...cells].sort())
  })

  test('gives the same trace for the same seed, and another for another', () => {
    const traceOf = (seed: number): string => {
      const trace = new Fingerprint()
      simulate(seed, steps, { step, wants, statusOf }, { log: (line) => trace.add(line) })
      return String(trace)
    }
    const traces = [1, 2, 3, 4, 5].map(traceOf)
    expect([1, 2, 3, 4, 5].map(traceOf)).toEqual(traces)
    expect(new Set(traces).size).toBe(traces.length)
  })
})
