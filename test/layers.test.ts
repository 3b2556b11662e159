/**
 * Who may import whom, and what the core may not touch. The table is docs for the reader and a rule for the code: a
 * change here is a change of the architecture, and is made on purpose.
 */
import { expect, test } from 'vitest'
import { lineAt, sourceFiles, walk } from './source-files.ts'
import type { Import, Node, SourceFile } from './source-files.ts'

interface Rule {
  /** May be imported. A room (`core`), a file (`secret`), a package or one of its entries (`jose/jwt/decode`), `nouns`. */
  readonly uses: readonly string[]
  /** May be imported as types, which the build removes. */
  readonly types?: readonly string[]
}

/** `secret` and `errors` may be imported by everybody, and every room by itself. */
const everybody = ['secret', 'errors']

/** Rooms are the folders of src. `nouns` are the files at its top: one public noun each, except those named here. */
const rules: Record<string, Rule> = {
  secret: { uses: [] },
  errors: { uses: [] },
  core: { uses: [], types: ['wire'] },
  wire: { uses: ['jose/jwt/decode'], types: ['presets/preset'] },
  io: { uses: ['core', 'wire'], types: ['options', 'presets/preset'] },
  protocol: { uses: ['zod/mini'] },
  // By entries: the whole of jose reads `navigator` when it is imported.
  jwt: {
    uses: ['jose/jwt/decode', 'jose/jwt/sign', 'jose/jwt/verify', 'jose/decode/protected_header', 'jose/errors'],
    types: ['jose'],
  },
  presets: { uses: ['wire', 'protocol', 'zod/mini'], types: ['core', 'wire'] },
  nouns: { uses: ['core', 'io', 'wire', 'eventemitter3'], types: ['presets/preset'] },
  server: { uses: ['protocol', 'jwt', 'zod/mini', 'rate-limiter-flexible'], types: ['ioredis'] },
  emulator: { uses: ['jwt'], types: ['io/host'] },
  testing: { uses: ['jwt'], types: ['io/host', 'emulator', 'nouns'] },
  bindings: { uses: ['nouns', 'react', 'vue'] },
  inspector: { uses: ['nouns'] },
  cli: { uses: ['core', 'emulator', 'server'] },
  index: { uses: ['nouns', 'presets/preset'], types: ['wire', 'io/host'] },
  'script-tag': { uses: ['index', 'nouns', 'presets'] },
}

/** Where Node's own modules and a WebSocket server may be used: nowhere that a browser loads. */
const inNode = /^(server\/node|server\/gateway\/(node|index)|emulator\/node|cli\/)/
const forNode = (from: string): boolean => from.startsWith('node:') || from === 'ws'

/** What the build and the page start from; nobody builds on them. */
const ends = ['index', 'script-tag']

const files = sourceFiles()

const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : path in rules ? path : 'nouns')

/** Does `from` fall under this entry of the table? */
function matches(entry: string, { from, own }: Import): boolean {
  return from === entry || (own && roomOf(from) === entry)
}

function allowed(file: SourceFile, item: Import): boolean {
  const room = roomOf(file.path)
  if (ends.includes(item.from)) return file.path === 'script-tag' && item.from === 'index'
  if (room === 'secret' || room === 'errors') return false
  if (item.own && roomOf(item.from) === room) return true
  if (everybody.includes(item.from)) return true
  if (forNode(item.from)) return inNode.test(file.path)
  const rule = rules[room]
  if (rule === undefined) return false
  return rule.uses.some((entry) => matches(entry, item)) || (item.typesOnly && (rule.types ?? []).some((entry) => matches(entry, item)))
}

test('every room imports only what it may', () => {
  const wrong = files.flatMap((file) =>
    file.imports
      .filter((item) => !allowed(file, item))
      .map((item) => `${file.path} imports ${item.typesOnly ? 'types of ' : ''}${item.from}`),
  )
  expect(wrong).toEqual([])
})

test('every folder of src is a room with a rule', () => {
  expect([...new Set(files.map((file) => roomOf(file.path)))].filter((room) => !(room in rules))).toEqual([])
})

test('no file imports itself by a detour (types do not count: they are gone after the build)', () => {
  const next = new Map(
    files.map((file) => [file.path, file.imports.filter((item) => !item.typesOnly && item.own).map((item) => item.from)]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const follow = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) {
      cycles.push([...way.slice(way.indexOf(path)), path].join(' → '))
      return
    }
    if (done.has(path)) return
    for (const other of next.get(path) ?? []) follow(other, [...way, path])
    done.add(path)
  }
  for (const { path } of files) follow(path, [])
  expect(cycles).toEqual([])
})

test('nothing is called utils, helpers, common or misc', () => {
  expect(files.map((file) => file.path).filter((path) => /(^|\/)(utils?|helpers?|common|misc)(\/|$)/.test(path))).toEqual([])
})

test('only the small zod is used', () => {
  const wrong = files.filter((file) => file.imports.some(({ from }) => from.startsWith('zod') && from !== 'zod/mini'))
  expect(wrong.map((file) => file.path)).toEqual([])
})

test('no file is longer than 300 lines', () => {
  const long = files.filter((file) => file.lines > 200)
  if (long.length > 0) console.log(`Over 200 lines: ${long.map((file) => `${file.path} (${file.lines})`).join(', ')}`)
  expect(long.filter((file) => file.lines > 300).map((file) => file.path)).toEqual([])
})

/** Time, chance, the network, the page, and everything that comes later: the core is told these by events, and asks for them by effects. */
const outside = new Set(
  'Date performance crypto setTimeout setInterval clearTimeout clearInterval queueMicrotask requestAnimationFrame fetch WebSocket document window navigator globalThis process console Promise'.split(
    ' ',
  ),
)

/** Is this identifier a reference to a variable, and not the name of a field or of a type's member? */
function isReference(parent: Node | null, key: string): boolean {
  if (parent === null) return true
  if (parent.type === 'MemberExpression' && key === 'property') return parent['computed'] === true
  if (/^(Property|MethodDefinition|PropertyDefinition|TSPropertySignature|TSMethodSignature)$/.test(parent.type) && key === 'key')
    return parent['computed'] === true
  return true
}

test('the core is pure: no time, chance, waiting, page or network in it', () => {
  const found = files
    .filter((file) => file.path.startsWith('core/'))
    .flatMap((file) => {
      const wrong: string[] = []
      walk(file.program, (node, parent, key) => {
        const report = (what: string): number => wrong.push(`src/${file.path}.ts:${lineAt(file.text, node.start)} ${what}`)
        if (node.type === 'Identifier' && outside.has(String(node['name'])) && isReference(parent, key)) report(String(node['name']))
        if (node.type === 'AwaitExpression') report('await')
        if (node['async'] === true) report('async')
        if (node.type === 'MemberExpression' && file.text.slice(node.start, Number(node['end'])) === 'Math.random') report('Math.random')
      })
      return wrong
    })
  expect(found).toEqual([])
})
