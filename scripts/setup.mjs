/**
 * Makes a fresh clone ready: checks Node, installs the packages that are missing. Prints one line.
 * Needs nothing installed, and is quick when there is nothing to do, so every command starts with it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const needed = [20, 19]

/** Is this program the script that was started, and not an import of another one? */
export function isMain(url) {
  return process.argv[1] !== undefined && url === pathToFileURL(process.argv[1]).href
}

/** Ends the program with a plain message. */
export function stop(message) {
  console.error(message)
  process.exit(1)
}

/** @param say takes the one line; npm's own output goes where it goes */
export function setup(say = console.log) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
    stop(`Heartwire needs Node ${needed.join('.')} or newer; this is ${process.versions.node}. Get one from nodejs.org and try again.`)
  }
  if (installed()) {
    say(`Heartwire: packages are ready (Node ${process.versions.node}).`)
    return
  }
  say('Heartwire: installing packages (npm ci) …')
  const { status } = npm(['ci', '--no-audit', '--no-fund'], { stdio: 'inherit' })
  if (status !== 0)
    stop('Heartwire: npm ci failed (see above). It needs a package registry that can be reached; check the network and try again.')
}

/** Runs npm: the one that started this script, else the one on the PATH. */
export function npm(args, options = {}) {
  const started = process.env.npm_execpath
  if (started !== undefined && /npm-cli\.c?js$/.test(started))
    return spawnSync(process.execPath, [started, ...args], { cwd: root, ...options })
  return spawnSync('npm', args, { cwd: root, shell: process.platform === 'win32', ...options })
}

/**
 * Compares what the lock file asks for with npm's own record of what lies in node_modules. (Not by time: a checkout
 * touches the lock file without changing it, and `npm ci` would then pull the packages away under a running program.)
 */
function installed() {
  const record = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = packagesOf(join(root, 'package-lock.json'))
  const present = packagesOf(record)
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = present[path]
    return found === undefined ? entry.optional === true : found.version === entry.version
  })
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? {}
}

if (isMain(import.meta.url)) setup()
