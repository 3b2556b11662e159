/** What must hold of one page: a source of tokens with its sessions, as `fetch` and the sockets see it. Times are monotonic ms. */
import type { Wrong } from './verdict.ts'

export interface TokenRequest {
  readonly id: number
  readonly startedAt: number
}

/** How an answer came out. */
export type Answered =
  | { readonly is: 'granted'; readonly token: string; readonly lifeMs: number }
  /** 401, 403, 402: the right is gone. A lease ends with it, a ticket lives on. */
  | { readonly is: 'refused'; readonly retryAfterMs: number }
  | { readonly is: 'failed'; readonly retryAfterMs: number }

export interface PageTraits {
  readonly kind: 'ticket' | 'lease'
  /** One request each, once three are spent, in ms. */
  readonly refillMs: number
  /** How long a lease outlives its last grant at most; Infinity: its own life decides. */
  readonly graceMs: number
}

const bucketSize = 3
/** Clocks are read a moment apart. */
const readingMs = 20
const tokensRemembered = 8

export class PageAccount {
  readonly #page: string
  readonly #wrong: Wrong
  readonly #traits: PageTraits
  readonly #open = new Map<number, TokenRequest>()
  /** Requests that were aborted, or ended without an answer. */
  givenUp = 0
  #floorUntil = 0
  #bucket = { left: bucketSize, at: 0 }
  #endsAt = -Infinity
  readonly #tokens: string[] = []
  readonly #rejected = new Set<string>()
  /** Given to the user before. */
  readonly #others = new Set<string>()

  constructor(page: string, traits: PageTraits, wrong: Wrong) {
    this.#page = page
    this.#traits = traits
    this.#wrong = wrong
  }

  get requests(): number {
    return this.#open.size
  }

  /** The last tokens that this page was given: what may be seen nowhere. */
  get tokens(): readonly string[] {
    return this.#tokens
  }

  /** `lagMs`: the page decided so much earlier at most, in a turn that had much to do. A bucket is full before that is forgotten. */
  asks(request: TokenRequest, anybodyWants: boolean, lagMs: number): void {
    const now = request.startedAt
    if (this.#open.size > 0) this.#wrong('I3', this.#page, 'a second token request while one is in flight')
    if (now < this.#floorUntil - readingMs)
      this.#wrong('I3', this.#page, `a token request ${Math.round(this.#floorUntil - now)} ms before Retry-After`)
    const left = Math.min(bucketSize, this.#bucket.left + (now - this.#bucket.at) / this.#traits.refillMs)
    if (left + lagMs / this.#traits.refillMs < 0.98)
      this.#wrong('I3', this.#page, `a token request too many: the bucket holds ${left.toFixed(2)}`)
    this.#bucket = { left: left - 1, at: now }
    if (!anybodyWants) this.#wrong('I6', this.#page, 'a token request, and every session is over')
    this.#open.set(request.id, request)
  }

  /** Aborted: its answer counts for nothing. */
  aborted(id: number): void {
    if (this.#open.delete(id)) this.givenUp++
  }

  answered(id: number, answer: Answered, now: number): void {
    const request = this.#open.get(id)
    if (!request) return
    this.#open.delete(id)
    if (answer.is === 'granted') {
      this.#endsAt = request.startedAt + Math.min(answer.lifeMs, this.#traits.graceMs)
      this.#others.delete(answer.token)
      if (this.#tokens.includes(answer.token)) return
      this.#tokens.push(answer.token)
      if (this.#tokens.length > tokensRemembered) this.#forget(this.#tokens.shift()!)
      return
    }
    this.#floorUntil = Math.max(this.#floorUntil, now + answer.retryAfterMs)
    if (answer.is === 'refused' && this.#traits.kind === 'lease') this.#endsAt = -Infinity
  }

  /** The server closed a socket with a code that says that its token is worth nothing, and the page heard it. */
  rejected(token: string): void {
    this.#rejected.add(token)
  }

  /** The last session ended, and its grant was given back: what is forgotten may be given again by a route that is cached. */
  givenBack(): void {
    this.#rejected.clear()
  }

  /** Another user: nothing of the one before counts. */
  reset(): void {
    this.#endsAt = -Infinity
    this.#rejected.clear()
    for (const token of this.#tokens) this.#others.add(token)
  }

  #forget(token: string): void {
    this.#rejected.delete(token)
    this.#others.delete(token)
  }

  /** A token goes into an address or a first frame. */
  uses(token: string, now: number, lagMs: number): void {
    if (!this.#tokens.includes(token)) return this.#wrong('I1', this.#page, 'a dial with a token that was not given, or is long gone')
    if (this.#rejected.has(token)) this.#wrong('I1', this.#page, 'a dial with a token that was rejected')
    if (this.#others.has(token)) this.#wrong('I1', this.#page, "a dial with another user's token")
    if (this.#traits.kind === 'lease') this.live('a dial', now, lagMs)
  }

  /** Something goes out that only a lease allows. */
  live(what: string, now: number, lagMs: number): void {
    if (this.#traits.kind !== 'lease') return
    const over = now - this.#endsAt
    if (over > readingMs + lagMs)
      this.#wrong('I1', this.#page, `${what} ${over === Infinity ? 'without a lease' : `${Math.round(over)} ms after the lease`}`)
  }
}
