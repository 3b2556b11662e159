/** Many seeds, one after another, in one thread. */
import { Census } from './census.ts'
import { lighten } from './light.ts'
import { play, sceneOf, type Drawn } from './run.ts'

export interface Failure {
  readonly seed: number
  readonly invariant: string
  readonly what: string
  readonly atMs: number
}

export interface Batch {
  readonly census: Census
  readonly failures: readonly Failure[]
  readonly seeds: number
}

/** Seeds from `first` on, one after another, until enough hours count, or as long as `goesOn` says. */
export async function batch(
  first: number,
  hours: number,
  drawn: Drawn = {},
  goesOn: (batch: Batch) => boolean = () => true,
): Promise<Batch> {
  const asItWas = lighten()
  const census = new Census()
  const failures: Failure[] = []
  let seeds = 0
  const state = (): Batch => ({ census, failures, seeds })
  try {
    for (let seed = first; census.countedHours < hours && failures.length < 20 && goesOn(state()); seed++) {
      const { violation } = await play(sceneOf(seed, drawn), census)
      if (violation) failures.push({ seed, ...violation })
      seeds++
    }
  } finally {
    asItWas()
  }
  return state()
}
