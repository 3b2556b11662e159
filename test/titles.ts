import { readFileSync } from 'node:fs'
import { parseSync } from 'vite'
import { walk } from './source-files.ts'
import type { Node } from './source-files.ts'

/**
 * The tests of a file by their full names, as they are written: `describe › test`; of `.each`, the template. In
 * `simulation/invariants.ts` the tests are the invariants, by their names.
 */
export function fullTitlesIn(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8')
  const titles: string[] = []
  const program = parseSync(path, text).program as unknown as Node
  if (path.endsWith('simulation/invariants.ts')) {
    walk(program, (node) => {
      const { id, init } = node as { id?: Node; init?: Node }
      if (node.type === 'VariableDeclarator' && id?.['name'] === 'invariants' && init)
        for (const property of init['properties'] as Node[]) titles.push((property['key'] as Node)['name'] as string)
    })
    return titles
  }
  const calls: { readonly title: string; readonly start: number; readonly end: number; readonly test: boolean }[] = []
  walk(program, (node) => {
    if (node.type !== 'CallExpression') return
    const kind = kindOf(node['callee'] as Node)
    const title = kind && titleOf((node['arguments'] as Node[])[0], text)
    if (title !== undefined) calls.push({ title, start: node.start, end: Number(node['end']), test: kind === 'test' })
  })
  for (const call of calls.filter(({ test }) => test)) {
    const around = calls.filter(({ test, start, end }) => !test && start < call.start && call.end < end)
    titles.push([...around.sort((a, b) => a.start - b.start), call].map(({ title }) => title).join(' › '))
  }
  return titles
}

/** The same without what is around them. */
export const titlesIn = (path: string): ReadonlySet<string> => new Set(fullTitlesIn(path).map((title) => title.split(' › ').at(-1)!))

function titleOf(node: Node | undefined, text: string): string | undefined {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  return node?.type === 'TemplateLiteral' ? text.slice(node.start + 1, Number(node['end']) - 1) : undefined
}

/** `test`, `describe.each(…)`, `test.each<…>(…)` and ``it.each`…` ``; not `it.until(…)`, where `it` is something else. */
function kindOf(callee: Node): 'test' | 'describe' | undefined {
  if (callee.type === 'Identifier') {
    if (callee['name'] === 'describe') return 'describe'
    return callee['name'] === 'test' || callee['name'] === 'it' ? 'test' : undefined
  }
  const each = (callee.type === 'CallExpression' ? callee['callee'] : callee['tag']) as Node | undefined
  return each?.type === 'MemberExpression' && (each['property'] as Node)['name'] === 'each' ? kindOf(each['object'] as Node) : undefined
}
