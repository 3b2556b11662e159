/** The seeds that the tests play: as the world is, and some more that are curious. Together they hit everything there is to hit. */
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { simulate } from './simulate.ts'

export interface Many {
  /** With the commands that replay them. */
  readonly failures: readonly string[]
  /** How often each move of a status was made, as the world is; curious seeds do not count. */
  readonly edges: ReadonlyMap<string, number>
  readonly cells: ReadonlyMap<string, number>
}

export function simulateMany(seeds: number, steps: number): Many {
  const failures: string[] = []
  const edges = new Map<string, number>()
  const cells = new Map<string, number>()
  const play = (seed: number, curious: boolean): void => {
    const outcome = simulate(seed, steps, { step, wants, statusOf }, { curious })
    const command = `npm run simulate -- --seed ${seed} --steps ${steps}${curious ? ' --curious' : ''}`
    if (outcome.violation !== null) failures.push(`${command}: ${outcome.violation}`)
    if (!curious) add(outcome.edges, edges)
    add(outcome.cells, cells)
  }
  for (let seed = 1; seed <= seeds; seed++) play(seed, false)
  for (let seed = 1; seed <= seeds / 4; seed++) play(seed, true)
  return { failures, edges, cells }
}

function add(counts: ReadonlyMap<string, number>, to: Map<string, number>): void {
  for (const [name, count] of counts) to.set(name, (to.get(name) ?? 0) + count)
}
