/** What a thread of `npm run commands` does: a batch of random applications, or every order of one set of tasks. */
import { interleave, sets, type Interleaved, type Start, type Task } from './interleavings.ts'
import { tryCommands, type Tried } from './property.ts'

export type Job = readonly ['commands', number, number] | readonly ['orders', Start, 'ticket' | 'lease', readonly Task[]]

export function run(...job: Job): Promise<Tried | Interleaved> {
  if (job[0] === 'commands') return tryCommands(job[1], job[2])
  const [, start, kind, set] = job
  return interleave(start, kind, set, { timers: set.length < 4 ? 1 : 0, late: set.length < 3 ? 1 : 0 })
}

/** All sets of up to four tasks, from idle and from connected, with a ticket and with a lease. */
export const orders = (): Job[] =>
  [1, 2, 3, 4]
    .flatMap((size) => sets(size))
    .flatMap((set) =>
      (['idle', 'connected'] as const).flatMap((start) => (['ticket', 'lease'] as const).map((kind): Job => ['orders', start, kind, set])),
    )
