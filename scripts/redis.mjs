/**
 * Starts a real Redis for the tests: `$REDIS_SERVER`, else an installed `redis-server` or `valkey-server`. It listens on a
 * free port of the loopback address, and keeps what it keeps in a folder of its own, which `stop` removes.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

export const noRedis = [
  'No Redis server is installed on this machine, and the tests of the store need a real one.',
  'npm run setup:engines installs it on Debian and Ubuntu; elsewhere install Redis or Valkey, or set REDIS_SERVER to its program file.',
].join('\n')

/** The path of a server, or `undefined`. A wrong REDIS_SERVER is an error. */
export function findRedis() {
  const asked = process.env.REDIS_SERVER
  if (asked) {
    if (!isProgram(asked)) throw new Error(`REDIS_SERVER is set to ${asked}, which is not a program that can be run.`)
    return asked
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return ['redis-server', 'valkey-server'].flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram)
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Resolves when the server takes connections. `options` are Redis's own: `['--appendonly', 'yes']`. Without them nothing is kept on disk. */
export async function startRedis(options = []) {
  const program = findRedis()
  if (program === undefined) throw new Error(noRedis)
  const folder = mkdtempSync(join(tmpdir(), 'heartwire-redis-'))
  const port = await freePort()
  const listening = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder]
  const launch = (more) => start(program, [...listening, '--save', '', '--daemonize', 'no', '--logfile', '', ...more])
  let server = await launch(options)

  const end = async (signal) => {
    const gone = server.exitCode !== null || server.signalCode !== null
    const exit = gone ? undefined : new Promise((resolve) => server.once('exit', resolve))
    server.kill(signal)
    await exit
  }

  return {
    port,
    folder,
    /** As `kill -9`: it has no time to save anything. */
    kill: () => end('SIGKILL'),
    /** Starts it again, after `kill`, on the same port and folder. */
    async restart(more = options) {
      server = await launch(more)
    },
    /** It takes connections and says nothing, until `resume`. */
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async stop() {
      await end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function start(program, args) {
  return new Promise((resolve, reject) => {
    const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const kill = () => server.kill('SIGKILL')
    process.once('exit', kill)
    let said = ''
    const hear = (chunk) => {
      said = (said + chunk).slice(-4000)
      if (said.includes('Ready to accept connections')) resolve(server)
    }
    server.stdout.on('data', hear)
    server.stderr.on('data', hear)
    server.once('error', reject)
    server.once('exit', () => {
      process.off('exit', kill)
      reject(new Error(`${program} did not start:\n${said}`))
    })
  })
}

/** Somebody else might take it before the server does; then the server says so, and the test that started it fails plainly. */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
