import type { Conversation, Peer, World } from '../provider.ts'
import { type Fields, isFields, objectOf, textIn } from './answers.ts'
import { Playback } from './playback.ts'
import type { EndReason, Session } from './session.ts'

export interface SocketTraits {
  readonly world: World
  /** The account's session of this id. */
  readonly find: (id: string) => Session | undefined
  /** All open sockets; this one is in it while it is open. */
  readonly all: Set<AvatarSocket>
  readonly fps: number
  readonly counts: { initialised: number; refusedInits: number; frames: number }
}

/** Largest message, in bytes (docs, "Making Avatars Talk"); also the largest that the real front carries. */
const largest = 10 * 2 ** 20

/** How a close is worded. The code is always 1000, and the frame before it ours: no page says how the server closes. */
const farewells: Readonly<Record<EndReason, string>> = {
  ended: 'session ended',
  expired: 'session expired',
  disconnected: 'session disconnected',
  orphaned: 'session orphaned',
}

/**
 * One socket of `wss://wss.agenthuman.com`. Its first message must be `session.init` with the session's id and token, or it
 * is refused: an `error` frame, and close 1008 (the code is ours). Afterwards it takes two commands. The pages name their
 * fields but not their types, as far as we could read them, so they are told apart by what they hold: `audio` (base64 of
 * 16-bit mono PCM, with `sample_rate`, default 16000) is to be spoken, a type with "interrupt" in it stops the speech. The types of
 * the confirmations, `audio.received` and `playback.interrupted`, are ours.
 */
export class AvatarSocket implements Conversation {
  readonly #peer: Peer
  readonly #traits: SocketTraits
  readonly #playback: Playback
  #session: Session | null = null
  #open = true

  constructor(peer: Peer, traits: SocketTraits) {
    this.#peer = peer
    this.#traits = traits
    traits.all.add(this)
    const { world, fps, counts } = traits
    this.#playback = new Playback({ world, fps, send: (frame) => this.#send(frame), onFrame: () => void counts.frames++ })
  }

  message(data: string | Uint8Array<ArrayBuffer>): void {
    if (!this.#open) return
    if (data.length > largest) return this.#complain('Message too large (10 MB at most)')
    const frame = typeof data === 'string' ? objectOf(data) : null
    if (!this.#session) return this.#init(frame)
    if (!frame || textIn(frame, 'type') === undefined) return this.#complain('Messages must be JSON with a type')
    this.#obey(frame, textIn(frame, 'type') ?? '')
  }

  /** Says a text, as a message over REST asks for it. */
  say(text: string): void {
    this.#send({ type: 'transcript', role: 'assistant', text })
    this.#playback.text(text)
  }

  /** The session has ended: says why, as the `session.state` topic would, and closes. */
  finish(reason: EndReason): void {
    this.#playback.stop()
    this.#send({ type: 'session.state', state: 'disconnected', reason })
    this.end(1000, farewells[reason])
  }

  end(code: number, reason: string): void {
    if (!this.#open) return
    this.closed()
    this.#peer.close(code, reason)
  }

  terminate(): void {
    if (!this.#open) return
    this.closed()
    this.#peer.terminate()
  }

  /** "WebSocket disconnects: the session is terminated instantly." */
  closed(): void {
    if (!this.#open) return
    this.#open = false
    this.#playback.stop()
    this.#traits.all.delete(this)
    this.#session?.end('disconnected')
  }

  #init(frame: Fields | null): void {
    const { counts, find } = this.#traits
    const refusal = (error: string) => {
      counts.refusedInits++
      this.#complain(error)
      this.end(1008, error)
    }
    if (frame?.['type'] !== 'session.init') return refusal('First message must be session.init')
    // Older docs nest it all in `config` and say `access_token`.
    const config = isFields(frame['config']) ? frame['config'] : frame
    const session = find(textIn(config, 'session_id') ?? '')
    const token = textIn(config, 'session_token') ?? textIn(config, 'access_token')
    if (!session || token !== session.about.token) return refusal('Invalid session credentials')
    if (session.status === 'ended') return refusal('Session has already ended')
    if (session.status === 'created') return refusal('Session has not been started')
    // Ours: a session keeps the socket it has. The other way round, a copied token could push its owner out.
    if (session.socket) return refusal('Session already has a connection')
    this.#session = session
    session.attach(this)
    counts.initialised++
    this.#send({ type: 'connection.established', session_id: session.about.id })
  }

  #obey(frame: Fields, type: string): void {
    if (type === 'session.init') return this.#complain('Session is already initialized')
    if (/interrupt/i.test(type)) {
      this.#playback.stop()
      return this.#send({ type: 'playback.interrupted' })
    }
    if (typeof frame['audio'] !== 'string') return this.#complain(`Unknown message type: ${type}`)
    const rate = frame['sample_rate'] ?? 16_000
    if (typeof rate !== 'number' || !(rate >= 1000 && rate <= 384_000)) return this.#complain('sample_rate must be a number in Hz')
    const samples = samplesIn(frame['audio'])
    if (!samples) return this.#complain('audio must be base64-encoded 16-bit PCM')
    this.#send({ type: 'audio.received', audio_samples: Math.round((samples.length * 16_000) / rate) })
    this.#playback.sound(samples, rate)
  }

  #complain(error: string): void {
    this.#send({ type: 'error', error })
  }

  #send(frame: object): void {
    if (this.#open) this.#peer.send(JSON.stringify(frame))
  }
}

/** Little-endian samples from base64; null if it is none, or not of whole samples. */
function samplesIn(base64: string): Int16Array | null {
  try {
    const text = atob(base64)
    if (text.length === 0 || text.length % 2 !== 0) return null
    return Int16Array.from({ length: text.length / 2 }, (_, at) => text.charCodeAt(at * 2) | (text.charCodeAt(at * 2 + 1) << 8))
  } catch {
    return null
  }
}
