/** What the package promises from outside: its entries, its names, what it asks to be installed. */
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { sourceFiles } from './source-files.ts'
import type { Node, SourceFile } from './source-files.ts'

interface Manifest {
  readonly exports: Record<string, string | { types: string; default: string }>
  readonly unpkg: string
  readonly dependencies: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly sideEffects: boolean
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const files = sourceFiles()

/** `heartwire/presets/hume` → `presets/hume`, the source below src. */
const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === 'string'
    ? []
    : [{ name: name.replace('.', 'heartwire'), target, path: target.default.replace(/^\.\/dist\/|\.js$/g, '') }],
)

function fileAt(path: string): SourceFile | undefined {
  return files.find((file) => file.path === path)
}

/** The names that a file exports, types marked as such. */
function namesOf(path: string): string[] {
  const file = fileAt(path)
  if (file === undefined) return []
  return (file.program['body'] as Node[]).flatMap((statement) => {
    if (statement.type === 'ExportDefaultDeclaration') return ['default']
    if (statement.type === 'ExportAllDeclaration') {
      const source = (statement['source'] as { value: string }).value
      const from = file.imports.find((item) => item.names.includes('*') && item.from.endsWith(source.replace(/^[./]+|\.tsx?$/g, '')))
      return from === undefined ? [`* from ${source}`] : namesOf(from.from)
    }
    if (statement.type !== 'ExportNamedDeclaration') return []
    const mark = (name: string, type: boolean): string => (type ? `type ${name}` : name)
    const declaration = statement['declaration'] as Node | null
    if (declaration !== null) {
      const declared = (declaration['declarations'] as Node[] | undefined) ?? [declaration]
      const isType = /^TS(TypeAlias|Interface)Declaration$/.test(declaration.type)
      return declared.map((each) => mark(String((each['id'] as Node)['name']), isType))
    }
    return (statement['specifiers'] as Node[]).map((each) =>
      mark(String((each['exported'] as Node)['name']), statement['exportKind'] === 'type' || each['exportKind'] === 'type'),
    )
  })
}

test('every entry has its types beside it', () => {
  for (const { target } of entries) expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'))
  expect(manifest.sideEffects).toBe(false)
})

test('the public names are these (a change is a change of the interface: npm test -- test/package.test.ts -u)', async () => {
  const list = entries
    .map(({ name, path }) =>
      [
        name,
        ...namesOf(path)
          .sort()
          .map((each) => `  ${each}`),
      ].join('\n'),
    )
    .join('\n\n')
  await expect(`${list}\n`).toMatchFileSnapshot('public-names.txt')
})

test('importing an entry in Node does nothing that can be seen', async () => {
  const before = new Set(Object.getOwnPropertyNames(globalThis))
  for (const { path } of entries) {
    await import(pathToFileURL(`src/${path}.ts`).href)
  }
  // zod keeps its registry there; the others are the test runner's.
  expect(Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name) && !/^__(zod|vi)/.test(name))).toEqual([])
})

test('every package that the library imports is one that npm installs with it', () => {
  const declared = new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies ?? {})])
  const used = files.flatMap((file) => file.imports.filter(({ from, own }) => !own && !from.startsWith('node:')).map(({ from }) => from))
  const names = new Set(used.map((from) => (from.startsWith('@') ? from.split('/').slice(0, 2).join('/') : (from.split('/')[0] ?? from))))
  expect([...names].filter((name) => !declared.has(name))).toEqual([])
})

test('the lock file names no registry', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved": "http/)
})
