/**
 * 2,000 seeds × 200 steps, each checked against every invariant, and then a healed world. `HEARTWIRE_SEEDS` and
 * `HEARTWIRE_STEPS` make it longer; `npm run simulate -- --seed N` replays one seed, step by step.
 */
import { describe, expect, test } from 'vitest'
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { edges } from './edges.ts'
import { simulate } from './simulate.ts'

const core = { step, wants, statusOf }
const seeds = Number(process.env['HEARTWIRE_SEEDS'] ?? 2000)
const steps = Number(process.env['HEARTWIRE_STEPS'] ?? 200)

describe('the simulation', () => {
  const seen = new Map<string, number>()
  const table = Object.entries(edges).flatMap(([from, all]) => all.map((to) => `${from} → ${to}`))

  test(`holds every invariant over ${seeds} seeds × ${steps} steps, and heals`, { timeout: 600_000 }, () => {
    const failures: string[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      const outcome = simulate(seed, steps, core)
      if (outcome.violation !== null) failures.push(`npm run simulate -- --seed ${seed} --steps ${steps}: ${outcome.violation}`)
      for (const [edge, count] of outcome.edges) seen.set(edge, (seen.get(edge) ?? 0) + count)
    }
    expect(failures.slice(0, 10)).toEqual([])
  })

  test('reaches no move of a status that the table of edges does not know', () => {
    expect([...seen.keys()].filter((edge) => !table.includes(edge))).toEqual([])
  })

  test('reaches every edge of the table 50 times or more', () => {
    // A shorter run than the normal one need not.
    if (seeds < 2000 || steps < 200) return
    expect(table.filter((edge) => (seen.get(edge) ?? 0) < 50).map((edge) => `${edge}: ${seen.get(edge) ?? 0}`)).toEqual([])
  })

  test('gives the same trace for the same seed, and another for another', () => {
    const hashes = [1, 2, 3, 4, 5].map((seed) => simulate(seed, steps, core).hash)
    expect([1, 2, 3, 4, 5].map((seed) => simulate(seed, steps, core).hash)).toEqual(hashes)
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})
