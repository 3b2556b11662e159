import { type Fields, isFields, parsed, textOf } from './replies.ts'
import { audioOf, base64, scoresOf, spokenMs } from './samples.ts'

/** Why a frame was not understood. `E0100` and `E0101` are documented; the slugs are written in the style of the one that is known. */
export interface Complaint {
  readonly code: string
  readonly slug: string
  readonly message: string
}

/** The eight frames a client may send, with the text fields each must have. */
const required: Readonly<Record<string, readonly string[]>> = {
  session_settings: [],
  audio_input: ['data'],
  user_input: ['text'],
  assistant_input: ['text'],
  tool_response: ['tool_call_id', 'content'],
  tool_error: ['tool_call_id', 'error'],
  pause_assistant_message: [],
  resume_assistant_message: [],
}

/** A client's text frame, or what is wrong with it. */
export function readFrame(text: string): { readonly frame: Fields } | Complaint {
  const value = parsed(text)
  if (value === undefined) return { code: 'E0100', slug: 'payload_not_json', message: 'The frame is not valid JSON.' }
  return readFields(value)
}

/** The same for a value that was parsed already. */
export function readFields(value: unknown): { readonly frame: Fields } | Complaint {
  if (!isFields(value) || typeof value['type'] !== 'string') return badStructure('A frame is an object with a type.')
  const fields = Object.hasOwn(required, value['type']) ? required[value['type']] : undefined
  if (!fields) return badStructure(`There is no frame of type ${JSON.stringify(value['type'].slice(0, 60))}.`)
  const missing = fields.find((name) => typeof value[name] !== 'string')
  if (missing !== undefined) return badStructure(`${value['type']} needs the text field ${missing}.`)
  if (value['type'] === 'audio_input' && !/^[A-Za-z0-9+/]*={0,2}$/.test(textOf(value['data']))) {
    return { code: 'E0201', slug: 'media_not_base64', message: 'The field data is not base64.' }
  }
  return { frame: value }
}

export const badStructure = (message: string): Complaint => ({ code: 'E0101', slug: 'payload_invalid', message })

/**
 * Turns `session_settings[audio][encoding]=linear16` into `{ audio: { encoding: 'linear16' } }`. Values stay text, as the
 * query carries them.
 */
export function settingsFrom(query: Readonly<Record<string, string>>): Record<string, unknown> {
  const settings: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(query)) {
    const path = /^session_settings((?:\[[^\]]+\])+)$/.exec(key)?.[1]?.slice(1, -1).split('][') ?? []
    if (path.length > 0 && !path.includes('__proto__')) put(settings, path, value)
  }
  return settings
}

function put(into: Record<string, unknown>, [name = '', ...deeper]: readonly string[], value: string): void {
  if (deeper.length === 0) {
    into[name] = value
    return
  }
  const next = Object.hasOwn(into, name) ? into[name] : (into[name] = {})
  // A name that is both a value and an object keeps the value.
  if (isFields(next)) put(next, deeper, value)
}

/** What one spoken sentence is on the wire: the words, the prosody (48 scores) if wanted, and the sound as a WAV file. */
export function sentenceFrames(content: string, kind: { id: string; fromText: boolean; prosody: boolean }): Fields[] {
  const { id, fromText, prosody } = kind
  const message = { role: 'assistant', content }
  return [
    { type: 'assistant_message', from_text: fromText, is_quick_response: false, id, message, models: {} },
    ...(prosody ? [{ type: 'assistant_prosody', id, models: { prosody: { scores: scoresOf(content) } } }] : []),
    { type: 'audio_output', id, index: 0, data: base64(audioOf(content, spokenMs(content), 'wav')) },
  ]
}

/** The transcript of what a user said; `time` in ms since the chat's start. Typed text has no prosody. */
export function userMessage(
  content: string,
  kind: { from_text: boolean; interim: boolean; time: { begin: number; end: number }; scores?: Record<string, number> },
): Fields {
  const { scores, ...rest } = kind
  return { type: 'user_message', ...rest, message: { role: 'user', content }, models: scores ? { prosody: { scores } } : {} }
}
