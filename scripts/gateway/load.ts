import { cpus, loadavg } from 'node:os'
import { startRedis } from '../redis.mjs'
import { startChild } from './child.ts'
import type { Child } from './child.ts'
import { audienceSize } from './orders.ts'
import type { Account, ClientsSettings, ClientsState, GatewayMeasures, GatewaySettings, Streamed } from './orders.ts'
import type { Report } from './stories.ts'

export interface Load {
  readonly clients: number
  /** In all, at both gateways. */
  readonly eventsPerSecond: number
  readonly seconds: number
  /** How long the clients take to connect at first, in ms. */
  readonly openMs: number
  /** Node's arguments for the gateways, such as `--cpu-prof`. */
  readonly nodeArguments: readonly string[]
}

/** Clients of a gateway that restarts come back within this, in seconds. */
const backWithin = 45
const spreadMs = 38_000

/** Two gateways on one Redis, and thousands of clients in a process of their own. */
export async function load(program: (name: string) => string, options: Load, report: Report): Promise<void> {
  const { clients: count, openMs } = options
  const busy = (): string => `${loadavg()[0]!.toFixed(1)} tasks for ${cpus().length} cores`
  report(true, `this machine before: ${busy()}`)
  const redis = await startRedis(['--appendonly', 'yes'])
  const leaseSecret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
  const start = (port = 0): Promise<Child> => {
    const settings: GatewaySettings = { port, redisPort: redis.port, leaseSecret, webhookSecrets: [], spreadMs }
    return startChild(program('gateway-process'), settings, ['--expose-gc', ...options.nodeArguments])
  }
  const gateways = [await start(), await start()]
  const measures = (): Promise<GatewayMeasures[]> => Promise.all(gateways.map(measure))
  const empty = await measures()
  const ports = empty.map(({ port }) => port)
  const clientsSettings: ClientsSettings = { ports, clients: count, leaseSecret }
  const clients = await startChild(program('clients-process'), clientsSettings)
  const state = (): Promise<ClientsState> => clients.ask<ClientsState>({ is: 'state' })

  try {
    // The store begins with its first call, and a lease that was signed before that is worth nothing.
    await gateways[0]!.ask({ is: 'revoke', user: 'nobody' })
    await clients.ask({ is: 'open', overMs: openMs })
    const full = await measures()
    report(
      sum(full, 'connections') === count,
      `${count} sockets: ${full.map(({ connections }) => connections).join(' and ')}, over ${openMs / 1000} s`,
    )
    const memory = full.map(({ rssBytes, connections }, at) => (rssBytes - empty[at]!.rssBytes) / connections / 1024)
    report(
      true,
      `memory (RSS) of the gateways: ${full.map(({ rssBytes }) => mib(rssBytes)).join(' and ')}; ${memory.map((kib) => kib.toFixed(1)).join(' and ')} KiB a socket`,
    )

    await deliver(options, { gateways, clients, measures, state }, report)
    await restartOf(0, 'with half of the sockets')
    // Everybody to the second one, so that it then restarts with all of them.
    await gateways[0]!.kill('SIGTERM')
    await until(async () => (await measure(gateways[1]!)).connections === count, 60_000, 'all at one gateway')
    gateways[0] = await start(ports[0])
    await restartOf(1, 'with all of the sockets')
    const { closes, gaps } = await state()
    report(true, `this machine afterwards: ${busy()}`)
    report(gaps === 0, `gaps told: ${gaps}; closes: ${JSON.stringify(closes)}`)
  } finally {
    await clients.kill()
    await Promise.all(gateways.map((gateway) => gateway.kill(options.nodeArguments.length > 0 ? 'SIGTERM' : 'SIGKILL')))
    await redis.stop()
  }

  /** SIGTERM, and started again at once; events go on meanwhile. */
  async function restartOf(at: 0 | 1, how: string): Promise<void> {
    const { connections } = await measure(gateways[at]!)
    const other = gateways[1 - at]!
    const order = { is: 'stream', events: backWithin * 20, perSecond: 20, offset: (at + 2) * 10_000_000, users: count }
    const streamed = other.ask<Streamed>(order)
    const beganAt = Date.now()
    await gateways[at]!.kill('SIGTERM')
    const goneMs = Date.now() - beganAt
    gateways[at] = await start(ports[at])
    await until(async () => (await state()).ready === count, 120_000, 'everybody is back')
    const backMs = Date.now() - beganAt
    const connects = (await measures()).flatMap(({ connectedAt }) => connectedAt.filter((ms) => ms >= beganAt))
    const [most, atMost] = [mostIn(connects, 1000), Math.floor((2 * connections) / backWithin)]
    const text = `restart ${how} (${connections}): gone after ${goneMs} ms, all back after ${(backMs / 1000).toFixed(1)} s (at most ${backWithin})`
    report(backMs <= backWithin * 1000, text)
    // With all of them, the one process of the clients is itself held up by so many farewells at once, and comes back in a lump.
    report(
      most <= atMost || connections === count,
      `at most ${most} connects in any second (2 × N/${backWithin} is ${atMost}), ${connects.length} in all`,
    )
    const { refused } = await streamed
    const { due, lost, repeated } = await accountFor(order.offset, order.events, refused)
    report(lost + repeated === 0 && due > 0, `events meanwhile: ${due} deliveries, ${lost} lost, ${repeated} repeated`)
  }

  async function accountFor(from: number, events: number, refused: readonly number[]): Promise<Account> {
    const { heard } = await state()
    let last = heard
    // Whatever is still on its way: nothing new for a while.
    await until(async () => last === (last = (await state()).heard), 30_000, 'no more events')
    return clients.ask<Account>({ is: 'account', from, events, refused })
  }
}

