/** The 48 expressions of the prosody model, spelled as on the wire. A `scores` object holds all of them. */
const expressions = [
  ['Admiration', 'Adoration', 'Aesthetic Appreciation', 'Amusement', 'Anger', 'Anxiety', 'Awe', 'Awkwardness', 'Boredom', 'Calmness'],
  ['Concentration', 'Confusion', 'Contemplation', 'Contempt', 'Contentment', 'Craving', 'Desire', 'Determination', 'Disappointment'],
  ['Disgust', 'Distress', 'Doubt', 'Ecstasy', 'Embarrassment', 'Empathic Pain', 'Entrancement', 'Envy', 'Excitement', 'Fear', 'Guilt'],
  ['Horror', 'Interest', 'Joy', 'Love', 'Nostalgia', 'Pain', 'Pride', 'Realization', 'Relief', 'Romance', 'Sadness', 'Satisfaction'],
  ['Shame', 'Surprise (negative)', 'Surprise (positive)', 'Sympathy', 'Tiredness', 'Triumph'],
].flat()

/** Scores from 0 to 1 for all 48 expressions, the same for the same text. */
export function scoresOf(text: string): Record<string, number> {
  return Object.fromEntries(
    expressions.map((name) => {
      const share = hash(name + text) / 2 ** 32
      // Cubed, because a real answer has a few high scores and many low ones.
      return [name, Math.round(share ** 3 * 1e4) / 1e4]
    }),
  )
}

/** FNV-1a, 32 bits: varied and the same everywhere. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}

export type Bytes = Uint8Array<ArrayBuffer>
export type AudioFormat = 'mp3' | 'pcm' | 'wav'

export const sampleRate = 48_000

/** A soft tone for `ms` in the format asked for; its pitch follows the text. The MP3 is silent: an encoder would be too large for a sample. */
export function audioOf(text: string, ms: number, format: AudioFormat): Bytes {
  if (format === 'mp3') return silentMp3(ms)
  const pcm = tone(180 + (hash(text) % 12) * 20, ms)
  return format === 'pcm' ? pcm : wav(pcm)
}

/** How long an emulated voice speaks this text: 15 ms a letter, between 60 and 600 ms, so that samples stay small. */
export const spokenMs = (text: string): number => Math.min(600, Math.max(60, text.length * 15))

/** Signed 16-bit little-endian samples, mono, 48 kHz, faded in and out so that it does not click. */
function tone(hertz: number, ms: number): Bytes {
  const length = Math.round((sampleRate * ms) / 1000)
  const view = new DataView(new ArrayBuffer(length * 2))
  for (let at = 0; at < length; at++) {
    const fade = Math.sin((Math.PI * at) / length)
    view.setInt16(at * 2, Math.round(4000 * fade * Math.sin((2 * Math.PI * hertz * at) / sampleRate)), true)
  }
  return new Uint8Array(view.buffer)
}

function wav(pcm: Bytes): Bytes {
  const file = new Uint8Array(44 + pcm.length)
  const view = new DataView(file.buffer)
  const ascii = (at: number, text: string) => file.set(new TextEncoder().encode(text), at)
  ascii(0, 'RIFF')
  view.setUint32(4, 36 + pcm.length, true)
  ascii(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  ascii(36, 'data')
  view.setUint32(40, pcm.length, true)
  file.set(pcm, 44)
  return file
}

/** MPEG-1 layer III, 32 kbit/s, 48 kHz, mono: frames of 96 bytes and 24 ms whose side information is all zero. */
function silentMp3(ms: number): Bytes {
  const frames = Math.ceil(ms / 24)
  const file = new Uint8Array(frames * 96)
  for (let frame = 0; frame < frames; frame++) file.set([0xff, 0xfb, 0x14, 0xc0], frame * 96)
  return file
}

export function base64(bytes: Bytes): string {
  let text = ''
  // In slices: an argument list of a whole file would overflow the stack.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

/** A version 4 UUID from the emulator's own chance, so that a simulation with a seed repeats it. */
export function uuid(random: () => number): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (letter) => {
    const digit = Math.floor(random() * 16)
    return (letter === 'x' ? digit : (digit & 3) | 8).toString(16)
  })
}
