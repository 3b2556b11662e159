import type { Conversation, Peer, World } from '../provider.ts'
import type { Session } from './session.ts'

export interface RuntimeTraits {
  readonly world: World
  /** All sockets of the account; this one is in it while it is open. */
  readonly all: Set<RuntimeSocket>
  /** What the last part of the address says: an agent's code or anything. */
  readonly place: string
  /** Frames per second; 0 sends none. */
  readonly fps: number
  /** How long a socket without a living token stays open, in ms. */
  readonly lapseCloseMs: number
  /** Called for each frame sent. */
  readonly onFrame: () => void
}

/** Frames that answer one `speak`, besides the steady ones. */
const burst = 3

/**
 * One socket of a runtime. bitHuman documents no browser WebSocket of its own: this stands for the runtime that a developer
 * runs with their SDK, of which it shows the one thing that matters here, that frames come only while beats succeed.
 */
export class RuntimeSocket implements Conversation {
  readonly #peer: Peer
  readonly #session: Session
  readonly #traits: RuntimeTraits
  #index = 0
  #cancel = () => {}
  #frameAt: number

  constructor(peer: Peer, session: Session, traits: RuntimeTraits) {
    this.#peer = peer
    this.#session = session
    this.#traits = traits
    this.#frameAt = traits.world.now() + 1000 / traits.fps
    session.sockets.add(this)
    traits.all.add(this)
    this.#send({ type: 'ready', session: session.id })
    this.look()
  }

  get agent(): string {
    return this.#session.agent ?? this.#traits.place
  }

  get room(): string {
    return this.#session.room ?? this.#session.id
  }

  /** Sets the one timer to what comes next: a frame, or the end of a socket whose token has lapsed. */
  look(): void {
    this.#cancel()
    const { world, fps, lapseCloseMs } = this.#traits
    const now = world.now()
    const { lapsesAt } = this.#session
    if (this.#session.produces(now)) {
      // A session that was paused does not owe the frames of the pause.
      this.#frameAt = Math.max(this.#frameAt, now)
      if (fps > 0 && this.#frameAt < lapsesAt) this.#cancel = world.timer(() => this.#tick(), this.#frameAt - now)
      else this.#cancel = world.timer(() => this.look(), lapsesAt - now)
    } else if (now < lapsesAt + lapseCloseMs) {
      this.#cancel = world.timer(() => this.look(), lapsesAt + lapseCloseMs - now)
    } else {
      this.end(4401, 'token expired')
    }
  }

  /** Says a text, as a `speak` frame or bitHuman's REST call asks for it. A paused avatar says nothing. */
  speak(text: string): void {
    if (!this.#session.produces(this.#traits.world.now())) return
    this.#send({ type: 'transcript', text })
    for (let i = 0; i < burst; i++) this.#frame()
  }

  end(code: number, reason: string): void {
    this.#leave()
    this.#peer.close(code, reason)
  }

  terminate(): void {
    this.#leave()
    this.#peer.terminate()
  }

  message(data: string | Uint8Array<ArrayBuffer>): void {
    const text = typeof data === 'string' ? spokenText(data) : undefined
    if (text !== undefined) this.speak(text)
  }

  closed(): void {
    this.#leave()
  }

  #tick(): void {
    if (this.#session.produces(this.#traits.world.now())) {
      this.#frameAt += 1000 / this.#traits.fps
      this.#frame()
    }
    this.look()
  }

  #frame(): void {
    this.#traits.onFrame()
    this.#send({ type: 'frame', index: this.#index++, at: this.#traits.world.now() })
  }

  #send(frame: object): void {
    this.#peer.send(JSON.stringify(frame))
  }

  #leave(): void {
    this.#cancel()
    this.#session.sockets.delete(this)
    this.#traits.all.delete(this)
  }
}

/** The text of `{"type":"speak","text":…}`; undefined for anything else, which a runtime ignores. */
function spokenText(data: string): string | undefined {
  try {
    const frame: unknown = JSON.parse(data)
    if (typeof frame !== 'object' || frame === null || !('type' in frame) || !('text' in frame)) return undefined
    return frame.type === 'speak' && typeof frame.text === 'string' ? frame.text : undefined
  } catch {
    return undefined
  }
}