interface House {
  readonly gateways: readonly Child[]
  readonly clients: Child
  measures(): Promise<GatewayMeasures[]>
  state(): Promise<ClientsState>
}

async function deliver(
  { clients: count, eventsPerSecond, seconds }: Load,
  { gateways, clients, measures, state }: House,
  report: Report,
): Promise<void> {
  const before = await measures()
  const beganAt = Date.now()
  const { heard: heardBefore, renewals: renewalsBefore } = await state()
  const events = (eventsPerSecond / 2) * seconds
  const streamed = await Promise.all(
    gateways.map((gateway, at) =>
      gateway.ask<Streamed>({ is: 'stream', events, perSecond: eventsPerSecond / 2, offset: at * events, users: count }),
    ),
  )
  const refused = streamed.flatMap(({ refused }) => refused)
  const due = (2 * events - refused.length) * audienceSize
  await until(async () => (await state()).heard - heardBefore >= due, 15_000, 'all heard').catch(() => {})
  const ms = Date.now() - beganAt
  const after = await measures()
  const { renewals } = await state()
  const account = await clients.ask<Account>({ is: 'account', from: 0, events: 2 * events, refused })
  report(
    account.lost + account.repeated === 0 && account.due >= audienceSize * eventsPerSecond * seconds * 0.99,
    `${account.due} deliveries in ${(ms / 1000).toFixed(1)} s (${Math.round((account.due / ms) * 1000)} a second): ${account.lost} lost, ${account.repeated} repeated; ${refused.length} events not taken`,
  )
  report(
    true,
    `publish to message: p50 ${account.p50} ms, p99 ${account.p99} ms, longest ${account.max} ms; ${renewals - renewalsBefore} leases renewed meanwhile`,
  )
  const load = after.map(({ cpuMs }, at) => `${Math.round((100 * (cpuMs - before[at]!.cpuMs)) / ms)} %`)
  report(
    true,
    `processor time of the gateways meanwhile: ${load.join(' and ')} of one core; held up for at most ${after.map(({ heldUpMs }) => `${heldUpMs} ms`).join(' and ')}; memory then ${after.map(({ rssBytes }) => mib(rssBytes)).join(' and ')}`,
  )
}

const measure = (gateway: Child): Promise<GatewayMeasures> => gateway.ask<GatewayMeasures>({ is: 'measure' })
const sum = (all: readonly GatewayMeasures[], name: 'connections'): number => all.reduce((total, one) => total + one[name], 0)
const mib = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`

/** The most of these moments that lie in any span of `ms`. */
function mostIn(moments: readonly number[], ms: number): number {
  const sorted = [...moments].sort((one, other) => one - other)
  let most = 0
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while (sorted[last]! - sorted[first]! >= ms) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}

async function until(holds: () => Promise<boolean>, limitMs: number, what: string): Promise<void> {
  for (const end = Date.now() + limitMs; !(await holds());) {
    if (Date.now() > end) throw new Error(`${what}: not within ${limitMs} ms`)
    await new Promise((resolve) => void setTimeout(resolve, 100))
  }
}
