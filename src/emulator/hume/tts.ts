import type { Conversation, Peer } from '../provider.ts'
import { badStructure } from './frames.ts'
import { type Fields, isFields, parsed } from './replies.ts'
import { type AudioFormat, audioOf, base64, type Bytes, spokenMs } from './samples.ts'

/** How a text becomes sound. */
export interface Voicing {
  readonly format: AudioFormat
  readonly timestamps: readonly string[]
  /** Whether all but the first chunk of a generation come without a file header. */
  readonly stripHeaders: boolean
  /** Without it the answer says what a listener would write down. */
  readonly instant: boolean
}

export interface Piece {
  /** The frame for JSON. */
  readonly frame: Fields
  /** The same sound for a binary frame; a timestamp has none. */
  readonly bytes?: Bytes
}

export const formatOf = (name: unknown): AudioFormat => (name === 'wav' || name === 'pcm' ? name : 'mp3')

/** One sentence as timestamps and two chunks of sound. */
export function synthesize(
  text: string,
  at: { index: number; generationId: string; requestId: string; snippetId: string },
  how: Voicing,
): Piece[] {
  const base = { generation_id: at.generationId, request_id: at.requestId, snippet_id: at.snippetId }
  const stamps = timestampsOf(text, how.timestamps).map((timestamp) => ({ frame: { type: 'timestamp', ...base, timestamp } }))
  const halves = [0, 1].map((chunk): Piece => {
    const headless = how.stripHeaders && how.format === 'wav' && (chunk > 0 || at.index > 0)
    const bytes = audioOf(text, spokenMs(text) / 2, headless ? 'pcm' : how.format)
    const frame = {
      type: 'audio',
      ...base,
      audio: base64(bytes),
      audio_format: how.format,
      chunk_index: chunk,
      is_last_chunk: chunk === 1,
      text,
      utterance_index: at.index,
      ...(!how.instant && { transcribed_text: text }),
    }
    return { frame, bytes }
  })
  return [...stamps, ...halves]
}

/** Words (and, as a crude stand-in for phonemes, letters) spread evenly over the time the text takes. */
export function timestampsOf(text: string, types: readonly string[]): Fields[] {
  return types.flatMap((type) => {
    const parts = type === 'phoneme' ? (text.match(/\p{L}/gu) ?? []) : text.split(/\s+/).filter(Boolean)
    const share = spokenMs(text) / Math.max(1, parts.length)
    return parts.map((part, at) => ({ text: part, type, time: { begin: Math.round(at * share), end: Math.round((at + 1) * share) } }))
  })
}

/**
 * `wss …/v0/tts/stream/input`. Frames have no `type`. With `instant_mode` (the default) every text is spoken as it comes;
 * without it whole sentences are, and the rest on `flush` or `close`. `close` ends the socket with 1000.
 */
export function ttsStream(peer: Peer, query: URLSearchParams, id: () => string): Conversation {
  const how: Voicing = {
    format: formatOf(query.get('format_type')),
    timestamps: query.getAll('include_timestamp_types'),
    stripHeaders: query.get('strip_headers') === 'true',
    instant: query.get('instant_mode') !== 'false',
  }
  const requestId = id()
  const generationId = id()
  let waiting = ''
  let index = 0

  const speak = (text: string) => {
    if (text.trim() === '') return
    const at = { index: index++, generationId, requestId, snippetId: id() }
    for (const { frame, bytes } of synthesize(text.trim(), at, how)) {
      peer.send(JSON.stringify(frame))
      // Inferred: `no_binary` is only needed if sound otherwise comes as binary frames too.
      if (bytes && query.get('no_binary') !== 'true') peer.send(bytes)
    }
  }

  return {
    message(data) {
      const value = typeof data === 'string' ? parsed(data) : undefined
      const said = isFields(value) ? value['text'] : undefined
      if (!isFields(value) || (said !== undefined && said !== null && typeof said !== 'string')) {
        return peer.send(
          JSON.stringify({ type: 'error', ...badStructure('A frame is an object; its text is a string.'), request_id: requestId }),
        )
      }
      waiting += said ?? ''
      const all = how.instant || value['flush'] === true || value['close'] === true
      // A sentence is whole once something follows its mark.
      const cut = all ? waiting.length : (/^.*[.!?…]\s/s.exec(waiting)?.[0].length ?? 0)
      const ready = waiting.slice(0, cut)
      waiting = waiting.slice(cut)
      for (const sentence of ready.match(/[^.!?…]+[.!?…]*\s*/g) ?? []) speak(sentence)
      if (value['close'] === true) peer.close(1000, '')
    },
    closed: () => {},
  }
}
