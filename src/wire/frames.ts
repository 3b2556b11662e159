/** Frames to messages and back. A bad frame is a value, never a throw. */
import type { BinaryMessage, MessageTraits } from '../presets/preset.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

export type Decoded<In> =
  /** `message` is the application's part of the frame; without it, the frame says nothing to the application. */
  | { readonly ok: true; readonly frame: unknown; readonly message?: In }
  | { readonly ok: false; readonly issue: string; readonly bytes: number }

/** Longer text frames are not parsed. */
const textAtMost = 8 * 1024 * 1024

/** Text is JSON; binary is delivered as it is. Issues name what is wrong, never the frame's content. */
export function decode<In, Out>(data: unknown, traits: MessageTraits<In, Out> | undefined): Decoded<In> {
  if (typeof data !== 'string') return { ok: true, frame: data, message: data as In }
  const bad = (issue: string): Decoded<In> => ({ ok: false, issue, bytes: data.length })
  if (data.length > textAtMost) return bad('longer than 8 MiB')
  let frame: unknown
  try {
    // An own `__proto__` is harmless until somebody merges it; the reviver is slow, so only frames that name it pay.
    frame = data.includes('"__proto__"')
      ? JSON.parse(data, (key, value: unknown) => (key === '__proto__' ? undefined : value))
      : JSON.parse(data)
  } catch {
    return bad('not JSON')
  }
  if (traits?.envelope && !traits.envelope(frame)) return bad('not the form of this provider')
  const message = traits?.unwrap ? traits.unwrap(frame) : frame
  const schema = traits?.schemas?.inbound
  if (message === undefined) return { ok: true, frame }
  if (!schema) return { ok: true, frame, message: message as In }
  const result = validated(schema, message)
  return 'issues' in result ? bad(result.issues) : { ok: true, frame, message: result.value }
}

/** Objects become JSON; strings and bytes go as they are. Throws `TypeError` for what the preset's schema does not allow. */
export function encode<In, Out>(message: Out | BinaryMessage | string, traits: MessageTraits<In, Out> | undefined): string | BinaryMessage {
  const { wrap, schemas } = traits ?? {}
  const bytes = message instanceof ArrayBuffer || message instanceof Uint8Array
  if (!wrap && (bytes || typeof message === 'string')) return message
  if (bytes) throw new TypeError('send: only JSON here, no bytes')
  let text: string | undefined
  try {
    if (schemas?.outbound) {
      const result = validated(schemas.outbound, message)
      if ('issues' in result) throw new TypeError(`send: ${result.issues}`)
    }
    text = JSON.stringify(wrap ? wrap(message as Out) : message)
  } catch (error) {
    if (error instanceof RangeError) throw new TypeError('send: the message is too long, or nested too deeply', { cause: error })
    throw error
  }
  if (text === undefined) throw new TypeError('send: the message is nothing that JSON can carry')
  return text
}

export const bytesOf = (frame: string | BinaryMessage): number =>
  (typeof frame === 'string' ? new TextEncoder().encode(frame) : frame).byteLength

function validated<Input, Output>(schema: StandardSchemaV1<Input, Output>, value: unknown): { value: Output } | { issues: string } {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) return { issues: 'the schema is asynchronous; messages keep their order only with a synchronous one' }
  if (!result.issues) return { value: result.value }
  const [first] = result.issues
  const path = (first?.path ?? [])
    .map((part) => (typeof part === 'object' && part !== null && 'key' in part ? String(part.key) : String(part)))
    .join('.')
  return { issues: `${path === '' ? 'message' : path}: ${first?.message ?? 'not valid'}` }
}
