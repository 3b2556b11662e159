/** The simulation as a mutant meets it (`stryker.config.mjs`): it ends with the first seed that finds something. */
import { expect, test } from 'vitest'
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { edges } from '../../test/simulation/edges.ts'
import { simulate } from '../../test/simulation/simulate.ts'

const seeds = Number(process.env['HEARTWIRE_SEEDS'] ?? 200)
const table = Object.entries(edges).flatMap(([from, all]) => all.map((to) => `${from} → ${to}`))

test('the simulation holds every invariant and makes no unknown move', { timeout: 600_000 }, () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = simulate(seed, 200, { step, wants, statusOf })
    expect(outcome.violation).toBeNull()
    for (const edge of outcome.edges.keys()) expect(table).toContain(edge)
  }
})
