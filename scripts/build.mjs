/**
 * `npm run build`: the ES modules and the script-tag file by Vite, the declarations by TypeScript, all into `dist`.
 * `--out <folder>` builds elsewhere, `--no-types` leaves the declarations out (for tests that only run the result).
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isMain, root, setup, stop } from './setup.mjs'

export async function build({ outDir = join(root, 'dist'), types = true } = {}) {
  const { createBuilder } = await import('vite')
  const builder = await createBuilder({ root, logLevel: 'warn' }, null)
  for (const environment of Object.values(builder.environments)) environment.config.build.outDir = outDir
  await builder.buildApp()
  if (types && !declarations(outDir)) throw new Error('The declarations could not be built (see above).')
}

function declarations(outDir) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outDir], { cwd: root, stdio: 'inherit' })
  for (const file of readdirSync(outDir, { recursive: true })) {
    if (file.endsWith('.d.ts')) nameBuiltFiles(join(outDir, file))
  }
  return status === 0
}

/** TypeScript's `rewriteRelativeImportExtensions` leaves declarations alone, where `./session.ts` names a file that is not shipped there. */
function nameBuiltFiles(file) {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/((?:from|import)\s*\(?\s*)(["'])(\.{1,2}\/[^"']+)\.tsx?\2/g, '$1$2$3.js$2'))
}

if (isMain(import.meta.url)) {
  setup()
  const args = process.argv.slice(2)
  const at = args.indexOf('--out')
  const outDir = at < 0 ? undefined : resolve(args[at + 1])
  await build({ outDir, types: !args.includes('--no-types') }).catch((error) =>
    stop(error instanceof Error ? error.message : String(error)),
  )
  console.log(`Heartwire: built into ${outDir ?? 'dist'}.`)
}
