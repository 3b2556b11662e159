/** What a thread of `npm run explore` does: one configuration, some events deeper than the tests go; and how that is told. */
import { simulateMany } from '../simulation/many.ts'
import { configurations } from './configurations.ts'
import { explore, type Explored } from './explore.ts'
import { table } from './table.ts'

export interface Report extends Explored {
  readonly name: string
}

export function run(name: string, deeper: number, statesAtMost: number): Report {
  const configuration = configurations.find((each) => each.name === name)!
  return { name, ...explore(configuration, configuration.depth + deeper, { statesAtMost }) }
}

/** Those that take longest first, so that no thread is left with one of them at the end. */
export const names = (): string[] => [...configurations].sort((one, other) => other.links.length - one.links.length).map(({ name }) => name)

export function told({ name, states, transitions, depth, complete, cut, healMs, wrong }: Report): string[] {
  const reached = complete ? 'everything' : `depth ${depth}${cut ? ', and not all of the next: no more states were allowed' : ''}`
  const figures = `${name}: ${states} states, ${transitions} transitions, ${reached}; heals in ${healMs / 1000} s`
  return [figures, ...wrong.map((each) => `  ${each}`)]
}

const cellsOf = (reports: readonly Report[]): string[] => [...new Set(reports.flatMap(({ cells }) => [...cells]))]

/** Cells that `cells.json` does not have. */
export const unknownOf = (reports: readonly Report[]): string[] => cellsOf(reports).filter((cell) => !table.includes(cell))

export function toldOfAll(reports: readonly Report[]): string[] {
  const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0)
  const unknown = unknownOf(reports)
  const well = reports.every(({ wrong }) => wrong.length === 0)
  return [
    `${sum(({ states }) => states)} states, ${sum(({ transitions }) => transitions)} transitions, ${cellsOf(reports).length} cells, ${well ? 'nothing wrong' : 'WRONG'}`,
    ...(unknown.length > 0 ? [`not in cells.json: ${unknown.join(', ')}`] : []),
  ]
}

/** For each status, what can happen to it: all that was explored, and what the simulation of the tests met. */
export function tableOf(reports: readonly Report[]): Record<string, string[]> {
  const cells = new Set([...reports.flatMap((report) => [...report.cells]), ...simulateMany(2000, 200).cells.keys()])
  const made: Record<string, string[]> = {}
  for (const cell of [...cells].sort()) {
    const [status, event] = cell.split(' × ') as [string, string]
    ;(made[status] ??= []).push(event)
  }
  return made
}
