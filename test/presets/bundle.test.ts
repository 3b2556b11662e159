import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { describe, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url).pathname

/** What a bundler makes of one line of an application. */
async function bundle(line: string): Promise<{ modules: string[]; code: string; gzip: number }> {
  const entry = `${root}test/presets/application.js`
  const output = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'application',
        enforce: 'pre',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? line : null),
      },
    ],
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' },
    },
  })
  if (Array.isArray(output) || !('output' in output)) throw new Error('expected one output')
  const [chunk] = output.output
  // A module that is only left as an empty shell has no code in the chunk.
  const modules = Object.entries(chunk.modules).flatMap(([id, { renderedLength }]) => (renderedLength > 0 ? [id] : []))
  return { modules, code: chunk.code, gzip: gzipSync(chunk.code, { level: 9 }).length }
}

const presets = `${root}src/presets`

describe('what an import costs', () => {
  test('the presets bring no zod', async () => {
    const { modules, gzip } = await bundle(`export { humeEvi, humeTts } from '${presets}/hume.ts'; export * from '${presets}/bithuman.ts'`)
    expect(modules.filter((id) => id.includes('zod') || id.includes('schemas'))).toEqual([])
    expect(modules.some((id) => id.endsWith('presets/hume.ts'))).toBe(true)
    expect(gzip).toBeLessThan(3.5 * 1024)
  })

  test('the schemas of EVI leave those of TTS out, and the other way round', async () => {
    const [evi, tts] = await Promise.all([
      bundle(`export { humeEviSchemas } from '${presets}/hume.schemas.ts'`),
      bundle(`export { humeTtsSchemas } from '${presets}/hume.schemas.ts'`),
    ])
    expect(evi.code).toContain('chat_group_id')
    expect(evi.code).not.toContain('chunk_index')
    expect(tts.code).toContain('chunk_index')
    expect(tts.code).not.toContain('chat_group_id')
    expect(evi.gzip).toBeLessThan(6.5 * 1024)
    expect(tts.gzip).toBeLessThan(6 * 1024)
  })

  test('humeEvi with its schemas, zod/mini included', async () => {
    const { code, gzip } = await bundle(
      `export { humeEvi } from '${presets}/hume.ts'; export { humeEviSchemas } from '${presets}/hume.schemas.ts'`,
    )
    expect(gzip).toBeLessThan(8.25 * 1024)
    // A page with a strict Content-Security-Policy may not evaluate code.
    expect(code).not.toMatch(/\bnew Function\b|\bFunction\(|\beval\(/)
  })
})

test('only zod/mini is imported under src', () => {
  const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  expect(sources.length).toBeGreaterThan(5)
  const zod = sources.filter((name) =>
    /from\s+['"]zod(?!\/mini['"])|import\(['"]zod(?!\/mini['"])/.test(readFileSync(`${root}src/${name}`, 'utf8')),
  )
  expect(zod).toEqual([])
})

test('hume.ts takes types only from its schemas', () => {
  const source = readFileSync(`${presets}/hume.ts`, 'utf8')
  const imports = source.split('\n').filter((line) => line.includes('hume.schemas'))
  expect(imports.length).toBeGreaterThan(0)
  expect(imports.filter((line) => !/^(import|export) type /.test(line) && !line.startsWith(' *') && !line.includes('`'))).toEqual([])
})
