import type { RuntimeSocket } from './runtime.ts'

/**
 * One billed session: what a `transaction_id` stands for. It lives from mint to mint, because a beat is a mint that names
 * it. Times are epoch ms.
 */
export class Session {
  readonly id: string
  readonly agent: string | undefined
  readonly room: string | undefined
  readonly startedAt: number
  readonly sockets = new Set<RuntimeSocket>()
  readonly #graceMs: number
  #expiresAt = 0
  #beatAt = 0
  #stopped = false
  #endedAt: number | null = null

  constructor(id: string, about: { agent: string | undefined; room: string | undefined; startedAt: number; graceMs: number }) {
    this.id = id
    this.agent = about.agent
    this.room = about.room
    this.startedAt = about.startedAt
    this.#graceMs = about.graceMs
  }

  get ended(): boolean {
    return this.#endedAt !== null
  }

  get endedAt(): number | null {
    return this.#endedAt
  }

  /** When the newest token, or the grace since the last good beat, is over. */
  get lapsesAt(): number {
    return Math.min(this.#expiresAt, this.#beatAt + this.#graceMs)
  }

  /** Whether frames may be computed. */
  produces(now: number): boolean {
    return !this.ended && !this.#stopped && now < this.lapsesAt
  }

  /** A good beat. */
  renew(now: number, expiresAt: number): void {
    this.#beatAt = now
    this.#expiresAt = expiresAt
    this.#stopped = false
    this.#changed()
  }

  /** A beat was refused for good (401, 402, 403): frames stop until one succeeds. */
  stop(): void {
    this.#stopped = true
    this.#changed()
  }

  /** The tokens of this session are over now, whatever they say. */
  expire(now: number): void {
    this.#expiresAt = Math.min(this.#expiresAt, now)
    this.#changed()
  }

  /** Ended by its owner: it is never billed or continued again. */
  end(now: number): void {
    this.#endedAt ??= now
    for (const socket of [...this.sockets]) socket.end(1000, 'session ended')
  }

  #changed(): void {
    for (const socket of [...this.sockets]) socket.look()
  }
}
