/** Hundreds of real sessions in one process, with an application that is restless, and what must hold looked at all the time. */
import { serveOrders, settings as given } from '../gateway/child.ts'
import { runApplication } from './application.ts'
import type { Application } from './application.ts'
import { pagesOf } from './casts.ts'
import { chance } from './chance.ts'
import { count } from './figures.ts'
import { watchLag } from './lag.ts'
import type { ClientsOrder, ClientsSettings, ClientsState, Left } from './orders.ts'
import { openPage } from './page.ts'
import type { Page } from './page.ts'
import type { Surroundings } from './surroundings.ts'
import { verdicts } from './verdict.ts'
import { installWindow } from './window.ts'

const settings = given() as ClientsSettings
const random = chance(settings.seed)
const beganAt = performance.now()
const figures = {}
const judge = verdicts(() => `${((performance.now() - beganAt) / 1000).toFixed(1)} s`)
const lag = watchLag()
const thrown = { due: 0 }
const window = installWindow()
const around: Surroundings = { settings, figures, verdicts: judge, lag, thrown, window }

Object.assign(globalThis, {
  /** As in a browser: what a listener throws is told, and nothing else happens. */
  reportError(error: unknown) {
    count(figures, 'reported errors')
    if (!(error instanceof Error && error.message === 'soak: a listener throws')) judge.wrong('I17', 'page', `reported: ${String(error)}`)
  },
})
// What the library writes where: nothing.
for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const)
  console[name] = (...texts) => judge.wrong('I15', 'page', `something was logged: ${String(texts[0]).slice(0, 200)}`)
process.on('uncaughtException', (error) => judge.wrong('I16', 'process', `uncaught: ${String(error.stack ?? error)}`))
process.on('unhandledRejection', (error) => judge.wrong('I16', 'process', `unhandled: ${String(error)}`))

let pages: Page[] = []
let application: Application | null = null
let looking: NodeJS.Timeout | undefined

async function open(overMs: number): Promise<void> {
  pages = pagesOf(settings.sessions).map((name) => openPage(name, around))
  for (const page of pages) {
    for (const visit of page.visits) page.connect(visit)
    await pause(overMs / pages.length)
  }
  application = runApplication(pages, random, around)
  looking = setInterval(look, 1000)
}

function look(): void {
  const now = performance.now()
  for (const page of pages) page.look(now)
  const { 'listeners that threw': threw = 0, 'reported errors': reported = 0 } = figures as Record<string, number>
  if (threw !== reported) judge.wrong('I17', 'page', `${threw} listeners threw, ${reported} errors were reported`)
  for (const name in {}) judge.wrong('I16', 'page', `Object.prototype has got ${name}`)
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

function collected(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function state(): ClientsState {
  const visits = pages.flatMap((page) => page.visits)
  for (const page of pages) page.readTrace()
  const statuses: Record<string, number> = {}
  for (const { session } of visits) count(statuses, session.status.name)
  const heard: Record<string, number> = {}
  for (const page of pages)
    if (page.name.cast.route === 'gateway') for (const { name, account } of page.visits) heard[name] = account.heardUpTo
  return {
    figures,
    statuses,
    waiting: visits
      .filter(({ session }) => session.status.name !== 'connected')
      .slice(0, 5)
      .map(({ name, session }) => `${name} ${JSON.stringify(session.status)}`),
    violations: judge.violations,
    violationCount: judge.count,
    lagMs: lag.recentMs,
    heapBytes: collected(),
    rssBytes: process.memoryUsage.rss(),
    heard,
  }
}

async function close(): Promise<void> {
  application?.stop()
  clearInterval(looking)
  await Promise.all(pages.flatMap((page) => page.visits.map((visit) => page.close(visit))))
  for (const { visits } of pages) for (const { account } of visits) account.ends()
  look()
  lag.stop()
}

/** Asked again and again after the close, until there is nothing or too long has gone by. */
function left(): Left {
  const active = process.getActiveResourcesInfo()
  const sockets = pages.reduce((sum, page) => sum + page.sockets.size, 0)
  const requests = pages.reduce((sum, page) => sum + page.requests, 0)
  const { listeners } = window
  // The channel to the parent is a pipe; whatever else is a TCP connection was a session's.
  const wires = active.filter((name) => name === 'TCPSocketWrap' || name === 'TCPWRAP').length
  const rest = { timers: active.filter((name) => name === 'Timeout').length, sockets: Math.max(sockets, wires), requests, listeners }
  if (rest.timers + rest.sockets + rest.requests + rest.listeners === 0) pages = []
  return { ...rest, heapBytes: collected() }
}

function obey(order: ClientsOrder): unknown {
  switch (order.is) {
    case 'open':
      return open(order.overMs)
    case 'state':
      return state()
    case 'calm':
      return application?.calm()
    case 'close':
      return close()
    case 'left':
      return left()
    default:
      return order satisfies never
  }
}

serveOrders((order) => obey(order as ClientsOrder))
