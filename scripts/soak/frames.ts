/** The frames of a WebSocket connection as they pass by (RFC 6455 §5.2). */
export interface Frame {
  /** 1: text, 8: close. */
  readonly opcode: number
  readonly text: string
  /** As it was on the wire. */
  readonly bytes: Buffer
}

export interface FrameReader {
  read(bytes: Buffer): Frame[]
  /** Whether what has come so far ends with a frame: only there may another be put in. */
  readonly atBoundary: boolean
}

export function frameReader(): FrameReader {
  let rest: Buffer = Buffer.alloc(0)
  return {
    get atBoundary() {
      return rest.length === 0
    },
    read(bytes) {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      const frames: Frame[] = []
      for (let frame = first(rest); frame !== null; frame = first(rest)) {
        frames.push(frame)
        rest = rest.subarray(frame.bytes.length)
      }
      return frames
    },
  }
}

function first(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null
  const masked = (bytes[1]! & 0x80) !== 0
  const short = bytes[1]! & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  const start = 2 + lengthBytes + (masked ? 4 : 0)
  if (bytes.length < start) return null
  const length = lengthBytes === 2 ? bytes.readUInt16BE(2) : lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : short
  if (bytes.length < start + length) return null
  const payload = Buffer.from(bytes.subarray(start, start + length))
  if (masked) for (let at = 0; at < length; at++) payload[at]! ^= bytes[start - 4 + (at % 4)]!
  return { opcode: bytes[0]! & 0x0f, text: payload.toString(), bytes: Buffer.from(bytes.subarray(0, start + length)) }
}

/** A server's close frame. */
export const closeFrame = (code: number): Buffer => Buffer.from([0x88, 2, code >> 8, code & 0xff])
/** A server's text frame, shorter than 126 bytes. */
export const textFrame = (text: string): Buffer => Buffer.from([0x81, Buffer.byteLength(text), ...Buffer.from(text)])
