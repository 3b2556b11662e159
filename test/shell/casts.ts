/** Who plays: every preset that there is, and the plain form, each with the manners of the provider behind it. */
import type { PlainSessionOptions, Preset } from '../../src/index.ts'
import { agentHuman } from '../../src/presets/agenthuman.ts'
import { bitHuman } from '../../src/presets/bithuman.ts'
import { gateway } from '../../src/presets/gateway.ts'
import { hueChat } from '../../src/presets/huechat.ts'
import { humeEvi, humeTts } from '../../src/presets/hume.ts'

export interface Cast {
  readonly name: string
  readonly kind: 'ticket' | 'lease'
  readonly single: boolean
  /** Null: no socket. */
  readonly link: Link | null
  /** What the endpoint says, in seconds, and what holds where it does not. */
  readonly lifeS: number
  readonly defaultLifeMs: number
  readonly intervalMs: number
  readonly graceMs: number
  readonly release: boolean
  readonly verify: string | null
  /** Sessions that share the source. */
  readonly sessions: number
  /** Functions of its preset that are the application's own, and may throw. */
  readonly traps: readonly string[]
  /** How often it is drawn. */
  readonly weight: number
  /** `part`: the session's number, which its addresses carry. `trap()` throws when a fault says so. */
  readonly options: (part: number, trap: (where: string) => void) => Options
}

type Options = { readonly preset: Preset<never, never> } | Omit<PlainSessionOptions<unknown, unknown>, 'tokenSource' | 'host'>

export interface Link {
  readonly token: 'query' | 'subprotocol' | 'first-frame' | 'url'
  /** What the provider does with a bad grant: refuses the handshake, or closes the open socket with `reauthorise`. */
  readonly bad: 'handshake' | 'close'
  readonly reauthorise: number
  readonly stop: number | null
  readonly continuity: 'none' | 'query' | 'cursor' | 'replace'
  /** The parameter that carries it. */
  readonly offer: string | null
  readonly liveness: { readonly idleMs: number; readonly answerMs: number } | null
  /** The frame that says that a link is ready; null where the open socket is enough. */
  readonly ready: ((place: { id: string; resumed: boolean; spreadMs: number }) => object) | null
  /** A message of the provider. */
  readonly says: (n: number) => object
  /** The error frame that rejects a grant, where there is one. */
  readonly denies: object | null
  readonly shows: boolean
}

const typed = (n: number): object => ({ type: 'hi', m: n })

const gatewayLink: Link = {
  token: 'first-frame',
  bad: 'close',
  reauthorise: 4101,
  stop: 4000,
  continuity: 'cursor',
  offer: null,
  liveness: { idleMs: 60_000, answerMs: 10_000 },
  ready: ({ id, resumed, spreadMs }) => ({
    type: 'ready',
    version: 1,
    session: 's',
    cursor: id,
    resumed,
    expires_in: 120,
    ack_every: 32,
    spread_ms: spreadMs,
  }),
  says: (n) => ({ type: 'message', message: { m: n } }),
  denies: null,
  shows: true,
}

const humeLink: Link = {
  token: 'query',
  bad: 'handshake',
  reauthorise: 1008,
  stop: 1000,
  continuity: 'query',
  offer: 'resumed_chat_group_id',
  liveness: null,
  ready: ({ id }) => ({ type: 'chat_metadata', chat_group_id: id, chat_id: 'c', request_id: 'r' }),
  says: (n) => ({ type: 'assistant_message', m: n }),
  denies: null,
  shows: false,
}

const plainLink: Link = {
  token: 'query',
  bad: 'close',
  reauthorise: 4401,
  stop: 4403,
  continuity: 'query',
  offer: 'resume',
  liveness: { idleMs: 20_000, answerMs: 5_000 },
  ready: ({ id }) => ({ type: 'ready', id }),
  says: typed,
  denies: { type: 'no' },
  shows: false,
}

type Said = { readonly type?: string } | null
const never = Infinity
const lease = { kind: 'lease', single: false, release: false, verify: null, sessions: 1, weight: 2, intervalMs: 60_000, traps: [] } as const
const ticket = { ...lease, kind: 'ticket', intervalMs: never, graceMs: never } as const
const hume = { ...ticket, lifeS: 120, defaultLifeMs: 1_800_000, verify: 'https://api.hume.ai/v0/evi/chats?page_size=1' } as const

const plainParts = (trap: (where: string) => void) => ({
  ready: (message: unknown) => (trap('ready'), (message as Said)?.type === 'ready'),
  control: (message: unknown) => {
    trap('control')
    const type = (message as Said)?.type
    if (type === 'no') return { is: 'rejected' } as const
    return type === 'ok' ? ({ is: 'ack' } as const) : undefined
  },
})

/**
 * A ticket is given two minutes of life, so that its source has a beat each minute like a lease; the 30 minutes of the real
 * one are played too, but hours with so few beats do not count.
 */
