import { formatCursor } from '../../protocol/cursor.ts'
import type { Cursor } from '../../protocol/cursor.ts'
import type { Entry, Store } from '../store/store.ts'
import { unpack } from '../store/parcel.ts'

/** What a reader needs of its connection. */
export interface Outlet {
  mayRead(scope: string): boolean
  say(frame: string): void
  /** Bytes that wait to leave this process. */
  buffered(): number
  report(error: unknown): void
  /** Events in the air at most, before the client has acknowledged some. */
  readonly window: number
}

/** So many bytes may wait for a slow browser; then its events wait in the store instead. */
const bufferedAtMost = 1024 * 1024
const pageOf = 128

/**
 * One subscriber's way through the store: each entry once and in order, live from the feed where nothing is missing, else
 * read from the store. A slow browser holds nothing here: its events stay in the store until it has acknowledged earlier
 * ones, and what the store no longer keeps by then is said as a gap.
 */
export class Reader {
  readonly #store: Store
  readonly #subject: string
  readonly #out: Outlet
  #stream = ''
  /** The last entry that was looked at, seen or not allowed to be seen. */
  #at = 0
  /** The last number that the client was told. */
  #told = 0
  /** Numbers of the events that the client has not acknowledged. */
  #air: number[] = []
  #is: 'new' | 'live' | 'behind' | 'reading' | 'over' = 'new'
  /** Something new was offered while it could not be taken. */
  #missed = false

  constructor(store: Store, subject: string, out: Outlet) {
    this.#store = store
    this.#subject = subject
    this.#out = out
  }

  /**
   * Finds where to begin: at the offered cursor, if nothing after it is missing, else with the oldest that is kept; without
   * one, now. `offered` but null: a cursor that is none. Rejects when the store is away.
   */
  async begin(cursor: Cursor | null, offered: boolean): Promise<{ from: Cursor; resumed: boolean }> {
    if (!offered) {
      const { stream, seq } = await this.#store.head()
      return this.#from({ stream, seq }, false)
    }
    const { stream, seq, entries, gap } = await this.#store.read(this.#subject, cursor ?? { stream: '', seq: 0 }, 1)
    if (!gap && cursor) return this.#from(cursor, true)
    return this.#from({ stream, seq: entries[0] ? entries[0].seq - 1 : seq }, false)
  }

  #from(from: Cursor, resumed: boolean): { from: Cursor; resumed: boolean } {
    this.#stream = from.stream
    this.#at = this.#told = from.seq
    return { from, resumed }
  }

  /** The client was told where it stands: what comes later may follow. */
  start(): void {
    if (this.#is === 'new') this.#is = 'behind'
    this.retry()
  }

  stop(): void {
    this.#is = 'over'
  }

  offer(entry: Entry): void {
    if (this.#is === 'live' && entry.after <= this.#at && this.#open()) return this.#take(entry)
    if (entry.seq <= this.#at) return
    this.#missed = true
    if (this.#is !== 'live') return
    this.#is = 'behind'
    this.retry()
  }

  /** Whatever was told up to here was offered. */
  reached({ stream, seq }: Cursor): void {
    if (this.#is === 'live' && stream === this.#stream) this.#at = Math.max(this.#at, seq)
  }

  check(): void {
    if (this.#is === 'live') this.#is = 'behind'
    this.#missed = true
    this.retry()
  }

  acknowledged(seq: number): void {
    const kept = this.#air.findIndex((number) => number > seq)
    this.#air = kept < 0 ? [] : this.#air.slice(kept)
    this.retry()
  }

  /** Goes on reading, if there is a reason and room. */
  retry(): void {
    if (this.#is !== 'behind' || !this.#open()) return
    this.#is = 'reading'
    this.#read().catch((error: unknown) => {
      // The store is away: the next sign of life from it comes with `fresh`.
      if (this.#is === 'reading') this.#is = 'behind'
      this.#out.report(error)
    })
  }

  async #read(): Promise<void> {
    for (;;) {
      this.#missed = false
      const limit = Math.min(pageOf, this.#out.window - this.#air.length)
      const { stream, entries, seq, gap, more } = await this.#store.read(this.#subject, { stream: this.#stream, seq: this.#at }, limit)
      if (this.#is !== 'reading') return
      if (gap) this.#gap(stream, entries[0] ? entries[0].seq - 1 : seq)
      for (const entry of entries) {
        if (!this.#open()) return void (this.#is = 'behind')
        this.#take(entry)
      }
      if (!more) this.#at = Math.max(this.#at, seq)
      if (!more && !this.#missed) break
      if (!this.#open()) return void (this.#is = 'behind')
    }
    this.#is = 'live'
  }

  #gap(stream: string, seq: number): void {
    // Numbers of another stream are never acknowledged by those of this one.
    if (stream !== this.#stream) this.#air = []
    this.#stream = stream
    this.#at = this.#told = seq
    this.#out.say(JSON.stringify({ type: 'gap', cursor: formatCursor({ stream, seq }) }))
  }

  #open(): boolean {
    return this.#air.length < this.#out.window && this.#out.buffered() < bufferedAtMost
  }

  #take({ seq, body }: Entry): void {
    if (seq <= this.#at) return
    this.#at = seq
    const { scope, json } = unpack(body)
    if (!this.#out.mayRead(scope)) return
    this.#out.say(`{"type":"event","seq":${seq},"after":${this.#told},"event":${json}}`)
    this.#told = seq
    this.#air.push(seq)
  }

  /** Tells the client how far it has got; without anything new, that nothing is missing. */
  position(): void {
    if (this.#is === 'new' || this.#is === 'over') return
    if (this.#is === 'live') this.#told = this.#at
    this.#out.say(`{"type":"position","seq":${this.#told}}`)
  }
}
