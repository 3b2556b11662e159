/**
 * `npm run check`: everything that a change must pass. All steps run, so that one look shows all there is to do.
 * The layering test and the size budgets are among the tests.
 */
import { spawnSync } from 'node:child_process'
import { npm, root, setup } from './setup.mjs'

/** A program of one of our packages, by npm's own runner: the same on every system. */
const packaged = (name, ...args) => [
  `${name} ${args.join(' ')}`,
  () => npm(['exec', '--offline', '--', name, ...args], { stdio: 'inherit' }).status,
]
const script = (file) => [file, () => spawnSync(process.execPath, [`scripts/${file}`], { cwd: root, stdio: 'inherit' }).status]

const steps = {
  types: packaged('tsc', '-p', '.'),
  lint: packaged('oxlint', '--type-aware'),
  format: packaged('oxfmt', '--check', '.'),
  tests: script('test.mjs'),
  build: script('build.mjs'),
  publint: packaged('publint', '--strict'),
  attw: packaged('attw', '--pack', '.', '--profile', 'esm-only', '--format', 'ascii'),
}

setup()
const failed = []
for (const [name, [what, step]] of Object.entries(steps)) {
  console.log(`\n— ${name}: ${what}`)
  const start = Date.now()
  const ok = step() === 0
  if (!ok) failed.push(name)
  console.log(`— ${name}: ${ok ? 'ok' : 'FAILED'} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
}
console.log(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.join(', ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1
