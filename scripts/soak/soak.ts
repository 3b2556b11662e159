/** The run: sessions, chaos, an account of both ends; then all is healed, and closed, and what is left is counted. */
import { startChild } from '../gateway/child.ts'
import { pagesOf, pageOf } from './casts.ts'
import { chance } from './chance.ts'
import { startChaos } from './chaos.ts'
import { lackingIn, sumOf } from './figures.ts'
import type { Figures } from './figures.ts'
import { openHouse } from './house.ts'
import { watchLag } from './lag.ts'
import type { ClientsSettings, ClientsState, Left, Plant } from './orders.ts'
import { startPublisher } from './publisher.ts'
import { openTokenWay } from './token-way.ts'
import { verdicts } from './verdict.ts'
import { WayAccount } from './way-account.ts'
import { openWay } from './way.ts'

export interface SoakOptions {
  readonly sessions: number
  readonly minutes: number
  readonly seed: number
  readonly plant?: Plant | undefined
}

/**
 * When all is healed, a session is back within: the longest wait of a probe (20 s) or of a backoff (30 s), what the endpoint asked it
 * to wait (9 s), one token request and one handshake that were already lost (10 s each), and a beat (20 s).
 */
const backWithinMs = 100_000
/** `ws` waits 30 s for a farewell that does not come. */
const goneWithinMs = 45_000
/** Heap after a collection may differ by this much, and still not grow. */
const heapGrowth = { factor: 1.2, bytes: 8 * 2 ** 20 }

export async function soak(
  program: (name: string) => string,
  { sessions, minutes, seed, plant }: SoakOptions,
  say: (line: string) => void,
): Promise<boolean> {
  const beganAt = performance.now()
  const clock = (): string => `${((performance.now() - beganAt) / 1000).toFixed(1)} s`
  const judge = verdicts(clock)
  const pages = pagesOf(sessions)
  const byName = new Map(pages.map((page) => [page.page, page]))
  const figures: Figures = {}
  const lag = watchLag()
  let clientsLagMs = 0
  let clientsWorstMs = 0
  const lagMs = (): number => Math.max(lag.recentMs, clientsLagMs)
  const account = new WayAccount(judge.wrong)

  const house = await openHouse(program)
  const { providers, a, b } = house.servers
  const common = { pages: byName, account, figures }
  const ways = [
    await openWay({ ...common, ports: () => [providers.port] }),
    await openWay({ ...common, ports: () => (b.up ? [a.port, b.port] : [a.port]) }),
  ] as const
  const tokens = await openTokenWay({
    account,
    figures,
    endpoints: (route, page) => {
      if (route !== 'gateway') return [`http://127.0.0.1:${providers.port}/token/${route}`]
      const both = [a, b].map(({ port }) => `http://127.0.0.1:${port}/token`)
      return page.length % 2 === 0 ? both : both.reverse()
    },
  })
  const settings: ClientsSettings = {
    sessions,
    seed,
    providersPort: ways[0].port,
    gatewayPort: ways[1].port,
    tokenPort: tokens.port,
    canaries: house.keys,
    plant,
  }
  const clients = await startChild(program('clients-process'), settings, ['--expose-gc'])
  const openMs = Math.min(20_000, sessions * 40)
  await clients.ask({ is: 'open', overMs: openMs })
  const publisher = startPublisher(
    pages.filter(({ cast }) => cast.route === 'gateway').map(({ page }) => page),
    house,
  )
  say(`${sessions} sessions on ${pages.length} pages, seed ${seed}; ${minutes} minutes of chaos`)

  const looking = setInterval(() => account.look(performance.now(), lagMs()), 250)
  let state = await clients.ask<ClientsState>({ is: 'state' })
  const look = async (): Promise<ClientsState> => {
    state = await clients.ask<ClientsState>({ is: 'state' })
    clientsLagMs = state.lagMs
    clientsWorstMs = Math.max(clientsWorstMs, state.lagMs)
    return state
  }
  const polling = setInterval(() => void look().catch(() => {}), 5_000)

  /** Each once, as soon as it is known. */
  const told = new Set<string>()
  const tell = (violations: readonly string[]): void => {
    for (const violation of violations) if (!told.has(violation)) say(`VIOLATION ${violation}`)
    for (const violation of violations) told.add(violation)
  }

  const chaos = startChaos({ pages, chance: chance(seed + 1), figures, house, ways, tokens })
  const chaosBegan = performance.now()
  const baselineMinute = Math.min(5, Math.max(1, Math.floor(minutes / 2)))
  let baseline: ClientsState | null = null
  for (let minute = 1; minute <= Math.ceil(minutes); minute++) {
    await pause(chaosBegan + Math.min(minute, minutes) * 60_000 - performance.now())
    const now = await look()
    if (minute === baselineMinute) baseline = now
    say(line(minute, now, sumOf(figures, 'F '), judge.count, lagMs()))
    tell([...now.violations, ...judge.violations])
  }
  const atEnd = await look()

  // Everything is well again.
  await chaos.heal()
  const failed = (await clients.ask<Record<string, number> | null>({ is: 'calm' })) ?? {}
  const healedAt = performance.now()
  await until(async () => connectedIn(await look()) === sessions, backWithinMs + 2 * lagMs())
  const backMs = performance.now() - healedAt
  const back = connectedIn(state)
  if (back !== sessions)
    judge.wrong(
      'I18',
      'all',
      `${back} of ${sessions} connected after ${Math.round(backMs / 1000)} s; waiting: ${state.waiting.join(' · ')}`,
    )
  await publisher.finish()
  const missing = (): string[] =>
    Object.entries(state.heard)
      .filter(([session, n]) => n !== publisher.kept.get(pageOf(session)))
      .map(([session]) => session)
  await until(async () => (await look(), missing().length === 0), 20_000)
  const short = missing()
  for (const session of short)
    judge.wrong('I10', session, `heard up to ${state.heard[session]}, told up to ${publisher.kept.get(pageOf(session))}`)
  const healed = await look()

  // And over.
  clearInterval(polling)
  await clients.ask({ is: 'close' })
  const closed = await look()
  let left = await clients.ask<Left>({ is: 'left' })
  const closedAt = performance.now()
  const isNothing = ({ timers, sockets, requests, listeners }: Left): boolean => timers + sockets + requests + listeners === 0
  await until(async () => isNothing((left = await clients.ask<Left>({ is: 'left' }))), goneWithinMs)
  if (!isNothing(left)) judge.wrong('I7', 'all', `left ${goneWithinMs / 1000} s after close(): ${JSON.stringify(left)}`)
  const goneMs = performance.now() - closedAt
  const atServers = ways.reduce((sum, way) => sum + way.live.size, 0)
  if (atServers > 0) judge.wrong('I7', 'all', `${atServers} connections at the servers after close()`)
  if (baseline && minutes - baselineMinute >= 5 && atEnd.heapBytes > baseline.heapBytes * heapGrowth.factor + heapGrowth.bytes)
    judge.wrong('I7', 'process', `the heap grew from ${mib(baseline.heapBytes)} to ${mib(atEnd.heapBytes)}`)
  clearInterval(looking)

  const violations = [...closed.violations, ...judge.violations]
  const all = { ...figures, ...closed.figures }
  table(say, all)
  say('')
  say(
    `all healed: ${back} of ${sessions} connected after ${(backMs / 1000).toFixed(1)} s (at most ${backWithinMs / 1000}); ended by a verdict before: ${JSON.stringify(failed)}`,
  )
  say(
    `events of gateways: ${[...publisher.kept.values()].reduce((sum, n) => sum + n, 0)} kept, ${closed.figures['events heard']} heard, ${short.length} sessions short of the last; gaps told: ${sumOf(closed.figures, 'notice gap gateway')}`,
  )
  say(
    `after close(): ${left.timers} timers, ${left.sockets} sockets, ${left.requests} requests, ${left.listeners} listeners, ${goneMs < 1000 ? 'at once' : `after ${(goneMs / 1000).toFixed(1)} s`}`,
  )
  say(
    `heap after a collection (RSS): minute ${baselineMinute} ${mib(baseline?.heapBytes ?? 0)} (${mib(baseline?.rssBytes ?? 0)}), end of chaos ${mib(atEnd.heapBytes)} (${mib(atEnd.rssBytes)}), healed ${mib(healed.heapBytes)}, closed and forgotten ${mib(left.heapBytes)}`,
  )
  say(
    `worst lag of an event loop: ${Math.round(clientsWorstMs)} ms in the sessions' process, ${Math.round(lag.worstMs)} ms in the network's; bounds in time were widened by what was measured`,
  )
  tell(violations)
  const wrong = closed.violationCount + judge.count
  if (wrong > violations.length) say(`(the first ${violations.length} of them)`)
  const lacking = lackingIn(all, { sessions, minutes })
  for (const what of lacking) say(`TOO LITTLE ${what}`)
  say(`${wrong} violations${lacking.length > 0 ? ', but too little happened' : ''}`)

  await clients.kill()
  for (const way of ways) way.close()
  tokens.close()
  lag.stop()
  await house.close()
  return wrong === 0 && lacking.length === 0
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, Math.max(0, ms)))
const connectedIn = ({ statuses }: ClientsState): number => statuses['connected'] ?? 0
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

