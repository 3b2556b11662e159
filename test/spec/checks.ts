/** What is said of the shell's invariants, I1 to I19: in the checks of `test/shell`, and in the table of docs/reliability.md. */
import { readFileSync } from 'node:fs'
import { parseSync } from 'vite'
import { walk } from '../source-files.ts'
import type { Node } from '../source-files.ts'

/** The ids that stand as texts in a file (`'I4'`; not in its comments), each once. */
export function idsSaidIn(path: string): readonly string[] {
  const found = new Set<string>()
  walk(parseSync(path, readFileSync(path, 'utf8')).program as unknown as Node, ({ type, value }) => {
    if (type === 'Literal' && typeof value === 'string' && /^I\d+$/.test(value)) found.add(value)
  })
  return [...found]
}

/** The rows of the table, in their order. */
export const idsInTable = (page: string): readonly string[] => [...page.matchAll(/^\| (I\d+) \|/gm)].map(([, id = '']) => id)
