/** Explores every configuration, some events deeper than the tests do, and tells how far that went: `npm run explore`. */
import { configurations } from './configurations.ts'
import { explore } from './explore.ts'

/** Answers whether all was well. */
export function report(deeper: number, only: string | undefined, write: (line: string) => void): boolean {
  let well = true
  let states = 0
  let transitions = 0
  const cells = new Set<string>()
  for (const configuration of configurations) {
    if (only !== undefined && configuration.name !== only) continue
    const found = explore(configuration, configuration.depth + deeper)
    states += found.states
    transitions += found.transitions
    for (const cell of found.cells) cells.add(cell)
    const depth = found.complete ? 'everything' : `depth ${found.depth}`
    write(`${configuration.name}: ${found.states} states, ${found.transitions} transitions, ${depth}; heals in ${found.healMs / 1000} s`)
    for (const wrong of found.wrong) write(`  ${wrong}`)
    well &&= found.wrong.length === 0
  }
  write(`${states} states, ${transitions} transitions, ${cells.size} cells, ${well ? 'nothing wrong' : 'WRONG'}`)
  return well
}

/** What the tests reach: for each status, what can happen to it. */
export function tableOfCells(): Record<string, string[]> {
  const table: Record<string, string[]> = {}
  const cells = new Set(configurations.flatMap((configuration) => [...explore(configuration, configuration.depth).cells]))
  for (const cell of [...cells].sort()) {
    const [status, event] = cell.split(' × ') as [string, string]
    ;(table[status] ??= []).push(event)
  }
  return table
}
