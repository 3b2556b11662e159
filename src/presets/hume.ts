import { tokenHost } from '../wire/address.ts'
import type { EviInbound, EviOutbound, TtsInbound, TtsOutbound } from './hume.schemas.ts'
import type { CloseCodeRange, MessageSchemas, Preset } from './preset.ts'
import { definePreset } from './preset.ts'
import type { Kinds } from './query.ts'
import { queryOf } from './query.ts'

export { humeExpressionMeasurement } from './hume.expression.ts'
export type { EviInbound, EviOutbound, TtsInbound, TtsOutbound } from './hume.schemas.ts'

/** Settings that EVI takes with the handshake. Tools, built-in tools and metadata are not among them: send those in `onReady`. */
export interface EviSessionSettings {
  readonly audio?: { readonly encoding?: 'linear16'; readonly channels?: number; readonly sampleRate?: number }
  readonly context?: { readonly text: string; readonly type?: 'persistent' | 'temporary' }
  readonly customSessionId?: string
  readonly eventLimit?: number
  /** Hume's own SDK warns above 1000 characters: the address may be cut. Send longer ones in `onReady`. */
  readonly systemPrompt?: string
  /** Names are sent as they are written. */
  readonly variables?: Readonly<Record<string, string | number | boolean>>
  readonly voiceId?: string
}

export interface HumeEviOptions {
  readonly configId?: string
  /** Default: the newest version of the configuration. */
  readonly configVersion?: number
  /**
   * A conversation of an earlier page to go on with; once connected, a session offers its own. It belongs to one user:
   * after `source.reset()` make a new preset.
   */
  readonly resumedChatGroupId?: string
  /** Send provisional transcripts (`user_message` with `interim: true`) too. Default: false. */
  readonly verboseTranscription?: boolean
  /** How many earlier events are replayed on a resumed chat. */
  readonly eventLimit?: number
  /** Allow `/chat/{id}/connect` on this chat. Default: false. */
  readonly allowConnection?: boolean
  /** Deprecated by Hume in favour of `sessionSettings.voiceId`. */
  readonly voiceId?: string
  readonly sessionSettings?: EviSessionSettings
  /** Default: `wss://api.hume.ai`. `ws://` on loopback only. */
  readonly host?: string
  /** Deep checks at run time: `humeEviSchemas` from `heartwire/presets/hume/schemas`. Default: none. */
  readonly schemas?: MessageSchemas<EviInbound, EviOutbound>
}

export interface HumeTtsOptions {
  /** A generation whose voice and manner are continued. */
  readonly contextGenerationId?: string
  readonly formatType?: 'mp3' | 'pcm' | 'wav'
  readonly includeTimestampTypes?: ReadonlyArray<'word' | 'phoneme'>
  readonly instantMode?: boolean
  /** Audio as base64 in JSON only. Default: false, so that audio may come as binary frames. */
  readonly noBinary?: boolean
  readonly stripHeaders?: boolean
  /** The Octave version. Default: Hume chooses. */
  readonly version?: 1 | 2
  /** Default: `wss://api.hume.ai`. `ws://` on loopback only. */
  readonly host?: string
  /** Deep checks at run time: `humeTtsSchemas` from `heartwire/presets/hume/schemas`. Default: none. */
  readonly schemas?: MessageSchemas<TtsInbound, TtsOutbound>
}

const eviQuery: Kinds = {
  configId: 'id',
  configVersion: 'count',
  resumedChatGroupId: 'id',
  verboseTranscription: 'flag',
  eventLimit: 'count',
  allowConnection: 'flag',
  voiceId: 'id',
  sessionSettings: {
    group: {
      audio: { group: { encoding: { oneOf: ['linear16'] }, channels: 'count', sampleRate: 'count' } },
      context: { group: { text: 'text', type: { oneOf: ['persistent', 'temporary'] } } },
      customSessionId: 'text',
      eventLimit: 'count',
      systemPrompt: 'text',
      variables: 'map',
      voiceId: 'id',
    },
  },
}

const ttsQuery: Kinds = {
  contextGenerationId: 'id',
  formatType: { oneOf: ['mp3', 'pcm', 'wav'] },
  includeTimestampTypes: { listOf: ['word', 'phoneme'] },
  instantMode: 'flag',
  noBinary: 'flag',
  stripHeaders: 'flag',
  version: { oneOf: [1, 2] },
}

