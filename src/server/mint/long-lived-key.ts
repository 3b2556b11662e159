import { MintError } from '../mint-error.ts'

/** A provider's key as it goes on the wire, with a name for tables that is not the key. */
export interface LongLivedKey {
  readonly parts: readonly string[]
  /** SHA-256 over the parts, hex: two values of a key never share a flight or a verdict. */
  readonly id: string
}

/**
 * A reader that asks for the key anew each time: a rotated one counts from the next mint on. White space around it is
 * dropped (keys often come out of files).
 *
 * The returned function throws a MintError: `key_refused` when a part is missing or cannot stand in a header; `unavailable`
 * when `read` throws.
 *
 * @param read gives the parts of the key, by the names that the operator knows them under
 */
export function keyReader(read: () => KeyParts | Promise<KeyParts>): () => Promise<LongLivedKey> {
  // The last one only, so that callers at the same time get it at the same time and share one flight.
  let last: { readonly text: string; readonly key: Promise<LongLivedKey> } | undefined
  return async () => {
    let named: KeyParts
    try {
      named = await read()
    } catch (cause) {
      throw new MintError('unavailable', { message: "the function that reads the provider's key failed", cause })
    }
    const parts = Object.entries(named).map(([name, value]) => checkedPart(name, value))
    const text = parts.join('\n')
    if (last?.text !== text) last = { text, key: sha256Hex(text).then((id) => ({ parts, id })) }
    return last.key
  }
}

function checkedPart(name: string, value: string | undefined): string {
  const part = value?.trim() ?? ''
  if (part === '') throw new MintError('key_refused', { message: `no key: ${name} is not set` })
  // Caught here because `Headers` quotes the value that it refuses.
  if (!/^[\x21-\x7e]+$/.test(part)) throw new MintError('key_refused', { message: `${name} holds characters that no key has` })
  return part
}

/** Name → value, in the order in which the mint uses them. */
export type KeyParts = Readonly<Record<string, string | undefined>>

/** An environment variable, where there are any; `undefined` on a runtime without `process`. */
export const fromEnvironment = (name: string): string | undefined => (globalThis as { process?: { env?: KeyParts } }).process?.env?.[name]

export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