export const casts: readonly Cast[] = [
  { ...hume, name: 'Hume EVI', sessions: 2, link: humeLink, options: (part) => ({ preset: humeEvi({ configId: `s${part}` }) as never }) },
  {
    ...hume,
    name: 'Hume EVI, 30 min',
    lifeS: 1800,
    weight: 0.4,
    link: humeLink,
    options: (part) => ({ preset: humeEvi({ configId: `s${part}` }) as never }),
  },
  {
    ...hume,
    name: 'Hume TTS',
    verify: null,
    link: { ...humeLink, ready: null, continuity: 'none', offer: null, says: (n) => ({ audio: 'AAAA', m: n }) },
    options: (part) => ({ preset: humeTts({ contextGenerationId: `s${part}` }) as never }),
  },
  {
    ...lease,
    name: 'bitHuman',
    link: null,
    lifeS: 300,
    defaultLifeMs: 300_000,
    graceMs: 300_000,
    release: true,
    options: () => ({ preset: bitHuman() as never }),
  },
  {
    ...lease,
    name: 'bitHuman, runtime',
    traps: ['ready'],
    lifeS: 300,
    defaultLifeMs: 300_000,
    graceMs: 300_000,
    release: true,
    link: {
      ...plainLink,
      stop: null,
      continuity: 'none',
      offer: null,
      denies: null,
      liveness: { idleMs: 30_000, answerMs: 10_000 },
    },
    options: (_part, trap) => ({
      preset: bitHuman({
        url: 'wss://runtime.test/live',
        ready: (message) => (trap('ready'), (message as Said)?.type === 'ready'),
        liveness: { idleMs: 30_000, probe: () => ({ type: 'ping' }) },
      }) as never,
    }),
  },
  {
    ...lease,
    name: 'AgentHuman',
    single: true,
    intervalMs: never,
    graceMs: never,
    lifeS: 3600,
    defaultLifeMs: 3_600_000,
    release: true,
    weight: 0.6,
    link: {
      ...humeLink,
      token: 'first-frame',
      bad: 'close',
      reauthorise: 0,
      continuity: 'replace',
      offer: null,
      ready: () => ({ type: 'connection.established', session_id: 's' }),
      says: typed,
    },
    options: () => ({ preset: agentHuman() as never }),
  },
  {
    ...lease,
    name: 'gateway',
    lifeS: 120,
    defaultLifeMs: 120_000,
    graceMs: never,
    link: gatewayLink,
    options: () => ({ preset: gateway({ url: 'wss://gateway.test/live' }) as never }),
  },
  {
    ...lease,
    name: 'HueChat',
    lifeS: 120,
    defaultLifeMs: 120_000,
    graceMs: never,
    link: { ...gatewayLink, token: 'query', offer: 'cursor' },
    options: () => ({ preset: hueChat({ url: 'wss://gateway.test/huechat', lease: 'query' }) as never }),
  },
  {
    ...ticket,
    name: 'plain ticket',
    traps: ['ready', 'control', 'url', 'probe'],
    lifeS: 120,
    defaultLifeMs: 300_000,
    sessions: 2,
    link: plainLink,
    options: (part, trap) => ({
      url: () => (trap('url'), `wss://plain.test/live?s=s${part}`),
      ...plainParts(trap),
      continuity: { kind: 'query', name: 'resume' },
      liveness: { idleMs: 20_000, answerMs: 5_000, probe: () => (trap('probe'), { type: 'ping' }) },
    }),
  },
  {
    ...lease,
    name: 'plain lease',
    traps: ['ready', 'control', 'url', 'show', 'protocols'],
    lifeS: 150,
    defaultLifeMs: 120_000,
    graceMs: 100_000,
    weight: 2.5,
    link: { ...plainLink, token: 'subprotocol', continuity: 'none', offer: null, liveness: null, shows: true },
    options: (part, trap) => ({
      kind: 'lease',
      url: () => (trap('url'), `wss://plain.test/live?s=s${part}`),
      placement: { in: 'subprotocol', protocols: (token) => (trap('protocols'), ['app', token]) },
      heartbeat: { intervalMs: 60_000, graceMs: 100_000, show: (token) => (trap('show'), { type: 'renew', token }) },
      ...plainParts(trap),
    }),
  },
  {
    ...ticket,
    name: 'plain, one use',
    traps: ['control', 'frame'],
    single: true,
    lifeS: 120,
    defaultLifeMs: 300_000,
    weight: 0.4,
    link: { ...plainLink, token: 'first-frame', ready: null, continuity: 'none', offer: null, liveness: null },
    options: (part, trap) => ({
      url: `wss://plain.test/once?s=s${part}`,
      use: 'single',
      placement: { in: 'first-frame', frame: (token) => (trap('frame'), { type: 'auth', token }) },
      control: plainParts(trap).control,
    }),
  },
  {
    ...ticket,
    name: 'plain, signed address',
    traps: ['control'],
    lifeS: 120,
    defaultLifeMs: 300_000,
    link: { ...plainLink, token: 'url', ready: null, continuity: 'none', offer: null, liveness: null },
    options: (part, trap) => ({
      url: `wss://plain.test/signed?s=s${part}`,
      placement: { in: 'url' },
      control: plainParts(trap).control,
    }),
  },
]
