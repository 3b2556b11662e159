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
  readonly cpuSeconds: number
}

/** Seeds from `first` on, each `stride`-th, until enough hours count, or as long as `goesOn` says. */
export async function batch(
  first: number,
  stride: number,
  hours: number,
  drawn: Drawn = {},
  goesOn: (batch: Batch) => boolean = () => true,
): Promise<Batch> {
  const asItWas = lighten()
  const census = new Census()
  const failures: Failure[] = []
  const started = process.cpuUsage()
  let seeds = 0
  const state = (): Batch => {
    const { user, system } = process.cpuUsage(started)
    return { census, failures, seeds, cpuSeconds: (user + system) / 1e6 }
  }
  try {
    for (let seed = first; census.countedHours < hours && failures.length < 20 && goesOn(state()); seed += stride) {
      const { violation } = await play(sceneOf(seed, drawn), census)
      if (violation) failures.push({ seed, ...violation })
      seeds++
    }
  } finally {
    asItWas()
  }
  return state()
}
