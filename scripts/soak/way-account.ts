/**
 * What must hold as the servers see it. It knows only what passes by: connections, tokens that were given out, frames. Times
 * are ms by one clock and come in as arguments, so that everything here can be tested with planted bugs.
 */
import type { Invariant, Wrong } from './verdict.ts'

/** How long two connections of one session, or two token requests of one page, may overlap: the first one's end is on its way. */
export const overlapMs = 2_000
/** From a decision in the page to what is seen here. */
export const passingMs = 1_500
/** What came late is judged after this: how late a page's process runs is known a little later. */
export const judgedAfterMs = 10_000

interface Grant {
  readonly page: string
  readonly token: string
  readonly endsAt: number
}

/** Something that was seen this much after it might be. */
interface Late {
  readonly id: Invariant
  readonly who: string
  readonly what: string
  readonly byMs: number
  readonly seenAt: number
}

/** Not before `until`, unless the page gave up the request that said so: it may not have heard. */
interface Floor {
  readonly until: number
  readonly givenUp: number
}

interface Overlap {
  readonly one: string
  readonly other: string
  readonly since: number
}

/** Things of an owner of which there should be one at a time. */
class OneAtATime {
  readonly #open = new Map<string, Set<string>>()
  readonly #overlaps = new Map<string, Set<Overlap>>()

  begins(owner: string, id: string, now: number): void {
    const open = this.#open.get(owner) ?? new Set()
    for (const other of open) {
      const overlaps = this.#overlaps.get(owner) ?? new Set()
      this.#overlaps.set(owner, overlaps.add({ one: other, other: id, since: now }))
    }
    this.#open.set(owner, open.add(id))
  }

  ends(owner: string, id: string): void {
    const open = this.#open.get(owner)
    open?.delete(id)
    if (open?.size === 0) this.#open.delete(owner)
    const overlaps = this.#overlaps.get(owner)
    for (const overlap of overlaps ?? []) if (overlap.one === id || overlap.other === id) overlaps?.delete(overlap)
    if (overlaps?.size === 0) this.#overlaps.delete(owner)
  }

  /** Calls `late` once for each overlap that has lasted too long. */
  look(now: number, allowedMs: number, late: (owner: string, ms: number) => void): void {
    for (const [owner, overlaps] of this.#overlaps)
      for (const overlap of overlaps) {
        if (now - overlap.since <= allowedMs) continue
        overlaps.delete(overlap)
        late(owner, Math.round(now - overlap.since))
      }
  }
}

export class WayAccount {
  readonly #wrong: Wrong
  readonly #connections = new OneAtATime()
  readonly #requests = new OneAtATime()
  /** The grants of each page, oldest first; those long over are forgotten. */
  readonly #grants = new Map<string, Grant[]>()
  readonly #floors = new Map<string, Floor>()
  #late: Late[] = []
  /** By session: the number of its last message. */
  readonly #messages = new Map<string, number>()

  constructor(wrong: Wrong) {
    this.#wrong = wrong
  }

  // Token requests.

  /** `givenUp`: how many requests the page has given up so far. */
  asks(page: string, id: string, givenUp: number, now: number): void {
    this.#requests.begins(page, id, now)
    const floor = this.#floors.get(page)
    if (floor?.givenUp !== givenUp) this.#floors.delete(page)
    else this.#was('I3', page, 'a token request before Retry-After was over', floor.until - now, now)
  }

  /** It was answered, or its page has hung up. */
  answered(page: string, id: string): void {
    this.#requests.ends(page, id)
  }

  /** The page was told to wait; `until` is counted from when it was told. */
  toldToWait(page: string, until: number, givenUp: number): void {
    const before = this.#floors.get(page)
    this.#floors.set(page, { until: Math.max(before?.until ?? 0, until), givenUp })
  }

  granted(page: string, token: string, lifeMs: number, now: number): void {
    const grants = (this.#grants.get(page) ?? []).filter(({ endsAt }) => endsAt > now - 120_000)
    grants.push({ page, token, endsAt: now + lifeMs })
    this.#grants.set(page, grants)
  }

  // Connections. One is live from its handshake until either end says farewell, or it is cut or silenced.

  connects(session: string, id: string, now: number): void {
    this.#connections.begins(session, id, now)
  }

  leaves(session: string, id: string): void {
    this.#connections.ends(session, id)
  }

  /** A token is used, in an address or in a frame. */
  shows(page: string, session: string, token: string, now: number): void {
    const grant = (this.#grants.get(page) ?? []).filter((one) => one.token === token).at(-1)
    if (!grant) return this.#wrong('I1', session, 'a token was used that its page was not given, or long ago')
    this.#was('I1', session, 'a token was used after its life', now - grant.endsAt, now)
  }

  /** A message of the application, numbered by its session, passes; `lease`: only while its page holds a grant that lives. */
  message(page: string, session: string, n: number, lease: boolean, now: number): void {
    const last = this.#messages.get(session) ?? 0
    if (n <= last) this.#wrong('I10', session, `message ${n} on the wire after ${last}`)
    this.#messages.set(session, Math.max(n, last))
    if (!lease) return
    const endsAt = Math.max(...(this.#grants.get(page) ?? []).map((grant) => grant.endsAt))
    this.#was('I1', session, `message ${n} went out after the lease was over`, now - endsAt, now)
  }

  #was(id: Invariant, who: string, what: string, byMs: number, seenAt: number): void {
    if (byMs > passingMs) this.#late.push({ id, who, what, byMs, seenAt })
  }

  look(now: number, lagMs: number): void {
    const due = this.#late.filter(({ seenAt }) => now - seenAt >= judgedAfterMs)
    this.#late = this.#late.filter((late) => !due.includes(late))
    for (const { id, who, what, byMs } of due)
      if (byMs > passingMs + 2 * lagMs) this.#wrong(id, who, `${what}, by ${byMs === Infinity ? 'ever' : `${Math.round(byMs)} ms`}`)
    const allowedMs = overlapMs + 2 * lagMs
    this.#connections.look(now, allowedMs, (session, ms) => this.#wrong('I2', session, `two live sockets for ${ms} ms`))
    this.#requests.look(now, allowedMs, (page, ms) => this.#wrong('I3', page, `two token requests for ${ms} ms`))
  }
}
