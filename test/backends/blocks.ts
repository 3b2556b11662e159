import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** The blocks of docs/backends.md, by the file name that stands after their language. */
export const blocks: ReadonlyMap<string, string> = new Map(
  [...readFileSync(join(root, 'docs/backends.md'), 'utf8').matchAll(/```ts (\S+)\n([\s\S]*?)```/g)].map((match) => [match[1]!, match[2]!]),
)

/** The users of every backend in these tests, by their session cookie. */
const application = {
  'sessions.ts': `export const sessions: ReadonlyMap<string, { id: string }> = new Map([['ada-was-here', { id: 'ada' }]])\n`,
  // What `wrangler types` writes.
  'bindings.d.ts': `declare module 'cloudflare:workers' {\n  export const env: { HUME_API_KEY: string; HUME_SECRET_KEY: string }\n}\n`,
}

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, { types: string }> }

/** The same block, with the package's own sources where it imports the package. */
const local = (block: string): string =>
  block.replace(/from 'heartwire(\/[^']*)?'/g, (_all, entry = '') => {
    const { types } = exports[`.${entry}`]!
    return `from '${join(root, types.replace('./dist', 'src').replace('.d.ts', '.ts'))}'`
  })

/**
 * Writes every block and what it imports from its application into one folder: inside the project, so that packages are
 * found, and outside what the project's own tsc looks at. Answers where.
 */
export function writeBlocks(name: string): string {
  const folder = join(root, 'node_modules/.cache', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [file, text] of [...blocks, ...Object.entries(application)]) writeFileSync(join(folder, file), local(text))
  return folder
}
