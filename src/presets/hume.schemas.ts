import * as z from 'zod/mini'
import type { StandardSchemaV1 } from '../wire/standard-schema.ts'
import type { MessageSchemas } from './preset.ts'

/**
 * The messages of Hume's EVI and TTS sockets, as on the wire (snake_case). Sources: the types of `hume` 0.16.0 and
 * https://dev.hume.ai/voice/reference/speech-to-speech-evi/chat.
 *
 * Everything is loose: unknown fields are kept, `null` stands where a field may be missing, a `type` that is not listed
 * passes as it is. Only a listed type with a missing or wrong field is refused. Words (roles, formats) are typed as
 * documented and checked as text, because a provider adds words.
 */

/**
 * A `type` that this version does not list, as TypeScript sees it. The mark is in the type only: it makes the type comparable
 * to no listed name, so that `message.type === 'user_message'` narrows. Compare others as `String(message.type)`.
 */
export type UnlistedType = `${string} (unlisted)`

/** Any object, extra fields kept; they are not typed, so that a misspelt field is an error of the compiler. */
const object = <S extends z.core.$ZodShape>(shape: S) => z.looseObject(shape) as unknown as z.ZodMiniObject<S>
const maybe = z.nullish
const text = /*#__PURE__*/ z.string()
const number = /*#__PURE__*/ z.number()
const flag = /*#__PURE__*/ z.boolean()
const words = <W extends string>() => text as unknown as z.ZodMiniType<W, W>
/** A word of this list today, another one tomorrow. */
const openWords = <W extends string>() => words<W | (string & {})>()
/** Free names. Only numbers are checked one by one; anything else is left to the provider. */
const numbers = /*#__PURE__*/ z.catchall(z.object({}), number) as unknown as z.ZodMiniType<Record<string, number>, Record<string, number>>
const fields = <V>() => z.looseObject({}) as unknown as z.ZodMiniType<Record<string, V>, Record<string, V>>

const isPlain = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
const isBinary = (value: unknown): boolean => ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === '[object ArrayBuffer]'
const refuse = (message: string) => ({ issues: [{ message }] })

type Schema = z.core.$ZodType & { readonly '~standard': StandardSchemaV1['~standard'] }
type Table = Readonly<Record<string, Schema>>
type Flat<T> = { [K in keyof T]: T[K] } & {}
/** The union of a table's messages, each with its name as `type`. */
type Messages<T extends Table> = { [K in keyof T & string]: Flat<{ type: K } & z.output<T[K]>> }[keyof T & string]

/**
 * One schema for a whole side, by the frame's `type`. A look-up by hand: about 1 kB (gzip) less than `z.discriminatedUnion`,
 * and an unlisted type (`passes`) is told from a listed one that is broken.
 */
function frames<In, Out>(schemaFor: (type: unknown) => Schema | 'passes' | undefined, binary: boolean): StandardSchemaV1<In, Out> {
  const validate = (value: unknown): ReturnType<StandardSchemaV1<In, Out>['~standard']['validate']> => {
    if (isBinary(value)) return binary ? { value: value as Out } : refuse('a binary frame, where only text is documented')
    if (!isPlain(value)) return refuse('not an object')
    const schema = schemaFor((value as { type?: unknown }).type)
    if (schema === 'passes') return { value: value as Out }
    return schema ? (schema['~standard'].validate(value) as ReturnType<typeof validate>) : refuse('no type')
  }
  return { '~standard': { version: 1, vendor: 'heartwire', validate } }
}

const named = (table: Table, type: unknown): Schema | 'passes' | undefined =>
  typeof type === 'string' ? (Object.hasOwn(table, type) && table[type]) || 'passes' : undefined

// Each of the two is one call, marked pure, so that every bundler can leave the other out.

