import { describe, expect, expectTypeOf, test } from 'vitest'
import { humeEvi, humeTts } from '../../src/presets/hume.ts'
import type { EviInbound, EviOutbound, HumeEviOptions, HumeTtsOptions } from '../../src/presets/hume.ts'
import type { Attempt, Preset } from '../../src/presets/preset.ts'
import { eviInbound, eviOutbound } from './hume.samples.ts'

const first: Attempt = { attempt: 0, continuity: undefined }
const urlOf = <In, Out>(preset: Preset<In, Out>): URL => new URL(preset.url?.(first) ?? '')
const queryOf = <In, Out>(preset: Preset<In, Out>): string[][] => [...urlOf(preset).searchParams]

describe('humeEvi: the address', () => {
  test('is the chat endpoint, without token and without options', () => {
    const url = urlOf(humeEvi())
    expect(url.origin + url.pathname).toBe('wss://api.hume.ai/v0/evi/chat')
    expect([...url.searchParams]).toEqual([])
  })

  test.each<[HumeEviOptions, string, string]>([
    [{ configId: '1b60e1a0' }, 'config_id', '1b60e1a0'],
    [{ configVersion: 0 }, 'config_version', '0'],
    [{ resumedChatGroupId: '9fc18597' }, 'resumed_chat_group_id', '9fc18597'],
    [{ verboseTranscription: true }, 'verbose_transcription', 'true'],
    [{ verboseTranscription: false }, 'verbose_transcription', 'false'],
    [{ eventLimit: 300 }, 'event_limit', '300'],
    [{ allowConnection: true }, 'allow_connection', 'true'],
    [{ voiceId: 'c7aa10be' }, 'voice_id', 'c7aa10be'],
    [
      { sessionSettings: { systemPrompt: 'Be brief & kind: token=none' } },
      'session_settings[system_prompt]',
      'Be brief & kind: token=none',
    ],
    [{ sessionSettings: { customSessionId: 'shop-7' } }, 'session_settings[custom_session_id]', 'shop-7'],
    [{ sessionSettings: { eventLimit: 5 } }, 'session_settings[event_limit]', '5'],
    [{ sessionSettings: { voiceId: 'c7aa10be' } }, 'session_settings[voice_id]', 'c7aa10be'],
    [{ sessionSettings: { audio: { encoding: 'linear16' } } }, 'session_settings[audio][encoding]', 'linear16'],
    [{ sessionSettings: { audio: { channels: 1 } } }, 'session_settings[audio][channels]', '1'],
    [{ sessionSettings: { audio: { sampleRate: 16_000 } } }, 'session_settings[audio][sample_rate]', '16000'],
    [{ sessionSettings: { variables: { firstName: 'Ada' } } }, 'session_settings[variables][firstName]', 'Ada'],
    [{ sessionSettings: { variables: { visits: 3 } } }, 'session_settings[variables][visits]', '3'],
    [{ sessionSettings: { variables: { premium: false } } }, 'session_settings[variables][premium]', 'false'],
  ])('%j → %s=%s', (options, name, value) => {
    expect(queryOf(humeEvi(options))).toEqual([[name, value]])
  })

  test('a context has its text and its type', () => {
    expect(queryOf(humeEvi({ sessionSettings: { context: { text: 'In a hurry.', type: 'temporary' } } }))).toEqual([
      ['session_settings[context][text]', 'In a hurry.'],
      ['session_settings[context][type]', 'temporary'],
    ])
  })

  test('undefined options are as good as none', () => {
    const options = { configId: undefined, sessionSettings: undefined } as unknown as HumeEviOptions
    expect(queryOf(humeEvi(options))).toEqual([])
  })

  test('a conversation is offered under the name that the options use, so that it takes their place', () => {
    const preset = humeEvi({ resumedChatGroupId: 'old' })
    const url = urlOf(preset)
    if (preset.continuity?.kind === 'query') url.searchParams.set(preset.continuity.name, 'new')
    expect([...url.searchParams]).toEqual([['resumed_chat_group_id', 'new']])
  })

  test.each([
    ['wss://api.hume.ai', 'wss://api.hume.ai/v0/evi/chat', 'https://api.hume.ai'],
    ['wss://proxy.example/hume/', 'wss://proxy.example/hume/v0/evi/chat', 'https://proxy.example'],
    ['ws://localhost:4701', 'ws://localhost:4701/v0/evi/chat', 'http://localhost:4701'],
    ['ws://hume.localhost', 'ws://hume.localhost/v0/evi/chat', 'http://hume.localhost'],
    ['ws://127.0.0.1:4701', 'ws://127.0.0.1:4701/v0/evi/chat', 'http://127.0.0.1:4701'],
    ['ws://[::1]:4701', 'ws://[::1]:4701/v0/evi/chat', 'http://[::1]:4701'],
  ])('host %s', (host, address, origin) => {
    const preset = humeEvi({ host })
    const url = urlOf(preset)
    expect(`${url.origin}${url.pathname}`).toBe(address)
    expect(preset.rest).toEqual([origin])
    expect(new URL(preset.verify?.url ?? '').origin).toBe(origin)
  })
})

