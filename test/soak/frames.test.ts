import { expect, test } from 'vitest'
import { closeFrame, frameReader, textFrame } from '../../scripts/soak/frames.ts'

/** A client's text frame. */
function masked(text: string): Buffer {
  const mask = Buffer.from([1, 2, 3, 4])
  const payload = Buffer.from(text)
  for (let at = 0; at < payload.length; at++) payload[at]! ^= mask[at % 4]!
  const length = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 0xff]
  return Buffer.concat([Buffer.from([0x81, ...length]), mask, payload])
}

const long = 'x'.repeat(300)
const wire = Buffer.concat([masked('hello'), masked(long), textFrame('back'), closeFrame(4101)])

test.each([1, 2, 7, 64, wire.length])('frames are read from pieces of %i bytes', (step) => {
  const reader = frameReader()
  const texts: string[] = []
  for (let at = 0; at < wire.length; at += step)
    for (const { opcode, text, bytes } of reader.read(wire.subarray(at, at + step)))
      texts.push(opcode === 8 ? `closed ${bytes.readUInt16BE(2)}` : text)
  expect(texts).toEqual(['hello', long, 'back', 'closed 4101'])
  expect(reader.atBoundary).toBe(true)
})

test('another frame fits in where one ends, and nowhere else', () => {
  const reader = frameReader()
  const boundaries = [...wire].filter((byte) => (reader.read(Buffer.from([byte])), reader.atBoundary))
  expect(boundaries).toHaveLength(4)
})
