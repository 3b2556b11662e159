import { readFileSync } from 'node:fs'
import { parseSync } from 'vite'
import { walk } from '../source-files.ts'
import type { Node } from '../source-files.ts'

/** The titles of a file's tests as they are written: of `test.each`, the template. */
export function titlesIn(path: string): ReadonlySet<string> {
  const text = readFileSync(path, 'utf8')
  const titles = new Set<string>()
  walk(parseSync(path, text).program as unknown as Node, (node) => {
    if (node.type !== 'CallExpression' || !isTest(node['callee'] as Node)) return
    const [title] = node['arguments'] as Node[]
    if (title?.type === 'Literal' && typeof title['value'] === 'string') titles.add(title['value'])
    if (title?.type === 'TemplateLiteral') titles.add(text.slice(title.start + 1, Number(title['end']) - 1))
  })
  return titles
}

/** `test`, `test.each(…)`, `test.each<…>(…)` and ``test.each`…` ``; not `it.until(…)`, where `it` is something else. */
function isTest(callee: Node): boolean {
  if (callee.type === 'Identifier') return callee['name'] === 'test' || callee['name'] === 'it'
  const each = (callee.type === 'CallExpression' ? callee['callee'] : callee['tag']) as Node | undefined
  return each?.type === 'MemberExpression' && (each['property'] as Node)['name'] === 'each' && isTest(each['object'] as Node)
}