/** https://dev.hume.ai/docs/introduction/api-key: valid for 30 minutes, for EVI and TTS alike, as often as wanted. */
const token = {
  kind: 'ticket',
  scope: 'shared',
  use: 'multi',
  placement: { in: 'query', name: 'access_token' },
  lifetimeMs: 1_800_000,
} as const

/**
 * Hume documents no close code, so these two are our reading. 1000: the server ended the chat on purpose (hang-up, idle,
 * 30 minutes over) and a chat costs by the minute; Hume's own SDK does not come back after it either. 1008 is what a
 * WebSocket server has for "not with this token": if that is wrong, it costs one mint.
 */
const closeCodes: readonly CloseCodeRange[] = [
  { from: 1000, to: 1000, then: 'stop' },
  { from: 1008, to: 1008, then: 'reauthorise' },
]

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Hume's Empathic Voice Interface: `/v0/evi/chat`, one conversation by voice and text.
 *
 * **By Hume's own documentation, access to EVI and TTS ended on 13 November 2026.** This preset stands for that protocol
 * and for servers that speak it: the emulator here, a proxy, a compatible service.
 *
 * The token is a ticket: checked at the handshake, 30 minutes, shared by any number of sessions. The link is up with
 * `chat_metadata`; its `chat_group_id` is offered at the next dial, so that a reconnect goes on with the conversation.
 * Audio that would come late is dropped, never queued. Throws `TypeError` for an option that cannot be right.
 *
 * @see https://dev.hume.ai/voice/reference/speech-to-speech-evi/chat
 */
export function humeEvi(options: HumeEviOptions = {}): Preset<EviInbound, EviOutbound> {
  const { host = 'wss://api.hume.ai', schemas, ...rest } = options
  const base = tokenHost('humeEvi: host', host, 'wss')
  const web = base.replace('ws', 'http')
  const address = `${base}/v0/evi/chat?${queryOf('humeEvi', eviQuery, rest)}`
  return definePreset<EviInbound, EviOutbound>({
    name: 'Hume EVI',
    docs: 'https://dev.hume.ai/voice/reference/speech-to-speech-evi/chat',
    audience: web,
    url: () => address,
    token,
    ready: 'frame',
    continuity: { kind: 'query', name: 'resumed_chat_group_id' },
    closeCodes,
    control: (message) => {
      if (message.type !== 'chat_metadata') return undefined
      const id: unknown = message.chat_group_id
      return typeof id === 'string' && id ? { is: 'ready', continuity: id } : { is: 'ready' }
    },
    messages: {
      envelope: (message) => isObject(message) && typeof message['type'] === 'string',
      stale: (message) => !('type' in message) || message.type === 'audio_input',
      schemas,
    },
    rest: [new URL(web).origin],
    verify: { url: `${web}/v0/evi/chats?page_size=1` },
  })
}

/**
 * Hume's text to speech: `/v0/tts/stream/input`, text in, audio out.
 *
 * **By Hume's own documentation, access to EVI and TTS ended on 13 November 2026.** This preset stands for that protocol
 * and for servers that speak it.
 *
 * The token is the same ticket as EVI's: one source serves both. The link is up when the socket is open. There is nothing
 * to continue: a reconnect begins a new stream, with the context of `contextGenerationId` if given. Audio comes as JSON or,
 * without `noBinary`, as binary frames too. Throws `TypeError` for an option that cannot be right.
 *
 * @see https://dev.hume.ai/voice/reference/text-to-speech-tts
 */
export function humeTts(options: HumeTtsOptions = {}): Preset<TtsInbound, TtsOutbound> {
  const { host = 'wss://api.hume.ai', schemas, ...rest } = options
  const base = tokenHost('humeTts: host', host, 'wss')
  const web = base.replace('ws', 'http')
  const address = `${base}/v0/tts/stream/input?${queryOf('humeTts', ttsQuery, rest)}`
  return definePreset<TtsInbound, TtsOutbound>({
    name: 'Hume TTS',
    docs: 'https://dev.hume.ai/voice/reference/text-to-speech-tts',
    audience: web,
    url: () => address,
    token,
    ready: 'open',
    continuity: { kind: 'none' },
    closeCodes,
    // No `type` is asked for: whether errors here carry one is not documented, and an error must reach the application.
    messages: { envelope: isObject, schemas },
    rest: [new URL(web).origin],
  })
}