async function until(holds: () => Promise<boolean>, limitMs: number): Promise<void> {
  for (const end = performance.now() + limitMs; !(await holds()) && performance.now() < end;) await pause(250)
}

function line(
  minute: number,
  { statuses, figures, violationCount, heapBytes, rssBytes }: ClientsState,
  faults: number,
  wrong: number,
  lagMs: number,
): string {
  const shown = Object.entries(statuses)
    .sort(([, one], [, other]) => other - one)
    .map(([name, number]) => `${number} ${name}`)
  const parts = [
    `minute ${minute}: ${shown.join(', ')}`,
    `${faults} faults`,
    `${figures['token requests']} token requests`,
    `${figures['dials']} dials`,
    `${figures['events heard']} events`,
    `${figures['messages sent']} messages`,
    `heap ${mib(heapBytes)}, RSS ${mib(rssBytes)}`,
    `lag ${Math.round(lagMs)} ms`,
    `${violationCount + wrong} violations`,
  ]
  return parts.join('; ')
}

function table(say: (line: string) => void, figures: Figures): void {
  say('')
  const rows = Object.entries(figures).sort(([one], [other]) => (one < other ? -1 : 1))
  const faults = rows.filter(([name]) => name.startsWith('F '))
  const acts = rows.filter(([name]) => name.startsWith('A '))
  const rest = rows.filter(([name]) => !name.startsWith('F ') && !name.startsWith('A '))
  for (const [title, own] of [
    ['faults', faults],
    ['the application', acts],
    ['what was seen', rest],
  ] as const) {
    say(`${title}:`)
    for (const [name, value] of own) say(`  ${String(value).padStart(8)}  ${name.replace(/^[FA] /, '')}`)
  }
}
