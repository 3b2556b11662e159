/**
 * `npm run size`: what the library costs a page, minified and gzipped, with all dependencies in; and what each part of it
 * costs; with `--files`, each file. The budgets are enforced by test/size.test.ts.
 */
import { join, relative, sep } from 'node:path'
import { gzipSync } from 'node:zlib'
import { isMain, root, setup } from './setup.mjs'

const hume = './src/presets/hume.ts'
const schemas = './src/presets/hume.schemas.ts'
const bithuman = './src/presets/bithuman.ts'
const session = `export { createSession } from './src/index.ts'\n`

/**
 * What a page may import, and how many KiB (1,024 bytes) of gzip that may cost. `goal` is what the project once hoped for;
 * docs/decisions.md says why the limits are where they are. A limit goes up only for a fault that was found,
 * or for another preset in the script tag's file.
 */
export const budgets = [
  { name: 'createSession alone', limit: 18.5, goal: 10, entry: session },
  { name: '+ bitHuman', limit: 19.2, goal: 10.5, entry: `${session}export { bitHuman } from '${bithuman}'\n` },
  { name: '+ humeEvi', limit: 19.9, goal: 11.5, entry: `${session}export { humeEvi } from '${hume}'\n` },
  {
    name: '+ humeEvi and its schemas',
    limit: 25.5,
    goal: 18.5,
    entry: `${session}export { humeEvi } from '${hume}'\nexport { humeEviSchemas } from '${schemas}'\n`,
  },
  {
    name: 'heartwire.global.js',
    limit: 29.6,
    goal: 20,
    entry: `export * from './src/script-tag.ts'\n`,
    format: 'iife',
  },
]

/** Bundles as a page's own build would, without writing anything. Gives sizes in bytes, and the modules that are in it. */
export async function measure({ entry, format = 'es' }) {
  const { build } = await import('vite')
  const id = join(root, 'size-entry.js')
  const { output } = await build({
    configFile: false,
    root,
    logLevel: 'error',
    plugins: [{ name: 'entry', resolveId: (name) => (name === id ? id : undefined), load: (name) => (name === id ? entry : undefined) }],
    // Not Vite's library mode: it keeps the white space of ES modules, which a page's build does not.
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      copyPublicDir: false,
      modulePreload: false,
      rolldownOptions: { input: id, preserveEntrySignatures: 'strict', output: { format, name: 'Heartwire' } },
    },
  })
  const { code, modules } = output[0]
  return {
    min: Buffer.byteLength(code),
    gzip: zipped(code),
    modules: Object.entries(modules).map(([file, module]) => ({ file, code: module.code ?? '' })),
  }
}

const zipped = (text) => gzipSync(text, { level: 9 }).length

/** A package, a room of src, or one of the files at its top; or simply the file. */
export function partOf(file, byFile = false) {
  const path = relative(root, file).split(sep)
  const at = path.lastIndexOf('node_modules')
  if (at >= 0) return path[at + 1].startsWith('@') ? `${path[at + 1]}/${path[at + 2]}` : path[at + 1]
  if (path[0] !== 'src') return 'bundler'
  return byFile || path[1] === 'presets' ? path.join('/') : path.length > 2 ? `src/${path[1]}/` : path.join('/')
}

/** What each part adds: its own minified bytes, and by how much the whole would zip smaller without it. */
export async function parts(modules, byFile = false) {
  const { minifySync } = await import('vite')
  const code = new Map()
  for (const { file, code: text } of modules) {
    const part = partOf(file, byFile)
    code.set(part, `${code.get(part) ?? ''}\n${text}`)
  }
  const small = [...code].map(([part, text]) => ({
    part,
    text: minifySync('part.js', text, { module: true, compress: { unused: false } }).code,
  }))
  const whole = zipped(small.map(({ text }) => text).join('\n'))
  return small
    .map(({ part, text }) => ({
      part,
      min: Buffer.byteLength(text),
      gzip: whole - zipped(small.flatMap((other) => (other.part === part ? [] : [other.text])).join('\n')),
    }))
    .filter(({ min }) => min > 0)
    .sort((one, other) => other.gzip - one.gzip)
}

const kib = (bytes) => (bytes / 1024).toFixed(2).padStart(7)

if (isMain(import.meta.url)) {
  setup()
  const measured = []
  console.log('\n   gzip     min   limit    goal   (KiB of 1,024 bytes, all dependencies in)')
  for (const budget of budgets) {
    const { gzip, min, modules } = await measure(budget)
    measured.push({ name: budget.name, modules })
    const over = gzip > budget.limit * 1024
    if (over) process.exitCode = 1
    console.log(`${kib(gzip)} ${kib(min)} ${kib(budget.limit * 1024)} ${kib(budget.goal * 1024)}   ${budget.name}${over ? '   OVER' : ''}`)
  }
  // The smallest and the largest: what everybody pays, and what all of it costs.
  for (const { name, modules } of new Set([measured[0], measured.at(-1)].filter(Boolean))) {
    console.log(`\n   gzip     min   what each part adds to ${name}`)
    for (const { part, min, gzip } of await parts(modules, process.argv.includes('--files')))
      console.log(`${kib(gzip)} ${kib(min)}   ${part}`)
  }
}