const evi = /*#__PURE__*/ (() => {
  const message = <S extends z.core.$ZodShape>(shape: S) => object({ custom_session_id: maybe(text), ...shape })
  const toolType = openWords<'builtin' | 'function'>()
  const time = object({ begin: number, end: number })
  const models = object({ prosody: maybe(object({ scores: numbers })) })

  const tool_call = message({ tool_call_id: text, name: text, parameters: text, response_required: flag, tool_type: toolType })
  const tool_response = message({ tool_call_id: text, content: text, tool_name: maybe(text), tool_type: maybe(toolType) })
  const tool_error = message({
    tool_call_id: text,
    error: text,
    code: maybe(text),
    level: maybe(words<'warn'>()),
    content: maybe(text),
    tool_type: maybe(toolType),
  })
  const session_settings = message({
    audio: maybe(object({ encoding: words<'linear16'>(), channels: number, sample_rate: number, codec: maybe(text) })),
    builtin_tools: maybe(z.array(object({ name: words<'web_search' | 'hang_up'>(), fallback_content: maybe(text) }))),
    tools: maybe(
      z.array(
        object({
          type: words<'function' | 'builtin'>(),
          name: text,
          description: maybe(text),
          parameters: text,
          fallback_content: maybe(text),
        }),
      ),
    ),
    /** `null` clears it. */
    context: maybe(object({ text, type: maybe(words<'persistent' | 'temporary'>()) })),
    system_prompt: maybe(text),
    variables: maybe(fields<string | number | boolean>()),
    voice_id: maybe(text),
    /** A long-lived key: send it from a server, not from a page. */
    language_model_api_key: maybe(text),
    metadata: maybe(fields<unknown>()),
  })

  const chat = object({
    role: openWords<'assistant' | 'system' | 'user' | 'all' | 'tool' | 'context'>(),
    content: maybe(text),
    tool_call: maybe(tool_call),
    /** A tool response, or a tool error: then `error` is there. */
    tool_result: maybe(message({ tool_call_id: text, content: maybe(text), error: maybe(text) })),
  })

  const inbound = {
    chat_metadata: message({ chat_group_id: text, chat_id: text, request_id: maybe(text) }),
    user_message: message({ from_text: flag, interim: flag, message: chat, models, time, language: maybe(text) }),
    assistant_message: message({ from_text: flag, is_quick_response: flag, id: maybe(text), message: chat, models, language: maybe(text) }),
    assistant_prosody: message({ id: maybe(text), models }),
    /** `data`: base64 of a WAV file, 48 kHz. */
    audio_output: message({ id: text, index: number, data: text }),
    assistant_end: message({}),
    user_interruption: message({ time: number }),
    tool_call,
    tool_response,
    tool_error,
    session_settings,
    error: message({ code: text, slug: text, message: text, request_id: maybe(text) }),
  }

  const outbound = {
    session_settings,
    /** `data`: base64; the same bytes are taken as a binary frame. */
    audio_input: message({ data: text }),
    user_input: message({ text }),
    assistant_input: message({ text }),
    tool_response,
    tool_error,
    pause_assistant_message: message({}),
    resume_assistant_message: message({}),
  }

  return { inbound, outbound }
})()

const tts = /*#__PURE__*/ (() => {
  const id = { generation_id: text, request_id: text, snippet_id: text }
  const timestamp = object({ text, time: object({ begin: number, end: number }), type: openWords<'word' | 'phoneme'>() })
  const audio = {
    ...id,
    /** Base64. */
    audio: text,
    audio_format: openWords<'mp3' | 'pcm' | 'wav'>(),
    chunk_index: number,
    is_last_chunk: flag,
    text,
    transcribed_text: maybe(text),
    utterance_index: maybe(number),
    snippet: maybe(
      object({
        id: text,
        generation_id: text,
        audio: text,
        text,
        timestamps: z.array(timestamp),
        transcribed_text: maybe(text),
        utterance_index: maybe(number),
      }),
    ),
  }
  const inbound = { audio: object(audio), timestamp: object({ ...id, timestamp }) }
  const outbound = object({
    text: maybe(text),
    description: maybe(text),
    voice: maybe(object({ id: maybe(text), name: maybe(text), provider: maybe(words<'HUME_AI' | 'CUSTOM_VOICE'>()) })),
    speed: maybe(number),
    /** Seconds. */
    trailing_silence: maybe(number),
    /** Speak what there is, however little. */
    flush: maybe(flag),
    /** Speak what there is, then close. */
    close: maybe(flag),
  })
  return { inbound, outbound }
})()

/** A message from EVI. Switch over `type`; the last member is whatever this version does not list. */
export type EviInbound = Messages<typeof evi.inbound> | { readonly type: UnlistedType; readonly [field: string]: unknown }
/** A message to EVI. Audio may go as binary too. */
export type EviOutbound = Messages<typeof evi.outbound>
/** A frame from TTS: a message, or audio as `ArrayBuffer`. */
export type TtsInbound = Messages<typeof tts.inbound> | { readonly type?: UnlistedType; readonly [field: string]: unknown } | ArrayBuffer
/** A message to TTS. It has no `type`. */
export type TtsOutbound = Flat<z.output<typeof tts.outbound>>

/** Deep checks for `humeEvi({ schemas: humeEviSchemas })`. */
export const humeEviSchemas: MessageSchemas<EviInbound, EviOutbound> = /*#__PURE__*/ (() => ({
  inbound: frames<unknown, EviInbound>((type) => named(evi.inbound, type), false),
  outbound: frames<EviOutbound, unknown>((type) => named(evi.outbound, type), true),
}))()

/** Deep checks for `humeTts({ schemas: humeTtsSchemas })`. */
export const humeTtsSchemas: MessageSchemas<TtsInbound, TtsOutbound> = /*#__PURE__*/ (() => ({
  inbound: frames<unknown, TtsInbound>((type) => (type === undefined ? 'passes' : named(tts.inbound, type)), true),
  outbound: frames<TtsOutbound, unknown>(() => tts.outbound, false),
}))()
