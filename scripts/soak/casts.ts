/** Who the sessions are: three kinds of provider, five ways to hold a right. */
import { bitHuman } from '../../src/presets/bithuman.ts'
import { gateway } from '../../src/presets/gateway.ts'
import { hueChat } from '../../src/presets/huechat.ts'
import { humeEvi } from '../../src/presets/hume.ts'
import type { Preset } from '../../src/index.ts'
import { lives } from './orders.ts'
import type { PageTraits } from './page-account.ts'

export type CastName = 'bithuman' | 'hume' | 'gateway' | 'query' | 'huechat'

export interface Cast {
  readonly name: CastName
  /** How many sessions share a page's source. */
  readonly sessions: number
  readonly route: 'bithuman' | 'hume' | 'gateway'
  readonly traits: PageTraits
  /** Closes that say that the token is worth nothing. */
  readonly reauthorise: (code: number) => boolean
  /** The longest silence on a living link: idle time and answer time. */
  readonly silenceMs: number | null
  /** A message of the application; null: there is none. */
  readonly message: ((text: string) => object) | null
  readonly preset: (session: string, ports: { providers: number; gateway: number }) => Preset
}

/** One a half beat, or each five seconds where that is shorter; beats here are ten seconds and more. */
const refillMs = 5_000
const graceMs = 45_000
const lease = { kind: 'lease', refillMs, graceMs: Infinity } as const
const band = (code: number): boolean => code >= 4100 && code < 4200
const idle = { bithuman: { idleMs: 8_000, answerMs: 5_000 }, gateway: { idleMs: 60_000, answerMs: 10_000 } }

const throughGateway = (name: CastName, preset: Cast['preset'], message: Cast['message']): Cast => ({
  name,
  sessions: 1,
  route: 'gateway',
  traits: lease,
  reauthorise: band,
  silenceMs: idle.gateway.idleMs + idle.gateway.answerMs,
  message,
  preset,
})

const casts: Readonly<Record<CastName, Cast>> = {
  bithuman: {
    name: 'bithuman',
    sessions: 1,
    route: 'bithuman',
    traits: { kind: 'lease', refillMs, graceMs },
    reauthorise: (code) => code === 1008 || (code >= 4401 && code <= 4403),
    silenceMs: idle.bithuman.idleMs + idle.bithuman.answerMs,
    message: (text) => ({ type: 'speak', text }),
    preset: (session, { providers }) =>
      bitHuman<{ type: string }>({
        url: `ws://127.0.0.1:${providers}/bithuman/v1/runtime/${session}`,
        beatMs: (lives.bithuman * 1000) / 3,
        graceMs,
        ready: ({ type }) => type === 'ready',
        liveness: { ...idle.bithuman, probe: () => ({ type: 'speak', text: 'are you there' }) },
      }) as Preset,
  },
  hume: {
    name: 'hume',
    sessions: 2,
    route: 'hume',
    traits: { kind: 'ticket', refillMs, graceMs: Infinity },
    reauthorise: (code) => code === 1008,
    silenceMs: null,
    message: (text) => ({ type: 'user_input', text }),
    preset: (session, { providers }) =>
      humeEvi({ host: `ws://127.0.0.1:${providers}`, sessionSettings: { customSessionId: session } }) as Preset,
  },
  gateway: throughGateway(
    'gateway',
    (session, ports) => gateway({ url: `ws://127.0.0.1:${ports.gateway}/${session}` }),
    (text) => ({ text }),
  ),
  query: throughGateway(
    'query',
    (session, ports) => gateway({ url: `ws://127.0.0.1:${ports.gateway}/${session}`, lease: 'query' }),
    (text) => ({ text }),
  ),
  huechat: throughGateway(
    'huechat',
    (session, ports) => hueChat({ url: `ws://127.0.0.1:${ports.gateway}/${session}` }) as unknown as Preset,
    null,
  ),
}

/** Of each ten sessions: three of bitHuman, two of Hume on one ticket, five through a gateway. */
const turns: readonly CastName[] = ['bithuman', 'hume', 'gateway', 'bithuman', 'query', 'gateway', 'bithuman', 'huechat', 'gateway']

export interface PageName {
  readonly page: string
  readonly cast: Cast
  readonly sessions: readonly string[]
}

export const castOf = (name: CastName): Cast => casts[name]

/** The pages of so many sessions. The name of a session begins with that of its page: `P12-0`. */
export function pagesOf(sessions: number): PageName[] {
  const pages: PageName[] = []
  for (let made = 0, at = 0; made < sessions; at++) {
    const cast = casts[turns[at % turns.length]!]
    const own = Math.min(cast.sessions, sessions - made)
    pages.push({ page: `P${at}`, cast, sessions: Array.from({ length: own }, (_, index) => `P${at}-${index}`) })
    made += own
  }
  return pages
}

export const pageOf = (session: string): string => session.slice(0, session.indexOf('-'))

/** What marks a message of the application, wherever it is seen. */
export const mark = (session: string, n: number): string => `m:${session}:${n};`
export const marked = /m:(P\d+-\d+):(\d+);/
