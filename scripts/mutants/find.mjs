/**
 * Where code can be broken in one place: each `site` is an expression or statement that runs, with the changes that a
 * test should notice. Works on the syntax tree, so that comments, types and strings are left alone.
 */
import { parseSync } from 'vite'

const comparisons = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '==': ['!='],
  '!=': ['=='],
}
const arithmetic = { '+': '-', '-': '+', '*': '/', '/': '*', '**': '*', '%': '*' }
const assignments = { '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=' }
const twins = { min: 'max', max: 'min', some: 'every', every: 'some' }

/** All sites of one file: `{ file, line, start, end, was, becomes: [text] }`. */
export function sitesOf(file, text) {
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0].message}`)
  const sites = new Map()
  const source = (node) => text.slice(node.start, node.end)
  walk(program, null, '', (node, parent, key) => {
    const becomes = changes(node, parent, key, source)
    if (becomes.length === 0) return
    // A condition that is itself a comparison is one site, with the changes of both.
    const at = `${node.start}-${node.end}`
    const site = sites.get(at) ?? { file, line: lineAt(text, node.start), start: node.start, end: node.end, was: source(node), becomes: [] }
    site.becomes.push(...becomes.filter((change) => !site.becomes.includes(change)))
    sites.set(at, site)
  })
  return [...sites.values()].sort((one, other) => one.start - other.start || one.end - other.end)
}

/** What a node may become. */
function changes(node, parent, key, source) {
  const found = []
  if (key === 'test' && (parent.type === 'IfStatement' || parent.type === 'ConditionalExpression')) found.push('true', 'false')
  switch (node.type) {
    case 'LogicalExpression': {
      const [left, right] = [source(node.left), source(node.right)]
      if (node.operator === '??') found.push(`(${left})`, `(${right})`)
      else found.push(`(${left} ${node.operator === '&&' ? '||' : '&&'} ${right})`, `(${left})`, `(${right})`)
      break
    }
    case 'BinaryExpression': {
      const [left, right] = [source(node.left), source(node.right)]
      for (const operator of comparisons[node.operator] ?? []) found.push(`${left} ${operator} ${right}`)
      if (node.operator === 'in' || node.operator === 'instanceof') found.push(`!(${source(node)})`)
      if (node.operator in arithmetic && !isText(node.left) && !isText(node.right))
        found.push(`(${left} ${arithmetic[node.operator]} ${right})`)
      break
    }
    case 'UnaryExpression':
      if (node.operator === '!') found.push(source(node.argument))
      break
    case 'AssignmentExpression':
      if (node.operator in assignments) found.push(`${source(node.left)} ${assignments[node.operator]} ${source(node.right)}`)
      break
    case 'CallExpression':
      // The name alone is what changes, but the call is what a reader sees.
      if (node.callee.type === 'MemberExpression' && !node.callee.computed && node.callee.property.name in twins) {
        const { object, property } = node.callee
        const rest = source(node).slice(property.end - node.start)
        found.push(`${source(object)}.${twins[property.name]}${rest}`)
      }
      break
    case 'Literal':
      if (typeof node.value === 'boolean') found.push(String(!node.value))
      if (typeof node.value === 'number' && parent.type === 'ReturnStatement') found.push(String(node.value + 1))
      break
    case 'ExpressionStatement':
      if (node.directive === undefined) found.push(';')
      break
    case 'ContinueStatement':
    case 'BreakStatement':
      found.push(';')
      break
    default:
  }
  if (key === 'right' && parent.type === 'ForOfStatement') found.push('[]')
  if (parent?.type === 'SwitchCase' && key === 'consequent' && node.type !== 'BreakStatement' && !provesUnreachable(source(node)))
    found.push('break')
  return found
}

const isText = (node) => node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string')

/** `default: return event satisfies never` says to the compiler that nothing comes here. */
const provesUnreachable = (text) => /\bsatisfies never\b/.test(text)

/** Calls `visit` for every node that runs: types are passed over, what they are written on is not. */
function walk(node, parent, key, visit) {
  if (/^TS(As|Satisfies|NonNull)/.test(node.type)) return walk(node.expression, parent, key, visit)
  if (/^TS|^Import|^ExportAll/.test(node.type)) return
  visit(node, parent, key)
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === 'object' && typeof child.type === 'string') walk(child, node, name, visit)
    }
  }
}

const lineAt = (text, position) => text.slice(0, position).split('\n').length
