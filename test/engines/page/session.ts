/** A page with one session, as the address says, that writes down what happened to it. */
import { createSession, statsOf, traceOf, type Notice, type PlainSessionOptions } from '../../../src/index.ts'
import { browserHost } from '../../../src/io/browser.ts'
import type { Host } from '../../../src/io/host.ts'
import { bitHuman } from '../../../src/presets/bithuman.ts'
import { counted } from './counted.ts'
import { paced } from './paced.ts'

/** What can be said in an address: the traits that are data, and how fast the page's time runs. */
export interface Wish {
  /** Default: 1. */
  readonly pace?: number
  /** Default: `/socket` on the page's own origin. */
  readonly path?: string
  readonly port?: number
  /** bitHuman's preset instead of the plain form. */
  readonly lease?: boolean
  /** The link is usable when the server says so. Default: when it is open. */
  readonly ready?: boolean
  readonly liveness?: { readonly idleMs: number; readonly answerMs: number }
}

const wish = JSON.parse(new URLSearchParams(location.search).get('wish') ?? '{}') as Wish
const { path = '/socket', port = location.port, pace = 1 } = wish
const { host: real, open } = counted(paced(browserHost(), pace))
/** How long the session had each socket before it let go of it by itself, by its own clock. */
const held: number[] = []
const host: Host = {
  ...real,
  socket(address, protocols) {
    const socket = real.socket(address, protocols)
    const [at, close] = [real.monotonic(), socket.close.bind(socket)]
    socket.close = (code, reason) => {
      held.push(Math.round(real.monotonic() - at))
      close(code, reason)
    }
    return socket
  },
}
const url = `ws://${location.hostname}:${port}${path}`
const liveness = wish.liveness && { ...wish.liveness, probe: () => ({ is: 'probe' }) }
const isReady = (message: unknown): boolean => (message as { is?: string }).is === 'ready'
const traits = { ...(liveness && { liveness }), ...(wish.ready && { ready: isReady }) }
const world = { tokenSource: '/token', host }
const plain: PlainSessionOptions<unknown, unknown> = { ...world, url, ...traits }
const session = wish.lease ? createSession({ ...world, preset: bitHuman({ url, ...traits }) }) : createSession(plain)

/** Page events and statuses, in order, and when they came by the session's own clock. */
const story: string[] = []
const times: number[] = []
const tell = (what: string): void => {
  story.push(what)
  times.push(Math.round(host.monotonic()))
}
addEventListener('pagehide', ({ persisted }) => tell(`pagehide ${persisted}`))
addEventListener('pageshow', ({ persisted }) => persisted && tell('pageshow true'))
addEventListener('online', () => tell('online'))
addEventListener('offline', () => tell('offline'))
document.addEventListener('freeze', () => tell('freeze'))
document.addEventListener('resume', () => tell('resume'))
document.addEventListener('visibilitychange', () => tell(document.visibilityState))
session.on('status', (status) => tell('reason' in status ? `${status.name} ${status.reason}` : status.name))

const notices: Notice[] = []
const messages: unknown[] = []
session.on('notice', (notice) => notices.push(notice))
session.on('message', (message) => messages.push(message))
const complaints: string[] = []
addEventListener('error', ({ message }) => complaints.push(message))
addEventListener('unhandledrejection', ({ reason }) => complaints.push(String(reason)))

/** Texts and bytes in turn, sent as fast as the browser takes them. Says whether all came back, in order and as they were. */
async function exchange(count: number): Promise<boolean> {
  const sent = Array.from({ length: count }, (_, n) => (n % 5 === 4 ? crypto.getRandomValues(new Uint8Array(n * 13)) : { n, text: 'ä€😀' }))
  messages.length = 0
  for (const message of sent) session.send(message)
  while (messages.length < count) await new Promise<void>((resolve) => session.on('message', () => resolve()))
  const shape = (message: unknown): string =>
    message instanceof ArrayBuffer || message instanceof Uint8Array ? new Uint8Array(message).join() : JSON.stringify(message)
  return sent.every((message, n) => shape(message) === shape(messages[n]))
}

const trace = traceOf(session, { limit: 5000 })
const page = {
  session,
  story,
  times,
  notices,
  messages,
  complaints,
  open,
  held,
  exchange,
  /** The close codes that the browser told. */
  codes: () => trace.entries.flatMap(({ event }) => (event.is === 'closed' ? [event.code] : [])),
  now: () => Math.round(host.monotonic()),
  stats: () => statsOf(session),
}
Object.assign(globalThis, { page })
void session.connect().catch(() => {})
