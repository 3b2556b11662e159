/**
 * `npm run test:engines`: the life of a page in three real engines, Chromium, Firefox and WebKitGTK, one after another. Prints
 * case × engine, what was measured, and what an engine cannot do. About five minutes.
 *
 * `-- --engine firefox` takes one (again for a second); `-- --full` adds what takes long: 10,000 sessions for the leaks, and
 * minutes of a hidden page. Everything else goes to Vitest: `-- -t P1`.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { isMain, root, setup, stop } from './setup.mjs'

const known = ['chromium', 'firefox', 'webkit']

/** Takes our own arguments out of those for Vitest. */
function read(args) {
  const engines = []
  const rest = []
  let full = false
  for (const words = [...args]; words.length > 0;) {
    const word = words.shift()
    if (word === '--full') full = true
    else if (word === '--engine') engines.push(words.shift())
    else rest.push(word)
  }
  if (engines.some((name) => !known.includes(name))) stop(`--engine takes one of ${known.join(', ')}`)
  return { engines: engines.length > 0 ? engines : known, full, rest }
}

if (isMain(import.meta.url)) {
  setup()
  const { engines, full, rest } = read(process.argv.slice(2))
  const env = { ...process.env, HEARTWIRE_ENGINES: engines.join(), HEARTWIRE_ENGINES_FULL: full ? 'yes' : 'no' }
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--config', 'test/engines/vitest.config.ts', ...rest]
  process.exitCode = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1
}
