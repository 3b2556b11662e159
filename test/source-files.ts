import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { parseSync } from 'vite'

/** One thing that a source file asks of another: `from` is a path below src without `.ts`, or the name of a package. */
export interface Import {
  readonly from: string
  /** A file of ours, not a package. */
  readonly own: boolean
  readonly names: readonly string[]
  /** Gone after the build: only types are asked for. */
  readonly typesOnly: boolean
}

/** A node of the syntax tree (ESTree), as far as these tests care. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly [key: string]: unknown
}

export interface SourceFile {
  /** Below src, without `.ts`: `core/step`, `presets/hume.schemas`. */
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly imports: readonly Import[]
  readonly program: Node
}

/** Every file of the library, parsed. */
export function sourceFiles(root = 'src'): SourceFile[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
  return names.sort().map((name) => {
    const file = join(root, name)
    const text = readFileSync(file, 'utf8')
    const { program, module } = parseSync(name, text)
    const find = (specifier: string): { from: string; own: boolean } => {
      if (!specifier.startsWith('.')) return { from: specifier, own: false }
      const path = relative(resolve(root), resolve(dirname(file), specifier))
      return { from: path.replace(/\.tsx?$/, '').replaceAll(sep, '/'), own: true }
    }
    const imports: Import[] = module.staticImports.map(({ moduleRequest, entries }) => ({
      ...find(moduleRequest.value),
      names: entries.map((entry) => entry.importName.name ?? '*'),
      typesOnly: entries.length > 0 && entries.every((entry) => entry.isType),
    }))
    for (const { entries } of module.staticExports) {
      const from = entries[0]?.moduleRequest
      if (from == null) continue
      imports.push({
        ...find(from.value),
        names: entries.map((entry) => entry.importName.name ?? '*'),
        typesOnly: entries.every((entry) => entry.isType),
      })
    }
    const dynamic = [...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)(\.)?/g)]
    for (const [, specifier = '', member] of dynamic) imports.push({ ...find(specifier), names: ['*'], typesOnly: member !== undefined })
    return {
      path: name.replace(/\.tsx?$/, '').replaceAll(sep, '/'),
      text,
      lines: text.split('\n').length - 1,
      imports,
      program: program as unknown as Node,
    }
  })
}

/** Calls `visit` for every node, parents first. */
export function walk(
  node: Node,
  visit: (node: Node, parent: Node | null, key: string) => void,
  parent: Node | null = null,
  key = '',
): void {
  visit(node, parent, key)
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) walk(child, visit, node, name)
    }
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

/** Which line of the text a position is on, from 1. */
export const lineAt = (text: string, position: number): number => text.slice(0, position).split('\n').length
