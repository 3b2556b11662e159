/** One seed: a world with its fault plan, then the same world healed, then everything closed. */
import { traceOf } from '../../src/index.ts'
import { Random } from '../simulation/random.ts'
import { Census } from './census.ts'
import type { Client } from './client.ts'
import { planFor, type Fault } from './faults.ts'
import { strike } from './strike.ts'
import { players, World, type Player, type Violation } from './world.ts'

/** Everything that a run is made of; a regression file holds one. */
export interface Scene {
  readonly players: readonly Player[]
  readonly plan: readonly Fault[]
  readonly untilMs: number
  /** When all is healed, nobody tells the page so: no hint, no button. */
  readonly alone?: boolean
}

export interface Outcome {
  readonly violation: Violation | null
  readonly hash: string
}

export interface Drawn {
  /** Clients in a world, and how long it lasts, in hours. */
  readonly clients?: number
  readonly hours?: number
  /** From one fault of a client to its next, on average. */
  readonly everyMs?: number
  readonly only?: readonly string[]
}

const hourMs = 3_600_000

export function sceneOf(seed: number, { clients = 4, hours = 3, everyMs = 49_000, only }: Drawn = {}): Scene {
  const random = new Random(seed)
  const cast = players(random, clients)
  const plan = planFor(random, cast, hours * hourMs, everyMs, only)
  return { players: cast, plan, untilMs: hours * hourMs, alone: random.chance(0.5) }
}

/** A server that said "not before" is not healed before; whatever waits longer is brought forward by the page's hints. */
const helpedMs = 130_000
/** Without hints: a probe or a forced mint of eight minutes, the longest backoff of mint and dial, a handshake and its ready frame. */
const aloneMs = 480_000 + 60_000 + 30_000 + 20_000 + 10_000

export async function play(
  { players, plan, untilMs, alone = false }: Scene,
  census = new Census(),
  log?: (line: string) => void,
): Promise<Outcome> {
  // From here on this is a microtask, as `drained` needs it.
  await Promise.resolve()
  const world = new World(players, census, log)
  census.worlds++
  const traces = world.clients.map(({ apps }) => traceOf(apps[0]!.session, { limit: 5 }))
  for (const client of world.clients) client.start()
  for (const fault of plan) {
    const client = world.clients[fault.client]!
    world.schedule.add(fault.atMs, () => {
      world.touched = client
      strike(client, fault)
    })
  }
  await world.run(untilMs)
  const healMs = alone ? aloneMs : helpedMs
  for (const client of world.clients) heals(client, alone)
  await world.run(untilMs + healMs)
  for (const client of world.clients)
    for (const app of client.apps) if (world.violation === null) demandConnected(client, app.session.status.name, healMs)
  for (const [index, { entries }] of traces.entries()) world.clients[index]!.account.leaks('a trace', JSON.stringify(entries))
  for (const client of world.clients) {
    client.left = true
    for (const app of client.apps) client.device.task(world.schedule.now, () => app.press('close'))
  }
  await world.run(untilMs + healMs + 15_000)
  if (world.violation === null) for (const client of world.clients) nothingLeft(client)
  return { violation: world.violation, hash: world.trace.toString() }
}

function demandConnected({ account, provider, cast }: Client, name: string, healMs: number): void {
  if (name !== 'connected') account.say('I18', `${name} ${healMs} ms after all faults ended`)
  else if (cast.link && !provider.socketOf(1)) account.say('I18', 'connected, and the provider knows nothing of it')
}

/** All faults end: nobody refuses, drops or hangs any more, and the page is seen. Alone, it is told no more than that. */
function heals(client: Client, alone: boolean): void {
  const { device, endpoint, provider, world, apps } = client
  const { now } = world.schedule
  client.healed = true
  client.trapAt = client.button = null
  endpoint.faults.length = provider.faults.length = 0
  endpoint.keyBackAt = endpoint.rightBackAt = now
  device.frozenUntil = Math.min(device.frozenUntil, now)
  device.throttled = false
  device.moveTimers(0)
  for (const socket of [...device.sockets]) {
    // Turned away by a frame that a throwing `control` did not read: no server lets such a socket stand for ever.
    if (socket.live && (socket.silent || (socket.readyState === 1 && !socket.accepted))) {
      socket.silent = false
      provider.ends(socket, 1006)
    }
    socket.stalled = false
    socket.bufferedAmount = 0
  }
  const hint = (afterMs: number, run: () => void): void => void device.task(now + afterMs, run)
  if (!alone || device.away) hint(0, () => device.page('back'))
  if (!alone || device.hidden) hint(1, () => device.page('visible'))
  if (alone) return
  // The second time, everything that hung has met its deadline; a Retry-After may still stand.
  for (const afterMs of [2, 25_000, 50_000]) {
    hint(afterMs, () => {
      device.page('online')
      for (const { session } of apps) {
        void session.connect()
        session.resume()
      }
    })
  }
}

/** I7: nothing of a closed session is left. */
function nothingLeft({ account, device, apps }: Client): void {
  for (const app of apps) {
    if (app.session.status.name !== 'closed') account.say('I7', `${app.session.status.name} after close()`)
    if (app.closing > 0) account.say('I7', 'close() has not settled')
    if (app.pending > 0) account.say('I7', `${app.pending} promises have not settled`)
  }
  if (device.timers.size > 0) account.say('I7', `${device.timers.size} timers are left`)
  if (device.pages.size > 0) account.say('I7', 'the page is still listened to')
  if (account.inFlight > 0) account.say('I7', 'a token request is still in flight')
  for (const socket of device.sockets) if (socket.live) account.say('I7', 'a socket is still open')
}
