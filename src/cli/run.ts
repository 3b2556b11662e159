import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { redactAll } from '../secret.ts'
import { UsageError } from './terminal.ts'
import type { ExitCode, Terminal } from './terminal.ts'

const usage = `Usage: heartwire <command> [options]

  emulate [hume | bithuman | agenthuman | huechat ...]    emulated providers, over real HTTP and WebSocket
      --port N          the first one's port, the others follow; 0 = any free ones. Default: 4701 to 4704
      --host ADDRESS    default: 127.0.0.1
      --json            one line of JSON once they listen

  doctor                                                   looks for mistakes in your backend and your built page
      --url URL         your token endpoint
      --header 'N: V'   what your endpoint needs to know the caller, such as a cookie; may be repeated
      --origin ORIGIN   the page's origin. Default: that of --url
      --ws URL          the WebSocket that the token is for
      --gateway         it is a Heartwire gateway: the token goes into the first frame
      --bundle FOLDER   the built page: is there a long-lived key in it?
      --ask-provider    also asks the providers whether the keys in the environment work
      --json            the findings as JSON

  --help, --version

doctor ends with 0 when nothing is wrong, with 1 when it found problems, and with 2 when it was called in a wrong way.
`

/** The command line. Never rejects for what the user wrote. `args` are those after the program's name. */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [command, ...rest] = args
  try {
    switch (command) {
      // Loaded when asked for: the emulators need the package `ws`, which a doctor without `--ws` does not.
      case 'emulate':
        return await (await import('./emulate.ts')).emulate(rest, terminal)
      case 'doctor':
        return await (await import('./doctor.ts')).doctor(rest, terminal)
      case '--help':
      case '-h':
      case 'help':
        terminal.stdout(usage)
        return 0
      case '--version':
        terminal.stdout(`${version()}\n`)
        return 0
      case undefined:
        terminal.stderr(usage)
        return 2
      default:
        throw new UsageError('there are two commands, emulate and doctor')
    }
  } catch (error) {
    return explain(error, terminal)
  }
}

function explain(error: unknown, { stderr }: Terminal): ExitCode {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS')) {
    // Node's own message names the option, and in some cases what stood behind it.
    stderr(`heartwire: ${error instanceof UsageError ? message : redactAll(message)}\nSee heartwire --help.\n`)
    return 2
  }
  if (code === 'ERR_MODULE_NOT_FOUND' && /'ws'/.test(message)) {
    stderr('heartwire: this needs the package ws. Install it beside heartwire: npm install ws\n')
    return 1
  }
  if (code === 'EADDRINUSE') {
    stderr('heartwire: the port is taken. Choose another with --port, or --port 0 for any free one.\n')
    return 1
  }
  stderr(`heartwire: ${redactAll(error instanceof Error ? message : 'failed')}\n`)
  return 1
}

/** `src/cli` and `dist/cli` are equally deep. */
const version = (): string =>
  (JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }).version
