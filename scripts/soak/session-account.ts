/** What must hold of one session, as its listeners and its sockets see it. Times are monotonic ms. */
import { isDeepStrictEqual } from 'node:util'
import type { Notice, Status } from '../../src/index.ts'
import type { Wrong } from './verdict.ts'

export interface SessionTraits {
  /** The longest silence of a link that stays up; null: nobody looks. */
  readonly silenceMs: number | null
}

/** Why a session may be paused, with the codes of each reason. */
const reasons = new Set([
  ...['login_required', 'key_refused', 'revoked', 'rejected', 'quota'].map((code) => `refused ${code}`),
  ...['network', 'timeout', 'unavailable', 'malformed'].map((code) => `expired ${code}`),
])

const farewellMs = 2_000
/** A timer may be this late, and a status is looked at once a second. */
const lookMs = 1_500
const queueAtMost = 64
const queuedAtMostMs = 30_000

interface Live {
  readonly id: number
  heardAt: number
  ready: boolean
}

export class SessionAccount {
  readonly #name: string
  readonly #traits: SessionTraits
  readonly #wrong: Wrong
  #last: Status = { name: 'idle' }
  #live: Live | null = null
  #nobodySince: number | null = null
  /** Messages that wait in the queue, with the time since when. */
  readonly #queued = new Map<number, number>()
  #sending: { readonly n: number; wired: boolean; dropped: boolean } | null = null
  #wired = 0
  #heard: number | null = null
  #mayMiss = true

  constructor(name: string, traits: SessionTraits, wrong: Wrong) {
    this.#name = name
    this.#traits = traits
    this.#wrong = wrong
  }

  #say(id: Parameters<Wrong>[0], what: string): void {
    this.#wrong(id, this.#name, what)
  }

  get queued(): number {
    return this.#queued.size
  }

  get hasSocket(): boolean {
    return this.#live !== null
  }

  /** The number of the last event. */
  get heardUpTo(): number {
    return this.#heard ?? 0
  }

  // Sockets.

  dials(id: number, now: number, isOver: boolean): void {
    if (this.#live) this.#say('I2', 'a second live socket')
    if (isOver) this.#say('I6', 'a dial after the end')
    this.#live = { id, heardAt: now, ready: false }
  }

  /** The library has said farewell to it, or it has ended. */
  leaves(id: number): void {
    if (this.#live?.id === id) this.#live = null
  }

  frame(id: number, now: number): void {
    if (this.#live?.id === id) this.#live.heardAt = now
  }

  // Statuses.

  told(status: Status): void {
    if (isDeepStrictEqual(status, this.#last)) this.#say('I9', `told twice: ${JSON.stringify(status)}`)
    this.#last = status
    if (status.name === 'paused' && 'code' in status && !reasons.has(`${status.reason} ${status.code}`))
      this.#say('I4', `paused (${status.reason}, ${status.code})`)
  }

  /**
   * Looked at in between; `asks`: a token request is in flight. `wall` is epoch ms, as `retryAt` is. `anew`: the last look was on
   * time, so that what is late now is late by itself.
   */
  look(status: Status, { now, wall, lagMs, asks }: { now: number; wall: number; lagMs: number; asks: boolean }): void {
    if (status !== this.#last && status.name !== 'idle') this.#say('I9', `the snapshot is ${status.name}, the last told ${this.#last.name}`)
    const waits = status.name === 'connecting' || status.name === 'reconnecting' || (status.name === 'paused' && 'code' in status)
    const comes = 'retryAt' in status && status.retryAt !== undefined && status.retryAt > wall - lookMs - lagMs
    if (!waits || comes || asks || this.#live) this.#nobodySince = null
    else if (this.#nobodySince === null) this.#nobodySince = now
    else if (now - this.#nobodySince > lookMs + 2 * lagMs) {
      this.#say('I4', `${JSON.stringify(status)}, and nobody's turn`)
      this.#nobodySince = now + 60_000
    }
    if (status.name === 'connected' && !this.#live) this.#say('I9', 'connected without a socket')
    if (this.#live && (status.name === 'closed' || status.name === 'failed')) this.#say('I6', `a live socket while ${status.name}`)
    if (this.#live && status.name === 'connected' && this.#traits.silenceMs !== null) {
      const silent = now - this.#live.heardAt
      if (silent > this.#traits.silenceMs + lookMs + 2 * lagMs) {
        this.#say('I12', `a link was silent for ${Math.round(silent)} ms`)
        this.#live.heardAt = now
      }
    }
    if (this.#queued.size > queueAtMost) this.#say('I11', `${this.#queued.size} messages in the queue`)
  }

  // Messages to the server.

  sends(n: number): void {
    this.#sending = { n, wired: false, dropped: false }
  }

  sent(outcome: 'sent' | 'queued' | 'dropped', now: number): void {
    const { n, wired, dropped } = this.#sending!
    this.#sending = null
    if (outcome === 'sent' && !wired) this.#say('I11', `message ${n} is said to be sent, and was not`)
    if (outcome !== 'sent' && wired) this.#say('I11', `message ${n} is said to be ${outcome}, and was sent`)
    if (outcome === 'queued' && !dropped) this.#queued.set(n, now)
  }

  /** It goes out. */
  wires(n: number, status: Status['name'], now: number, lagMs: number): void {
    if (status !== 'connected') this.#say('I5', `message ${n} went out while ${status}`)
    if (n <= this.#wired) this.#say('I10', `message ${n} went out after ${this.#wired}`)
    this.#wired = Math.max(n, this.#wired)
    if (this.#sending?.n === n) {
      this.#sending.wired = true
      return
    }
    const since = this.#queued.get(n)
    if (since === undefined) return this.#say('I11', `message ${n} went out, and was not waiting`)
    this.#queued.delete(n)
    if (now - since > queuedAtMostMs + lagMs + lookMs) this.#say('I11', `message ${n} waited ${Math.round(now - since)} ms`)
  }

  /** A notice says that it was not sent. */
  dropped(n: number, reason: Extract<Notice, { name: 'dropped' }>['reason']): void {
    if (this.#sending?.n === n) {
      if (this.#sending.dropped) this.#say('I11', `message ${n} was dropped twice`)
      this.#sending.dropped = true
      return
    }
    if (!this.#queued.delete(n)) this.#say('I11', `message ${n} was dropped (${reason}), and was not waiting`)
  }

  // Events of a gateway, numbered for each user without holes.

  event(n: number): void {
    if (this.#heard !== null && n <= this.#heard) this.#say('I10', `event ${n} after ${this.#heard}: repeated`)
    else if (!this.#mayMiss && n !== this.#heard! + 1) this.#say('I10', `event ${n} after ${this.#heard}: ${n - this.#heard! - 1} lost`)
    this.#heard = n
    this.#mayMiss = false
  }

  /** Loss was told. */
  gap(): void {
    this.#mayMiss = true
  }

  /** `close()` or `reset()`: what follows is another conversation. */
  begins(): void {
    this.#heard = null
    this.#mayMiss = true
  }

  // The end.

  closed(tookMs: number, lagMs: number): void {
    if (tookMs > farewellMs + 100 + 2 * lagMs) this.#say('I7', `close() took ${Math.round(tookMs)} ms`)
  }

  /** After everything is closed. */
  ends(): void {
    if (this.#live) this.#say('I7', 'a live socket after close()')
    if (this.#queued.size > 0) this.#say('I11', `${this.#queued.size} messages were neither sent nor dropped`)
  }
}
