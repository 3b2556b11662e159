/**
 * Who plays in the suite: each preset with its emulated provider and the backend's mint. Only here is a provider named;
 * what has to happen is read from the preset's traits.
 */
import { createAgenthuman, createBithuman, createHuechat, createHume } from '../../src/emulator/index.ts'
import type { Preset } from '../../src/index.ts'
import { agentHuman } from '../../src/presets/agenthuman.ts'
import { bitHuman } from '../../src/presets/bithuman.ts'
import { gateway } from '../../src/presets/gateway.ts'
import { hueChat } from '../../src/presets/huechat.ts'
import { humeEvi, humeTts } from '../../src/presets/hume.ts'
import { createGateway } from '../../src/server/gateway/gateway.ts'
import { agenthumanMint, bithumanMint, huechat, humeMint } from '../../src/server/index.ts'
import type { Mint } from '../../src/server/index.ts'
import { memoryStore } from '../../src/server/store/memory.ts'
import { huechatWebhooks } from '../../src/server/webhooks/huechat.ts'
import type { Front, Pace, Station } from './fronts.ts'

export interface Role {
  /** With the address of the emulated provider, `wss://…`. */
  readonly preset: (wsUrl: string, pace: Pace) => Preset<never, never>
  /** Who signs the tokens: the provider, asked with its key at each mint, or the backend itself. */
  readonly signedBy: 'provider' | 'backend'
  /** `seconds`: the life of a grant. */
  readonly cast: (front: Front, seconds: number) => Promise<Cast>
}

export interface Cast {
  readonly mint: Mint
  /** What the socket goes to. */
  readonly station: Station
  /** Makes the other side answer: something to send, or something that happens there. */
  readonly stir: { readonly send: unknown } | { readonly happen: () => unknown }
  readonly answers: (message: Record<string, unknown>) => boolean
  /** The provider's key is another one now; the backend has the old one until `install`. */
  rotate(): void
  install(): void
  /** The backend withdraws the user's right, besides refusing his mints. */
  revoke(): unknown
}

const day = 24 * 3600 * 1000

export const roles: Readonly<Record<string, Role>> = {
  'Hume EVI': {
    preset: (host) => humeEvi({ host }) as never,
    signedBy: 'provider',
    cast: async (front, seconds) => ({
      ...(await hume(front, seconds)),
      stir: { send: { type: 'user_input', text: 'Hello' } },
      answers: ({ type }) => type === 'assistant_message',
    }),
  },
  'Hume TTS': {
    preset: (host) => humeTts({ host, noBinary: true }) as never,
    signedBy: 'provider',
    cast: async (front, seconds) => ({
      ...(await hume(front, seconds)),
      stir: { send: { text: 'Hello', flush: true } },
      answers: ({ type }) => type === 'audio',
    }),
  },
  'bitHuman, a runtime of one’s own': {
    preset: (wsUrl, { graceMs }) => bitHuman({ url: `${wsUrl}/v1/runtime/A1`, graceMs }) as never,
    signedBy: 'provider',
    cast: bithuman,
  },
  'bitHuman, the lease only': {
    preset: (_wsUrl, { graceMs }) => bitHuman({ graceMs }) as never,
    signedBy: 'provider',
    cast: bithuman,
  },
  AgentHuman: {
    preset: (host) => agentHuman({ host }) as never,
    signedBy: 'provider',
    cast: agenthuman,
  },
  HueChat: {
    preset: (wsUrl) => hueChat({ url: `${wsUrl}/socket` }) as never,
    signedBy: 'backend',
    cast: hueChatBehindGateway,
  },
  gateway: {
    preset: (wsUrl) => gateway({ url: `${wsUrl}/socket`, lease: 'query' }) as never,
    signedBy: 'backend',
    cast: async (front, seconds) => {
      const { publish, ...cast } = await ownGateway(front, seconds, {})
      return { ...cast, stir: { happen: publish }, answers: ({ said }) => said === 'Hello' }
    },
  },
}

type Half = Omit<Cast, 'stir' | 'answers'>

