import { describe, expect, expectTypeOf, test } from 'vitest'
import * as z from 'zod/mini'
import { humeEviSchemas, humeTtsSchemas } from '../../src/presets/hume.schemas.ts'
import type { EviInbound, TtsInbound, TtsOutbound } from '../../src/presets/hume.schemas.ts'
import { humeEvi, humeTts } from '../../src/presets/hume.ts'
import type { MessageSchemas } from '../../src/presets/preset.ts'
import type { StandardSchemaV1 } from '../../src/wire/standard-schema.ts'
import * as samples from './hume.samples.ts'

const run = <In, Out>(schema: StandardSchemaV1<In, Out> | undefined, value: unknown): { value?: unknown; issues?: readonly unknown[] } => {
  const result = schema?.['~standard'].validate(value)
  if (!result || result instanceof Promise) throw new Error('expected a schema that answers at once')
  return result
}

type Json = Record<string, unknown>
const sides: [string, StandardSchemaV1<never, unknown>, Record<string, Json>][] = [
  ['EVI inbound', humeEviSchemas.inbound as StandardSchemaV1<never>, samples.eviInbound],
  ['EVI outbound', humeEviSchemas.outbound as StandardSchemaV1<never, unknown>, samples.eviOutbound],
  ['TTS inbound', humeTtsSchemas.inbound as StandardSchemaV1<never>, samples.ttsInbound],
  ['TTS outbound', humeTtsSchemas.outbound as StandardSchemaV1<never, unknown>, samples.ttsOutbound],
]

describe.each(sides)('%s', (_side, schema, frames) => {
  test.each(Object.entries(frames))('takes %s, field for field', (_name, sample) => {
    expect(run(schema, sample)).toEqual({ value: sample })
  })

  test.each(Object.entries(frames))('keeps what is new in %s', (_name, sample) => {
    const newer = { ...sample, added_later: { deep: [1, null] } }
    expect(run(schema, newer)).toEqual({ value: newer })
  })

  test.each(Object.entries(frames))('a __proto__ in %s changes nobody', (_name, sample) => {
    const hostile: unknown = JSON.parse(`{"__proto__":{"polluted":true},${JSON.stringify(sample).slice(1)}`)
    const { value, issues } = run(schema, hostile)
    expect(issues).toBeUndefined()
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect((value as Json)['polluted']).toBeUndefined()
    expect(({} as Json)['polluted']).toBeUndefined()
  })

  test.each([null, undefined, 7, 'text', []])('refuses %j', (value) => {
    expect(run(schema, value).issues).toHaveLength(1)
  })
})

/** Each required field of each listed message, with a value that is not of its kind. */
const broken = sides.flatMap(([side, schema, frames]) =>
  Object.entries(frames).flatMap(([name, sample]) =>
    Object.entries(sample)
      .filter(([field]) => field !== 'type')
      .map(([field, value]): [string, typeof schema, Json] => [
        `${side}: ${name}.${field}`,
        schema,
        {
          ...sample,
          [field]: typeof value === 'symbol' || value === null || typeof value === 'object' ? 'not an object' : { not: 'a scalar' },
        },
      ]),
  ),
)

describe('a listed type with a field of the wrong kind', () => {
  // A field that is null in the sample may be a text: only these say nothing about texts.
  const optionalTexts = /\.(custom_session_id|request_id|transcribed_text|language|code)$/

  test.each(broken.filter(([name]) => !optionalTexts.test(name)))('%s is refused', (_name, schema, frame) => {
    expect(run(schema, frame).issues?.length).toBeGreaterThan(0)
  })

  test.each([
    ['no chat_group_id', { type: 'chat_metadata', chat_id: 'c' }],
    ['a number as content', { ...samples.eviInbound.assistant_message, message: { role: 'assistant', content: 7 } }],
    ['a message without role', { ...samples.eviInbound.assistant_message, message: {} }],
    ['no models', { ...samples.eviInbound.assistant_message, models: undefined }],
    ['a score that is no number', { type: 'assistant_prosody', models: { prosody: { scores: { Joy: 'much' } } } }],
    ['no type', { chat_id: 'c' }],
    ['a type that is no text', { type: 7 }],
  ])('EVI inbound with %s is refused', (_name, frame) => {
    expect(run(humeEviSchemas.inbound, frame).issues?.length).toBeGreaterThan(0)
  })

  test('the issue names the place, and not what stood there', () => {
    const { issues } = run(humeEviSchemas.inbound, { type: 'audio_output', id: 'x', index: 'secret-looking', data: '' })
    expect(issues).toMatchObject([{ path: ['index'] }])
    expect(JSON.stringify(issues)).not.toContain('secret-looking')
  })
})

