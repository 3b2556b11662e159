/**
 * Finds a real Chromium for the tests: `$CHROME_PATH`, else an installed Chrome, Chromium or Edge, else the one inside
 * the npm package `@sparticuz/chromium` (Linux x64 only). Nothing is downloaded.
 *
 * `HEARTWIRE_CHROMIUM` restricts where it looks: `installed`, `package`, or `none` (to see how a machine without one fails).
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { root } from './setup.mjs'

export const noBrowser = [
  'No real browser can be had on this machine: no Chrome, Chromium or Edge is installed, and the packaged one runs on Linux x64 only.',
  'Install one of them, or set CHROME_PATH to its program file. (npm run setup:engines installs Chromium on Debian and Ubuntu.)',
].join('\n')

/** Talks to nobody but the pages under test, and lets a page make sound without a click. */
const quiet = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
  '--autoplay-policy=no-user-gesture-required',
]

let found

/** The browser to use: `{ path, from, sandbox }`, or `undefined`. Looks once per program. */
export function findBrowser() {
  found ??= search()
  return found
}

async function search() {
  const where = process.env.HEARTWIRE_CHROMIUM ?? ''
  if (where === 'none') return undefined
  const asked = process.env.CHROME_PATH
  if (where !== 'package') {
    if (asked) {
      if (!isProgram(asked)) throw new Error(`CHROME_PATH is set to ${asked}, which is not a program that can be run.`)
      return { path: asked, from: 'CHROME_PATH', sandbox: hasSandbox(asked) }
    }
    const path = installedPaths().find(runs)
    if (path !== undefined) return { path, from: 'installed', sandbox: hasSandbox(path) }
  }
  if (where === 'installed') return undefined
  const path = await unpacked()
  return path === undefined ? undefined : { path, from: '@sparticuz/chromium', sandbox: hasSandbox(path) }
}

/** Launch options for Playwright. Fails with a plain message where no browser can be had. */
export async function launchOptions() {
  const browser = await findBrowser()
  if (browser === undefined) throw new Error(noBrowser)
  return { executablePath: browser.path, chromiumSandbox: browser.sandbox, args: [...quiet] }
}

function installedPaths() {
  if (process.platform === 'darwin') {
    const apps = ['Google Chrome', 'Chromium', 'Microsoft Edge'].map((name) => `Applications/${name}.app/Contents/MacOS/${name}`)
    return ['/', homedir()].flatMap((base) => apps.map((app) => join(base, app)))
  }
  if (process.platform === 'win32') {
    const bases = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].map((name) => process.env[name]).filter(Boolean)
    const programs = ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe', 'Microsoft/Edge/Application/msedge.exe']
    return programs.flatMap((program) => bases.map((base) => join(base, program)))
  }
  const names = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge-stable', 'microsoft-edge']
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/snap/bin'].filter(Boolean)
  return names.flatMap((name) => folders.map((folder) => join(folder, name)))
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Ubuntu has a `chromium-browser` that only says "install the snap"; so ask it. (Not on Windows: there it would open a window.) */
function runs(path) {
  return isProgram(path) && (process.platform !== 'linux' || spawnSync(path, ['--version'], { timeout: 10_000 }).status === 0)
}

/**
 * Chromium's sandbox never works for root, and not for a user whose machine or container forbids user namespaces. Our
 * tests open only our own pages, so there it runs without; the probe keeps the sandbox everywhere else.
 */
function hasSandbox(path) {
  const known = process.env.HEARTWIRE_CHROMIUM_SANDBOX
  if (known !== undefined) return known === 'yes'
  if (process.platform !== 'linux') return true
  if (process.getuid() === 0) return false
  const probe = spawnSync(path, ['--headless', '--disable-gpu', ...quiet, '--dump-dom', 'about:blank'], { timeout: 20_000 })
  return probe.status === 0
}

/** Unpacks the Chromium of the npm package, once per version. */
async function unpacked() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const home = join(root, 'node_modules/@sparticuz/chromium')
  if (!existsSync(home)) return undefined
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const folder = join(root, '.cache', `chromium-${version}`)
  const done = join(folder, 'unpacked')
  if (!existsSync(done)) {
    console.log(`Heartwire: unpacking Chromium ${version} from @sparticuz/chromium …`)
    // What a broken-off unpack left behind would be taken for a whole one.
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    await unpackInto(folder)
    writeFileSync(done, '')
  }
  // Its libraries (libEGL and others) lie beside it. The package's own `args` are not used: they crash this browser.
  const path = join(folder, 'chromium')
  return runs(path) ? path : undefined
}

/** The package unpacks into the temporary folder under a fixed name, whatever version is there: so give it a folder of its own. */
async function unpackInto(folder) {
  const names = process.platform === 'win32' ? ['TEMP', 'TMP'] : ['TMPDIR']
  const before = names.map((name) => process.env[name])
  for (const name of names) process.env[name] = folder
  try {
    const { default: chromium } = await import('@sparticuz/chromium')
    await chromium.executablePath()
  } finally {
    names.forEach((name, index) => {
      if (before[index] === undefined) delete process.env[name]
      else process.env[name] = before[index]
    })
  }
}
