/**
 * `npm run test:full [-- part ...]`: everything that proves Heartwire, one part after another, at its full length; each prints
 * its figures, and what it printed stays in `.cache/full/<part>.log`. Without names: all parts, about four hours on two cores.
 * docs/reliability.md says what each figure means, and holds the last ones.
 */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isMain, root, setup, stop } from './setup.mjs'

const script = (file, ...args) => [join(root, 'scripts', file), ...args]
const parts = {
  test: script('test.mjs'),
  shell: script('simulate-shell.mjs', '--hours', '250000'),
  commands: script('commands.mjs', '--runs', '100000'),
  orders: script('commands.mjs', '--orders'),
  fuzz: script('fuzz.mjs', '--inputs', '10000000'),
  explore: script('explore.mjs', '--deeper', '1'),
  engines: script('engines.mjs', '--full'),
  soak: script('soak.mjs'),
  mutation: script('mutation.mjs'),
}

function run(part) {
  const log = createWriteStream(join(root, '.cache/full', `${part}.log`))
  const started = performance.now()
  return new Promise((resolve) => {
    const child = spawn(process.execPath, parts[part], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.on('data', (chunk) => {
        to.write(chunk)
        log.write(chunk)
      })
    }
    child.on('close', (code) => {
      log.end()
      resolve({ part, held: code === 0, minutes: (performance.now() - started) / 60_000 })
    })
  })
}

async function full(names) {
  for (const name of names) if (!(name in parts)) stop(`There is no part ${name}: ${Object.keys(parts).join(', ')}.`)
  setup()
  mkdirSync(join(root, '.cache/full'), { recursive: true })
  const results = []
  for (const part of names.length > 0 ? names : Object.keys(parts)) {
    console.log(`\n== ${part}: node ${parts[part].map((arg) => arg.replace(`${root}/`, '')).join(' ')}\n`)
    results.push(await run(part))
  }
  console.log('')
  for (const { part, held, minutes } of results) console.log(`${held ? 'held  ' : 'FAILED'}  ${part.padEnd(10)} ${minutes.toFixed(1)} min`)
  const failed = results.filter(({ held }) => !held).length
  console.log(`${results.length - failed} held, ${failed} failed`)
  return failed === 0
}

if (isMain(import.meta.url)) process.exitCode = (await full(process.argv.slice(2))) ? 0 : 1
