/**
 * What several gateways must agree on: what was said to whom and in which order, whose right was withdrawn, what may be
 * used once, and how often somebody asked. `memoryStore()` keeps it in one process; `redisStore()` in Redis, for several.
 *
 * Every call settles within a few seconds, or rejects with a `StoreError`: a store that is away is never waited for.
 */
export interface Store {
  /**
   * Keeps one event for each of these subjects, all or none, and resolves only when it is kept: from then on it is
   * delivered, whatever happens to this process. `id` makes it idempotent: the same id again, within a day, changes nothing. After a
   * rejection it may be kept or not: append it again with the same id.
   *
   * @throws TypeError (as a rejection) for more than 1,000 subjects
   */
  append(id: string, subjects: readonly string[], body: string): Promise<'appended' | 'duplicate'>
  /**
   * What a subject was told after a position, oldest first, at most `limit` entries (1 or more). From a position that the
   * store does not know (another stream, newer than the head) it begins with the oldest that is kept, and says `gap`.
   */
  read(subject: string, from: Position, limit: number): Promise<Page>
  /** The newest position there is; a reader who begins here hears all that comes later. */
  head(): Promise<Position>
  /**
   * When the right of this user was last withdrawn, in epoch ms by the store's clock: the later of his own and everybody's.
   * Never falls. A store that lost what it knew says the moment of that loss, so that no withdrawn right comes back.
   */
  epochOf(user: string): Promise<number>
  /** Withdraws the right of one user, or (null) of everybody, as it stands now. Resolves with what `epochOf` says from now on. */
  revoke(user: string | null): Promise<number>
  /** True for the first caller with this key within `ttlMs`, on whichever machine. */
  once(key: string, ttlMs: number): Promise<boolean>
  /** Takes one of `points` per `perMs`; resolves with 0, or with the milliseconds until there is one again. Rejects where that cannot be told. */
  take(limit: Limit, key: string): Promise<number>
  /**
   * Tells of everything new, from now on, in order, whichever store object it was told to. The first `fresh()` says that it
   * has begun; a `lapsed()` may come before that, where the store was not reached yet. Returns its stop.
   */
  follow(follower: Follower): () => void
  /** Lets go of connections and timers, within 2 seconds. Nobody is told anything any more; other calls may reject. */
  close(): Promise<void>
}

/** How long `append` remembers an id, in ms: a day, longer than senders of webhooks repeat themselves. */
export const rememberIdsMs = 86_400_000

/** A place in what the store was told. `seq` only grows, over all subjects; positions of two `stream`s cannot be compared. */
export interface Position {
  /** Another one whenever the store lost what it knew. */
  readonly stream: string
  /** A whole number below 2⁵³. */
  readonly seq: number
}

export interface Entry {
  readonly seq: number
  /** The `seq` of the entry of the same subject before this one; 0 for its first, or its first after a silence of the whole retention. A reader who is further back has a gap. */
  readonly after: number
  readonly body: string
}

export interface Page {
  readonly stream: string
  readonly entries: readonly Entry[]
  /** Where a reader stands after these entries: the last one's `seq` while there are more, else the head, which moves on with time. */
  readonly seq: number
  /** Entries after the asked position are not kept any more, or that cannot be told: another stream, too old, too many, never given out. */
  readonly gap: boolean
  /** There are more. */
  readonly more: boolean
}

export interface Limit {
  /** Names the limit; keys of two limits do not meet. */
  readonly name: string
  readonly points: number
  /** Counted in whole seconds, rounded up; the window begins with a key's first use. */
  readonly perMs: number
}

/** Hears what is new. Calls come in the store's order; none may throw. */
export interface Follower {
  entry(subject: string, entry: Entry): void
  revoked(user: string | null, epoch: number): void
  /** There may be a hole before what comes next: whoever relies on it reads again, positions and epochs. */
  lapsed(): void
  /** After every successful look, one that found nothing included: up to this moment nothing is missing. At least once a second while the store is well. */
  fresh(): void
}
