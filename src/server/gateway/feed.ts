import type { Entry, Follower, Position, Store } from '../store/store.ts'
import type { World } from './front.ts'

/** What the feed tells of and asks from one open connection. */
export interface Listener {
  readonly user: string
  /** When the right behind its lease was last known to stand, as an epoch. */
  readonly epoch: number
  offer(entry: Entry): void
  /** Something may have been missed: read again. */
  check(): void
  /** Once a second, while the store is well: what waited for it may be tried again. */
  fresh(): void
  /** Whatever was told up to here was offered. */
  reached(position: Position): void
  /** Its right was withdrawn. */
  revoke(): void
  /** Whether its right still stands cannot be told. */
  doubt(): void
}

/** So long a right is taken to stand without having been looked at. */
const trustMs = 15_000
/** So often at most what waits for the store, or for a slow browser, is tried again. */
const retryMs = 1000
const advanceMs = 20_000

/**
 * Hands what the store tells to the connections that it is for. Follows the store exactly as long as there are connections;
 * when the store has not been heard of for 15 s, every connection is let go, because one of them may have been revoked.
 */
export class Feed implements Follower {
  readonly #store: Store
  readonly #world: World
  readonly #report: (error: unknown) => void
  readonly #users = new Map<string, Set<Listener>>()
  #stop: (() => void) | null = null
  #freshAt = 0
  #retriedAt = 0
  /** The head as it was some looks ago: after a whole look more, nothing before it is still to come. */
  #head: { readonly position: Position; looks: number } | 'asked' | null = null
  #headAt = 0
  #cancel = (): void => {}
  size = 0

  constructor(store: Store, world: World, report: (error: unknown) => void) {
    this.#store = store
    this.#world = world
    this.#report = report
  }

  /** How many connections a user has here. */
  of(user: string): number {
    return this.#users.get(user)?.size ?? 0
  }

  /** Returns its leave. */
  join(listener: Listener): () => void {
    const listeners = this.#users.get(listener.user) ?? new Set()
    this.#users.set(listener.user, listeners.add(listener))
    this.size++
    if (this.#stop === null) this.#follow()
    return () => {
      if (!listeners.delete(listener)) return
      if (listeners.size === 0) this.#users.delete(listener.user)
      if (--this.size === 0) this.close()
    }
  }

  #follow(): void {
    this.#freshAt = this.#world.now()
    this.#stop = () => {}
    const stop = this.#store.follow(this)
    if (this.#stop === null) stop()
    else this.#stop = stop
    this.#watch()
  }

  #watch(): void {
    const leftMs = this.#freshAt + trustMs - this.#world.now()
    if (leftMs <= 0) for (const listener of this.#everybody()) listener.doubt()
    if (this.#stop !== null) this.#cancel = this.#world.timer(() => this.#watch(), Math.max(leftMs, 1000))
  }

  #everybody(): Listener[] {
    return [...this.#users.values()].flatMap((listeners) => [...listeners])
  }

  entry(subject: string, entry: Entry): void {
    for (const listener of this.#users.get(subject) ?? []) listener.offer(entry)
  }

  revoked(user: string | null, epoch: number): void {
    const listeners = user === null ? this.#everybody() : [...(this.#users.get(user) ?? [])]
    for (const listener of listeners) if (listener.epoch < epoch) listener.revoke()
  }

  lapsed(): void {
    this.#head = null
    for (const listener of this.#everybody()) listener.check()
    for (const user of this.#users.keys()) {
      void this.#store.epochOf(user).then(
        (epoch) => this.revoked(user, epoch),
        // The next look at the store comes by itself, and if none does, doubt ends the connection.
        (error: unknown) => this.#report(error),
      )
    }
  }

  fresh(): void {
    this.#freshAt = this.#world.now()
    this.#advance()
    // The store says this a hundred times a second when there is much to tell; to go through thousands each time is too much.
    if (this.#freshAt < this.#retriedAt + retryMs) return
    this.#retriedAt = this.#freshAt
    for (const listeners of this.#users.values()) for (const listener of listeners) listener.fresh()
  }

  /** Moves those on who heard nothing for long, so that their cursors do not grow older than the store's memory. */
  #advance(): void {
    const head = this.#head
    if (head === 'asked') return
    if (head !== null) {
      if (++head.looks < 2) return
      for (const listener of this.#everybody()) listener.reached(head.position)
      this.#head = null
    }
    if (this.#world.now() < this.#headAt + advanceMs) return
    this.#headAt = this.#world.now()
    this.#head = 'asked'
    this.#store.head().then(
      (position) => (this.#head = this.#head === 'asked' ? { position, looks: 0 } : this.#head),
      () => (this.#head = null),
    )
  }

  close(): void {
    this.#cancel()
    this.#stop?.()
    this.#stop = null
  }
}
