import type { Conversation, Peer } from '../provider.ts'
import { type Fields, isFields, json, parsed, problem, textOf } from './replies.ts'
import { scoresOf } from './samples.ts'

/**
 * The old Expression Measurement stream, `wss …/v0/stream/models`: one `{ models, data }` in, one prediction a model out,
 * errors as `{ error, code }`. It takes an API key only.
 */
export function modelsStream(peer: Peer): Conversation {
  const send = (frame: Fields) => peer.send(JSON.stringify(frame))
  return {
    message(data) {
      const frame = typeof data === 'string' ? parsed(data) : undefined
      if (frame === undefined) return send({ error: 'The payload is not valid JSON.', code: 'E0100' })
      if (!isFields(frame) || !isFields(frame['models'])) return send({ error: 'The field models is required.', code: 'E0101' })
      const sample = textOf(frame['data'])
      const emotions = Object.entries(scoresOf(sample)).map(([name, score]) => ({ name, score }))
      const models: Fields = Object.fromEntries(Object.keys(frame['models']).map((model) => [model, { predictions: [{ emotions }] }]))
      send({ ...models, ...(frame['payload_id'] !== undefined && { payload_id: frame['payload_id'] }) })
    },
    closed: () => {},
  }
}

/** Why this handshake with the old stream is refused, if so. */
export function refusedModels(url: URL, headers: Headers): Response | undefined {
  const bringsToken = url.searchParams.has('access_token') || /^Bearer /i.test(headers.get('authorization') ?? '')
  if (!bringsToken) return undefined
  return problem(
    401,
    'unauthorized',
    'Expression Measurement does not accept access tokens: send an API key, as api_key or X-Hume-Api-Key.',
  )
}

/** The credential must come in a header here, so a browser cannot connect by itself. The body carries only a message. */
export const refusedRealtime = (requestId: string): Response =>
  json({ message: 'Send an API key in X-Hume-Api-Key or an access token in Authorization: Bearer.', request_id: requestId }, 401)

const largestMessage = 2 ** 20
/** 16 kHz, 16-bit, mono. */
const bytesPerMs = 32
const longestFrameMs = 10_000

/**
 * The new `wss …/v1/expression/{audio,video}/realtime`: `session.created` first, media as binary frames, a
 * `measurement.result` for every `measurement_timer_ms` of sound or for every picture. All sound counts as one utterance,
 * and the shape of a face is a guess.
 */
export function realtime(peer: Peer, medium: 'audio' | 'video', id: () => string): Conversation {
  const send = (frame: Fields) => peer.send(JSON.stringify(frame))
  const complain = (code: string, message: string) => send({ type: 'error', code, message, request_id: id() })
  const end = (code: string, message: string) => {
    complain(code, message)
    send({ type: 'session.closed' })
    peer.close(1000, code)
  }
  let config: Fields = medium === 'audio' ? { measurement_timer_ms: 3000 } : {}
  let heardMs = 0
  let measuredMs = 0
  let frames = 0
  send({ type: 'session.created', session_id: id(), config })

  const listen = (bytes: Uint8Array) => {
    if (bytes.length === 0 || bytes.length % 2 === 1 || bytes.length > longestFrameMs * bytesPerMs) {
      return complain('invalid_audio_frame', 'A frame holds whole 16-bit samples, 10 s of them at most.')
    }
    if (frames++ === 0) send({ type: 'utterance.start', audio_start_ms: 0 })
    heardMs += bytes.length / bytesPerMs
    const everyMs = Number(config['measurement_timer_ms'])
    while (heardMs - measuredMs >= everyMs) {
      measuredMs += everyMs
      const span = { audio_start_ms: Math.max(0, measuredMs - 10_000), audio_end_ms: measuredMs }
      send({ type: 'measurement.result', trigger: 'interval', ...span, expressions: probabilities(`${measuredMs}`), voice_attributes: [] })
    }
  }

  return {
    message(data) {
      if (data.length > largestMessage) return end('message_too_large', 'A message is 1 MiB at most.')
      if (typeof data !== 'string') {
        if (medium === 'audio') return listen(data)
        return send({ type: 'measurement.result', frame: frames++, faces: [{ expressions: probabilities(`${data.length}`) }] })
      }
      const update = parsed(data)
      if (!isFields(update) || update['type'] !== 'session.update' || !isFields(update['config'])) {
        return complain('message_invalid', 'Text messages are session.update with a config.')
      }
      const timer = update['config']['measurement_timer_ms'] ?? 3000
      if (frames > 0) return end('config_invalid', 'The configuration is fixed once media has arrived.')
      if (medium === 'audio' && !(typeof timer === 'number' && timer >= 3000 && timer <= 10_000)) {
        return end('config_invalid', 'measurement_timer_ms lies between 3000 and 10000.')
      }
      config = medium === 'audio' ? { ...update['config'], measurement_timer_ms: timer } : update['config']
    },
    closed: () => {},
  }
}

const probabilities = (seed: string) =>
  Object.entries(scoresOf(seed))
    .filter(([, score]) => score > 0.4)
    .map(([name, probability]) => ({ name: name.toLowerCase(), probability }))