describe('an unlisted type passes as it is', () => {
  test.each(['later_invention', 'constructor', '__proto__', 'toString', ''])('%j', (type) => {
    const frame = JSON.parse(`{"type":${JSON.stringify(type)},"anything":[1],"__proto__":{"polluted":true}}`) as Json
    for (const schema of [humeEviSchemas.inbound, humeEviSchemas.outbound, humeTtsSchemas.inbound]) {
      expect(run<never, unknown>(schema as StandardSchemaV1<never, unknown>, frame).value).toBe(frame)
    }
    expect(({} as Json)['polluted']).toBeUndefined()
  })

  test('a frame of TTS without a type too', () => {
    const frame = { error: 'no voice' }
    expect(run(humeTtsSchemas.inbound, frame).value).toBe(frame)
  })
})

test('binary passes where it is documented', () => {
  for (const bytes of [new ArrayBuffer(4), new Uint8Array(4)]) {
    expect(run(humeEviSchemas.outbound, bytes).value).toBe(bytes)
    expect(run(humeTtsSchemas.inbound, bytes).value).toBe(bytes)
    expect(run(humeEviSchemas.inbound, bytes).issues).toHaveLength(1)
    expect(run(humeTtsSchemas.outbound, bytes).issues).toHaveLength(1)
  }
})

describe('types', () => {
  test('a switch over EVI covers everything, and the rest is unlisted', () => {
    const name = (message: EviInbound): string => {
      switch (message.type) {
        case 'chat_metadata':
        case 'user_message':
        case 'assistant_message':
        case 'assistant_prosody':
        case 'audio_output':
        case 'assistant_end':
        case 'user_interruption':
        case 'tool_call':
        case 'tool_response':
        case 'tool_error':
        case 'session_settings':
        case 'error':
          return message.type
        default:
          expectTypeOf(message['anything']).toEqualTypeOf<unknown>()
          return `unlisted: ${message.type}`
      }
    }
    expect(name(samples.eviInbound.error)).toBe('error')
    expect(name({ type: 'later' } as unknown as EviInbound)).toBe('unlisted: later')
  })

  test('TTS: audio as text, audio as bytes, timestamps', () => {
    const read = (frame: TtsInbound): number | string | undefined => {
      if (frame instanceof ArrayBuffer) return frame.byteLength
      if (frame.type === 'audio') return frame.audio
      if (frame.type === 'timestamp') return frame.timestamp.time.begin
      return undefined
    }
    expect(read(samples.ttsInbound.timestamp)).toBe(0)
    expectTypeOf<TtsOutbound['text']>().toEqualTypeOf<string | null | undefined>()
  })

  test('they fit the presets, as does any zod/mini schema', () => {
    expectTypeOf(humeEvi({ schemas: humeEviSchemas })).toEqualTypeOf(humeEvi())
    expectTypeOf(humeTts({ schemas: humeTtsSchemas })).toEqualTypeOf(humeTts())
    const own = { inbound: z.looseObject({ a: z.string() }), outbound: z.looseObject({ b: z.number() }) } satisfies MessageSchemas<
      { a: string },
      { b: number }
    >
    expect(run(own.inbound, { a: 'x', more: 1 }).value).toEqual({ a: 'x', more: 1 })
  })
})
