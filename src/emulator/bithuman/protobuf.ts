/** The little of protobuf's wire format that a room's first frames need (protobuf.dev, "Encoding"). */

type Bytes = Uint8Array<ArrayBuffer>

/** A whole number as a varint. Numbers above 2³¹ are fine, which shifts would break. */
function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) + 128)
  }
}

/** One field: a number as varint, a text or a message with its length. */
export function field(number: number, value: number | string | Bytes): Bytes {
  if (typeof value === 'number') return Uint8Array.from([...varint(number * 8), ...varint(value)])
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  return Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length), ...bytes])
}

export const message = (...fields: readonly Bytes[]): Bytes => Uint8Array.from(fields.flatMap((bytes) => [...bytes]))

export interface Field {
  readonly number: number
  readonly value: number | Bytes
}

/** The first field of a message; undefined for what is none, or of a kind that is not read here. */
export function firstField(bytes: Bytes): Field | undefined {
  let at = 0
  const read = (): number => {
    let value = 0
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte % 128) * scale
      if (byte < 128) return value
    }
    return NaN
  }
  const tag = read()
  const number = Math.floor(tag / 8)
  const value = read()
  if (Number.isNaN(value)) return undefined
  if (tag % 8 === 0) return { number, value }
  return tag % 8 === 2 && at + value <= bytes.length ? { number, value: bytes.slice(at, at + value) } : undefined
}
