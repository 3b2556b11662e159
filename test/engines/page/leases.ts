/** Leases of a minute, each with a socket of its own, in real time: what else they have to do is what differs. */
import { createSession, statsOf, type Stats } from '../../../src/index.ts'
import { bitHuman } from '../../../src/presets/bithuman.ts'

const probe = (): object => ({ is: 'probe' })
const liveness = { idleMs: 5000, answerMs: 5000, probe }
const url = `ws://${location.host}/socket`
/** A way to the same server that falls silent one day. */
const frail = `ws://${location.hostname}:${new URLSearchParams(location.search).get('frail')}/socket`
const presets = {
  'a beat': bitHuman({ url }),
  'a beat, and a silent server to probe': bitHuman({ url, liveness }),
  'a beat, and a server that talks': bitHuman({ url: `${url}?talk`, liveness }),
  'a beat, and a link that falls silent': bitHuman({ url: frail, liveness: { idleMs: 60_000, answerMs: 10_000, probe } }),
}

export interface LeaseReport {
  readonly story: readonly string[]
  /** When each part of the story was told, by the page's clock. */
  readonly times: readonly number[]
  readonly stats: Stats
  /** Notices of timers that came late, in ms. */
  readonly late: readonly number[]
}

const reports: Record<string, () => LeaseReport> = {}
for (const [name, preset] of Object.entries(presets)) {
  const session = createSession({ preset, tokenSource: '/token' })
  const story: string[] = []
  const times: number[] = []
  const late: number[] = []
  session.on('status', (status) => {
    story.push(status.name)
    times.push(performance.now())
  })
  session.on('notice', (notice) => void (notice.name === 'late' && late.push(Math.round(notice.byMs))))
  reports[name] = () => ({ story, times, late, stats: statsOf(session) })
  void session.connect()
}

/** When the page was last hidden, and how much has to pass until a timer of the page itself, armed by timers, comes: is it throttled at all? */
const gaps: number[] = []
let before = performance.now()
setInterval(() => {
  const now = performance.now()
  gaps.push(Math.round(now - before))
  before = now
}, 1000)

Object.assign(globalThis, {
  now: () => performance.now(),
  visibility: () => document.visibilityState,
  slowest: () => Math.max(...gaps),
  report: () => Object.fromEntries(Object.entries(reports).map(([name, read]) => [name, read()])),
})
