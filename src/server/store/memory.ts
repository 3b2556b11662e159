import { RateLimiterMemory } from 'rate-limiter-flexible'
import { fadingMap } from './fading-map.ts'
import { followers } from './followers.ts'
import { limiters } from './limiters.ts'
import { isSeq, msAt, perMillisecond, seqAt } from './sequence.ts'
import { storeReporter } from './store-error.ts'
import type { OnStoreError } from './store-error.ts'
import { rememberIdsMs } from './store.ts'
import type { Entry, Page, Position, Store } from './store.ts'
import { distinctSubjects } from './subjects.ts'

export interface MemoryStoreOptions {
  /** Epoch ms. Default: `Date.now`. (`take` counts by the machine's own clock.) */
  readonly now?: () => number
  /** Runs once after so many ms; returns its stop. Used only while somebody follows. Default: a timer that keeps no process alive. */
  readonly timer?: (run: () => void, ms: number) => () => void
  /** How long an entry can be read at least, in ms. Default: 10 minutes. */
  readonly retentionMs?: number
  /** How many entries of one subject are kept; the eldest goes first. Default: 1,000. */
  readonly entriesPerSubject?: number
  /** Name of this store's stream. Default: a random one. */
  readonly stream?: string
  /** Hears of followers that threw. Default: `console.error`. */
  readonly onError?: OnStoreError
}

/** The store of a single gateway. What it was told ends with the process: the next one is born with another stream. */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { now = Date.now, timer = idleTimer, retentionMs = 600_000, entriesPerSubject = 1000 } = options
  const stream = options.stream ?? crypto.randomUUID()
  const born = now()
  const kept = fadingMap<Entry[]>()
  const seen = fadingMap<true>()
  const used = fadingMap<true>()
  const epochs = new Map<string, number>()
  const listening = followers(storeReporter(options.onError))
  let everybody = born
  /** The newest epoch: each one is above all before it, two in one millisecond too. */
  let raised = born
  let seq = seqAt(born)
  /** `seq` of the newest entry of all. */
  let last = seq
  let stopTimer: (() => void) | null = null

  /** Does not run back when the machine's clock is set back: `seq` has not, and both say when something happened. */
  const clock = (): number => Math.max(now(), msAt(seq))
  const epochOf = (user: string): number => Math.max(everybody, epochs.get(user) ?? 0)

  /** An idle reader moves on with time, so that he is not taken for one who missed something. */
  const headAt = (time: number): number => {
    const before = seqAt(time) - 1
    if (before - seq > (retentionMs * perMillisecond) / 4) seq = before
    return seq
  }

  const keep = (subject: string, body: string, time: number): Entry => {
    const entries = kept.get(subject, time) ?? []
    const entry = { seq, after: entries.at(-1)?.seq ?? 0, body }
    entries.push(entry)
    if (entries.length > entriesPerSubject) entries.shift()
    kept.set(subject, entries, time + retentionMs, time)
    return entry
  }

  const read = (subject: string, from: Position, limit: number): Page => {
    const time = clock()
    const head = headAt(time)
    const known = from.stream === stream && isSeq(from.seq) && from.seq <= head
    const place = known ? from.seq : 0
    const rest = (kept.get(subject, time) ?? []).filter((entry) => entry.seq > place)
    const entries = rest.slice(0, limit)
    const after = rest[0]?.after ?? 0
    // Nothing before the first entry: there never was anything, or so long ago that it is forgotten.
    const tooOld = after === 0 && place < last && msAt(place) + retentionMs <= time
    const more = rest.length > limit
    return { stream, entries, seq: more ? (entries.at(-1)?.seq ?? place) : head, gap: !known || after > place || tooOld, more }
  }

  const tick = (): void => {
    stopTimer = listening.size === 0 ? null : timer(tick, 1000)
    listening.tell((follower) => follower.fresh())
  }

  return {
    async append(id, subjects, body) {
      const distinct = distinctSubjects(subjects)
      const time = clock()
      if (seen.get(id, time)) return 'duplicate'
      seen.set(id, true, time + rememberIdsMs, time)
      seq = last = Math.max(seq + 1, seqAt(time))
      const entries = distinct.map((subject) => ({ subject, entry: keep(subject, body, time) }))
      listening.tell((follower) => {
        for (const { subject, entry } of entries) follower.entry(subject, entry)
        follower.fresh()
      })
      return 'appended'
    },
    read: async (subject, from, limit) => read(subject, from, limit),
    head: async () => ({ stream, seq: headAt(clock()) }),
    epochOf: async (user) => epochOf(user),
    async revoke(user) {
      const epoch = (raised = Math.max(clock(), raised + 1))
      if (user === null) everybody = epoch
      else epochs.set(user, epoch)
      listening.tell((follower) => {
        follower.revoked(user, epoch)
        follower.fresh()
      })
      return epoch
    },
    async once(key, ttlMs) {
      const time = clock()
      if (used.get(key, time)) return false
      used.set(key, true, time + ttlMs, time)
      return true
    },
    take: limiters((limit) => new RateLimiterMemory(limit)),
    follow(follower) {
      const stop = listening.add(follower)
      // Not before `follow` has returned: no caller expects to be called by then.
      queueMicrotask(() => listening.tell((one) => one.fresh()))
      stopTimer ??= timer(tick, 1000)
      return stop
    },
    async close() {
      listening.clear()
      stopTimer?.()
      stopTimer = null
    },
  }
}

function idleTimer(run: () => void, ms: number): () => void {
  const id: unknown = setTimeout(run, ms)
  if (canUnref(id)) id.unref()
  return () => clearTimeout(id as number)
}

const canUnref = (id: unknown): id is { unref(): void } => typeof id === 'object' && id !== null && 'unref' in id
