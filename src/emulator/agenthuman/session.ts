import type { World } from '../provider.ts'
import type { AvatarSocket } from './avatar-socket.ts'
import type { Fields } from './answers.ts'

/**
 * Which generation of the docs a session was created by; it is read from the body. `current`: `{avatar, room}`, starts at
 * once. `older`: `{avatar_id}`, waits for a start. `oldest`: `{agent_id, session_type}`, without any token or socket.
 */
export type Generation = 'current' | 'older' | 'oldest'

export type EndReason = 'ended' | 'expired' | 'disconnected' | 'orphaned'

export interface SessionAbout {
  readonly id: string
  readonly generation: Generation
  /** Opens the socket: `session_token`, in older docs `access_token`. */
  readonly token: string
  readonly avatar: string | null
  readonly aspectRatio: string
  readonly metadata: Fields
  readonly room: { readonly url: string; readonly token: string } | null
  readonly agent: { readonly id: string | number; readonly name: string } | null
  readonly sessionType: string
}

export interface SessionTraits {
  readonly world: World
  /** How long a session lives from its start, in ms; null has no end. */
  readonly lifeMs: number | null
  /** How long a session may wait for its first connection, in ms. */
  readonly orphanMs: number
}

export interface Message {
  readonly message_id: string
  readonly role: 'user' | 'assistant'
  readonly content: string
  readonly created_at: string
}

/**
 * One session. It goes created → started → ended and never back: "Once ended, the session cannot be restarted". It ends when
 * it is told to, at its expiration, the moment its socket is gone, and within 3 minutes if nobody ever came (docs, "End
 * Session"). Times are epoch ms.
 */
export class Session {
  readonly about: SessionAbout
  readonly createdAt: number
  readonly messages: Message[] = []
  readonly #traits: SessionTraits
  #cancel = () => {}
  #socket: AvatarSocket | null = null
  #startedAt: number | null = null
  #endedAt: number | null = null
  #met = false

  constructor(about: SessionAbout, traits: SessionTraits) {
    this.about = about
    this.#traits = traits
    this.createdAt = traits.world.now()
  }

  get status(): 'created' | 'started' | 'ended' {
    if (this.#endedAt !== null) return 'ended'
    return this.#startedAt === null ? 'created' : 'started'
  }

  get startedAt(): number | null {
    return this.#startedAt
  }

  get endedAt(): number | null {
    return this.#endedAt
  }

  get expiresAt(): number | null {
    return this.#startedAt === null || this.#traits.lifeMs === null ? null : this.#startedAt + this.#traits.lifeMs
  }

  /** How long it has run, in ms. */
  get ranMs(): number {
    return this.#startedAt === null ? 0 : (this.#endedAt ?? this.#traits.world.now()) - this.#startedAt
  }

  get socket(): AvatarSocket | null {
    return this.#socket
  }

  /** From created to started; does nothing in another state. */
  start(): void {
    if (this.status !== 'created') return
    this.#startedAt = this.#traits.world.now()
    this.#look()
  }

  /** The first and only socket has shown the token. */
  attach(socket: AvatarSocket): void {
    this.#socket = socket
    this.#met = true
    this.#look()
  }

  /** Ends it for good; does nothing if it has ended. A socket is told the reason and closed. */
  end(reason: EndReason): void {
    if (this.#endedAt !== null) return
    this.#cancel()
    this.#endedAt = this.#traits.world.now()
    const socket = this.#socket
    this.#socket = null
    socket?.finish(reason)
  }

  /** Sets the one timer to whichever end comes first. */
  #look(): void {
    this.#cancel()
    const now = this.#traits.world.now()
    const expiresAt = this.expiresAt ?? Infinity
    // The oldest generation has no socket by which anybody could come.
    const waits = !this.#met && this.about.generation !== 'oldest'
    const orphanedAt = waits && this.#startedAt !== null ? this.#startedAt + this.#traits.orphanMs : Infinity
    const at = Math.min(expiresAt, orphanedAt)
    if (at <= now) this.end(expiresAt <= orphanedAt ? 'expired' : 'orphaned')
    else if (at < Infinity) this.#cancel = this.#traits.world.timer(() => this.#look(), at - now)
  }
}