async function hume(front: Front, seconds: number): Promise<Half> {
  const provider = createHume({ world: front.world, tokenTtlSeconds: seconds, inactivityMs: day, maxDurationMs: day })
  const station = await front.serve('https://api.hume.ai', provider)
  let pair = provider.installed[0]!
  return {
    mint: humeMint({ host: station.url, fetch: front.fetch, credentials: () => pair }),
    station,
    rotate: () => void provider.regenerateKeys(),
    install: () => (pair = provider.installed[0]!),
    revoke: () => {},
  }
}

async function bithuman(front: Front, seconds: number): Promise<Cast> {
  const provider = createBithuman({ world: front.world, tokenTtlSeconds: seconds, fps: 0, lapseCloseSeconds: 1 })
  const station = await front.serve('https://api.bithuman.ai', provider)
  let secret = provider.secret
  return {
    mint: bithumanMint({ host: station.url, fetch: front.fetch, secret: () => secret }),
    station,
    stir: { send: { type: 'speak', text: 'Hello' } },
    answers: ({ type, text }) => type === 'transcript' && text === 'Hello',
    rotate: () => void provider.rotate(),
    install: () => (secret = provider.secret),
    revoke: () => {},
  }
}

async function agenthuman(front: Front, seconds: number): Promise<Cast> {
  const provider = createAgenthuman({ world: front.world, sessionSeconds: seconds, minutes: 10_000, maxConcurrent: 1 })
  const station = await front.serve('https://api.agenthuman.com', provider)
  let key = provider.key
  const mint = agenthumanMint({
    host: station.url,
    fetch: front.fetch,
    key: () => key,
    session: () => ({ avatar: 'avat_1', aspect_ratio: '1:1' }),
    wallClock: () => front.world.now(),
  })
  const audio = Buffer.from(new Int16Array(160).buffer).toString('base64')
  return {
    mint,
    station,
    stir: { send: { type: 'audio', audio, sample_rate: 16_000 } },
    answers: ({ audio_samples }) => audio_samples === 160,
    rotate: () => void provider.rotate(),
    install: () => (key = provider.key),
    revoke: () => {},
  }
}

async function hueChatBehindGateway(front: Front, seconds: number): Promise<Cast> {
  const provider = createHuechat({ world: front.world, deliver: (request) => front.fetch(request), deliveryMs: 1 })
  const api = await front.serve('https://api.huechat.ai', provider)
  let key = provider.key
  let secret = ''
  const { publish: _own, ...cast } = await ownGateway(front, seconds, {
    upstream: huechat({ key: () => key, hosts: { live: api.url }, fetch: front.fetch }),
    webhooks: { huechat: huechatWebhooks({ audience: () => ['ann'], secret: () => secret }) },
  })
  const registered = await front.fetch(
    new Request(`${api.url}/v2/webhooks`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ url: `${cast.station.url}/webhooks/huechat`, events: ['message.received'], active: true }),
    }),
  )
  secret = ((await registered.json()) as { signing_secret: string }).signing_secret
  return {
    ...cast,
    stir: { happen: () => provider.incoming('+15550100', 'Hello') },
    answers: ({ type }) => type === 'message.received',
    // With overlap, as its page says: a new key, the switch, and only then is the old one deleted.
    rotate() {
      const old = key
      key = provider.rotateKey(old)
      provider.deleteKey(old)
    },
  }
}

async function ownGateway(front: Front, seconds: number, more: object): Promise<Half & { publish: () => unknown }> {
  const { now, timer } = front.world
  const keys = [{ kid: 'a', secret: 'a'.repeat(32) }]
  const own = createGateway({
    audience: 'https://gateway.test',
    keys: () => keys,
    store: memoryStore({ now, timer }),
    origins: [front.origin],
    lease: { lifetimeSeconds: seconds, scopes: () => ['conversations:read'] },
    world: front.world,
    ...more,
  })
  const station = await front.serve('https://gateway.test', own)
  let said = 0
  return {
    station,
    mint: own.mint,
    publish: () => own.publish({ id: String(++said), said: 'Hello' } as { id: string }, ['ann']),
    // The new signing key in front, the old one still there: PROTOCOL.md §2.3.
    rotate: () => void keys.unshift({ kid: `b${keys.length}`, secret: 'b'.repeat(32) }),
    install: () => {},
    revoke: () => own.revoke('ann'),
  }
}
