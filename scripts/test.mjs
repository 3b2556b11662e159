/**
 * `npm test [-- arguments for vitest]`: set-up, then every kind of test in one run. The last line is
 * "N passed, N failed"; a run in which no test ran has failed.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMain, root, setup } from './setup.mjs'

export async function test(args = []) {
  setup()
  const browser = await findBrowser()
  // Only a whole run needs a browser; `npm test -- test/core` must work without.
  const lacking = browser === undefined && args.length === 0
  const projects = lacking ? ['--project=unit', '--project=dom'] : []
  const tally = run([...projects, ...args], browser)
  if (lacking) tally.failed += 1
  if (tally.passed + tally.failed === 0) console.log('No test ran.')
  if (tally.skipped > 0) console.log(`${tally.skipped} skipped`)
  if (lacking) console.log('The tests in a real browser did not run (see above): that counts as one failure.')
  console.log(`${tally.passed} passed, ${tally.failed} failed`)
  return tally.ok && tally.failed === 0 && tally.passed > 0
}

async function findBrowser() {
  const chromium = await import('./chromium.mjs')
  const browser = await chromium.findBrowser()
  console.log(
    browser === undefined
      ? chromium.noBrowser
      : `Heartwire: browser tests use ${browser.path} (${browser.from}${browser.sandbox ? '' : ', without its sandbox'}).`,
  )
  return browser
}

function run(args, browser) {
  const folder = mkdtempSync(join(tmpdir(), 'heartwire-test-'))
  const file = join(folder, 'tally.json')
  const env = { ...process.env, HEARTWIRE_TALLY: file }
  // Found once, here: the projects need not look (or unpack) again.
  if (browser !== undefined)
    Object.assign(env, { CHROME_PATH: browser.path, HEARTWIRE_CHROMIUM: '', HEARTWIRE_CHROMIUM_SANDBOX: browser.sandbox ? 'yes' : 'no' })
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--reporter=default', '--reporter=./scripts/tally.mjs', ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  })
  const tally = read(file) ?? { passed: 0, failed: 0, skipped: 0 }
  rmSync(folder, { recursive: true, force: true })
  return { ...tally, ok: status === 0 }
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

if (isMain(import.meta.url)) {
  const ok = await test(process.argv.slice(2)).catch((error) => {
    console.error(error instanceof Error ? error.message : error)
    console.log('0 passed, 1 failed')
    return false
  })
  process.exitCode = ok ? 0 : 1
}
