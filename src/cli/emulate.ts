import { parseArgs } from 'node:util'
import { realWorld, withFaults } from '../emulator/index.ts'
import { serve } from '../emulator/node.ts'
import type { Served } from '../emulator/node.ts'
import { controlPath, withControls } from './emulate/front.ts'
import { providers } from './emulate/providers.ts'
import { isLoopback } from './loopback.ts'
import { UsageError } from './terminal.ts'
import type { ExitCode, Terminal } from './terminal.ts'

interface Running {
  readonly name: string
  readonly served: Served
  /** Only of a provider that has a WebSocket. */
  readonly wsUrl: string | undefined
  /** Addresses and keys, ready for a shell or an `.env`. */
  readonly variables: Readonly<Record<string, string>>
  readonly controls: readonly string[]
}

/** `heartwire emulate`: serves providers until the user stops it. */
export async function emulate(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { names, host, ports, json } = read(args)
  if (!isLoopback(host))
    terminal.stderr(`heartwire: warning: on ${host} others in your network can reach the emulators and their controls.\n`)
  const running: Running[] = []
  try {
    for (const [index, name] of names.entries()) running.push(await start(name, host, ports(name, index)))
    terminal.stdout(json ? `${JSON.stringify({ providers: running.map(describe) })}\n` : listing(running))
    await terminal.stopped()
    return 0
  } finally {
    await Promise.all(running.map(({ served }) => served.close()))
  }
}

function read(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { port: { type: 'string' }, host: { type: 'string', default: '127.0.0.1' }, json: { type: 'boolean', default: false } },
  })
  const known = Object.keys(providers)
  if (!positionals.every((name) => known.includes(name))) throw new UsageError(`there are ${known.join(', ')} to emulate`)
  const { port, host, json } = values
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535))
    throw new UsageError('--port: a whole number from 0 to 65535')
  const names = positionals.length > 0 ? [...new Set(positionals)] : known
  const first = port === undefined ? undefined : Number(port)
  if (first !== undefined && first + names.length - 1 > 65_535)
    throw new UsageError('--port: each provider takes one port, and there are not enough above')
  const ports = (name: string, index: number): number =>
    first === 0 ? 0 : first === undefined ? (providers[name]?.port ?? 0) : first + index
  return { names, host, json, ports }
}

async function start(name: string, host: string, port: number): Promise<Running> {
  const offer = providers[name]
  if (!offer) throw new UsageError('no such provider')
  const emulated = offer.create()
  const { faults, ...provider } = withFaults(emulated.provider, realWorld())
  const served = await serve(withControls({ ...emulated, provider, faults }), { host, port })
  const prefix = name.toUpperCase()
  const wsUrl = emulated.hasSocket ? served.wsUrl : undefined
  const variables = { [`${prefix}_URL`]: served.url, ...(wsUrl && { [`${prefix}_WS_URL`]: wsUrl }), ...emulated.keys() }
  return { name, served, wsUrl, variables, controls: Object.keys(emulated.controls) }
}

const describe = ({ name, served: { url }, wsUrl, variables, controls }: Running) => ({
  name,
  url,
  wsUrl,
  variables,
  faults: `${url}${controlPath}/faults`,
  counts: `${url}${controlPath}/counts`,
  controls,
})

function listing(running: readonly Running[]): string {
  const blocks = running.map(({ name, served, variables, controls }) =>
    [
      `# ${name}; its own controls: ${controls.join(', ')}`,
      ...Object.entries(variables).map(([key, value]) => `${key}=${value}`),
      `# faults: ${served.url}${controlPath}/faults   counts: ${served.url}${controlPath}/counts`,
      '',
    ].join('\n'),
  )
  const one = running[0]?.served.url ?? ''
  return `${blocks.join('\n')}
# The keys are fake: made for this run, and good for nothing else.
# Go silent:  curl -X POST ${one}${controlPath}/faults/silence
# Heal:       curl -X POST ${one}${controlPath}/faults/heal
# Ctrl-C stops.
`
}