describe('humeEvi: the traits', () => {
  const preset = humeEvi()

  test('a shared ticket of 30 minutes in access_token', () => {
    expect(preset.token).toEqual({
      kind: 'ticket',
      scope: 'shared',
      use: 'multi',
      placement: { in: 'query', name: 'access_token' },
      lifetimeMs: 30 * 60_000,
    })
    expect(preset.heartbeat).toBeUndefined()
  })

  test('is frozen data, made anew each time', () => {
    expect(Object.isFrozen(preset)).toBe(true)
    expect(humeEvi()).not.toBe(preset)
    expect(preset.ready).toBe('frame')
    expect(preset.continuity).toEqual({ kind: 'query', name: 'resumed_chat_group_id' })
    expect(preset.docs).toMatch(/^https:\/\/dev\.hume\.ai\//)
  })

  test('shares its audience with humeTts of the same host only', () => {
    expect(humeTts().audience).toBe(preset.audience)
    expect(humeTts({ host: 'ws://localhost:4701' }).audience).not.toBe(preset.audience)
  })

  test('schemas are handed through, and absent otherwise', () => {
    const schemas = {}
    expect(humeEvi({ schemas }).messages?.schemas).toBe(schemas)
    expect(humeEvi().messages?.schemas).toBeUndefined()
  })
})

describe('humeEvi: control', () => {
  const { control } = humeEvi()

  test.each(Object.entries(eviInbound))('%s', (_name, sample) => {
    const expected = sample.type === 'chat_metadata' ? { is: 'ready', continuity: sample.chat_group_id } : undefined
    expect(control?.(sample as EviInbound)).toEqual(expected)
  })

  test.each([{ type: 'chat_metadata' }, { type: 'chat_metadata', chat_group_id: 7 }, { type: 'chat_metadata', chat_group_id: '' }])(
    'a metadata frame without an id is ready all the same: %j',
    (frame) => {
      expect(control?.(frame as unknown as EviInbound)).toEqual({ is: 'ready' })
    },
  )

  test('an unlisted type is no control', () => {
    expect(control?.({ type: 'chat_metadata_v2', chat_group_id: 'g' } as unknown as EviInbound)).toBeUndefined()
  })
})

describe('humeEvi: messages', () => {
  const messages = humeEvi().messages

  test.each(Object.values(eviInbound))('the envelope takes $type', (sample) => {
    expect(messages?.envelope?.(sample)).toBe(true)
  })

  test.each([null, undefined, 7, 'text', [], [{ type: 'x' }], {}, { type: 7 }, { type: null }])('the envelope refuses %j', (frame) => {
    expect(messages?.envelope?.(frame)).toBe(false)
  })

  test.each(Object.entries(eviOutbound))('stale: %s', (name, sample) => {
    expect(messages?.stale?.(sample as EviOutbound)).toBe(name === 'audio_input')
  })

  test('binary is audio, and stale', () => {
    expect(messages?.stale?.(new ArrayBuffer(2))).toBe(true)
    expect(messages?.stale?.(new Uint8Array(2))).toBe(true)
  })

  test('the type narrows', () => {
    const read = (message: EviInbound): string | null | undefined => {
      if (message.type === 'assistant_message') {
        expectTypeOf(message.message.content).toEqualTypeOf<string | null | undefined>()
        expectTypeOf(message.is_quick_response).toEqualTypeOf<boolean>()
        return message.message.content
      }
      if (message.type === 'chat_metadata') return message.chat_group_id
      if (message.type === 'user_message') return message.models.prosody?.scores['Joy']?.toFixed(2)
      // @ts-expect-error: what it is was not asked
      return message.chat_group_id as undefined
    }
    expect(read(eviInbound.chat_metadata)).toBe(eviInbound.chat_metadata.chat_group_id)
  })

  test('what is sent is known to the compiler', () => {
    expectTypeOf<EviOutbound['type']>().toEqualTypeOf<
      | 'session_settings'
      | 'audio_input'
      | 'user_input'
      | 'assistant_input'
      | 'tool_response'
      | 'tool_error'
      | 'pause_assistant_message'
      | 'resume_assistant_message'
    >()
    expectTypeOf<{ type: 'user_input'; text: string }>().toExtend<EviOutbound>()
    expectTypeOf<{ type: 'user_input' }>().not.toExtend<EviOutbound>()
    // @ts-expect-error: a field that is misspelt
    const misspelt: EviOutbound = { type: 'user_input', text: 'Hi', custom_sesion_id: 'x' }
    expect(misspelt.type).toBe('user_input')
  })
})

describe('humeTts', () => {
  test.each<[HumeTtsOptions, string[][]]>([
    [{}, []],
    [{ contextGenerationId: '795c949a' }, [['context_generation_id', '795c949a']]],
    [{ formatType: 'pcm' }, [['format_type', 'pcm']]],
    [{ includeTimestampTypes: [] }, []],
    [
      { includeTimestampTypes: ['word', 'phoneme'] },
      [
        ['include_timestamp_types', 'word'],
        ['include_timestamp_types', 'phoneme'],
      ],
    ],
    [{ instantMode: true }, [['instant_mode', 'true']]],
    [{ noBinary: true }, [['no_binary', 'true']]],
    [{ stripHeaders: true }, [['strip_headers', 'true']]],
    [{ version: 2 }, [['version', '2']]],
  ])('%j', (options, query) => {
    const url = urlOf(humeTts(options))
    expect(url.origin + url.pathname).toBe('wss://api.hume.ai/v0/tts/stream/input')
    expect([...url.searchParams]).toEqual(query)
  })

  test('is ready when open, continues nothing, drops no text', () => {
    const preset = humeTts()
    expect(preset.ready).toBe('open')
    expect(preset.continuity).toEqual({ kind: 'none' })
    expect(preset.control).toBeUndefined()
    expect(preset.messages?.stale).toBeUndefined()
    expect(preset.token).toBe(humeEvi().token)
    expect(preset.rest).toEqual(['https://api.hume.ai'])
  })

  test('an error without a type still reaches the application', () => {
    expect(humeTts().messages?.envelope?.({ error: 'no voice' })).toBe(true)
    expect(humeTts().messages?.envelope?.([])).toBe(false)
  })
})

describe('wrong options are refused at once', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'

  test.each<[object, RegExp]>([
    [{ host: 'api.hume.ai' }, /host must be an absolute address|host must begin with wss/],
    [{ host: 7 }, /host must be an absolute address/],
    [{ host: 'https://api.hume.ai' }, /must begin with wss:\/\//],
    [{ host: 'ws://api.hume.ai' }, /over ws:\/\/ everyone on the way can read the token/],
    [{ host: 'ws://localhost.example' }, /over ws:\/\//],
    [{ host: 'wss://api.hume.ai?api_key=abc123' }, /must not contain a credential/],
    [{ host: 'wss://api.hume.ai?access_token=abc123' }, /must not contain a credential/],
    [{ host: `wss://api.hume.ai/${jwt}` }, /must not contain a credential/],
    [{ host: 'wss://key:secret@api.hume.ai' }, /must not contain a credential/],
    [{ host: 'wss://api.hume.ai?x=1' }, /must not contain a query/],
    [{ host: 'wss://api.hume.ai#x' }, /must not contain a #fragment/],
    [{ configId: '' }, /configId must be a text that is not empty/],
    [{ configId: 7 }, /configId must be a text/],
    [{ configId: 'sk_live_abcdefgh12345678' }, /configId must be an id, not a credential/],
    [{ resumedChatGroupId: jwt }, /resumedChatGroupId must be an id, not a credential/],
    [{ configVersion: '3' }, /configVersion must be a whole number/],
    [{ configVersion: 1.5 }, /configVersion must be a whole number/],
    [{ eventLimit: -1 }, /eventLimit must be a whole number/],
    [{ eventLimit: Number.NaN }, /eventLimit must be a whole number/],
    [{ allowConnection: 'true' }, /allowConnection must be true or false/],
    [{ accessToken: jwt }, /accessToken is no option here; there are configId/],
    [{ apiKey: 'abc' }, /apiKey is no option here/],
    [{ constructor: 'abc' }, /constructor is no option here/],
    [{ sessionSettings: 'x' }, /sessionSettings must be an object/],
    [{ sessionSettings: null }, /sessionSettings must be an object/],
    [{ sessionSettings: { tools: [] } }, /sessionSettings\.tools is no option here/],
    [{ sessionSettings: { languageModelApiKey: 'abc' } }, /sessionSettings\.languageModelApiKey is no option here/],
    [{ sessionSettings: { audio: { encoding: 'opus' } } }, /sessionSettings\.audio\.encoding must be one of linear16/],
    [{ sessionSettings: { variables: { list: [1] } } }, /sessionSettings\.variables must be an object of texts/],
    [{ sessionSettings: { variables: 'x' } }, /sessionSettings\.variables must be an object/],
  ])('humeEvi(%j)', (options, message) => {
    const attempt = () => humeEvi(options)
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(message)
    expect(attempt).not.toThrow(/abc123|sk_live_|eyJ|key:secret/)
  })

  test.each<[object, RegExp]>([
    [{ formatType: 'ogg' }, /formatType must be one of mp3, pcm, wav/],
    [{ includeTimestampTypes: 'word' }, /includeTimestampTypes must be a list of word, phoneme/],
    [{ includeTimestampTypes: ['letter'] }, /includeTimestampTypes must be a list of word, phoneme/],
    [{ version: 3 }, /version must be one of 1, 2/],
    [{ instantMode: 1 }, /instantMode must be true or false/],
    [{ host: 'ws://api.hume.ai' }, /humeTts: host must begin with wss/],
  ])('humeTts(%j)', (options, message) => {
    const attempt = () => humeTts(options)
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(message)
  })
})
