/** What happens when, in a whole world: one heap. Entries for one time run in the order in which they were made. */

export interface Entry {
  readonly at: number
  readonly order: number
  /** Null once it has run or was cancelled. */
  run: (() => void) | null
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

export class Schedule {
  /** Milliseconds since the world began. */
  now = 0
  /** Entries run so far. */
  ran = 0
  #order = 0
  readonly #heap: Entry[] = []

  add(at: number, run: () => void): Entry {
    const entry: Entry = { at: Math.max(at, this.now), order: this.#order++, run }
    const heap = this.#heap
    let index = heap.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]!
      if (!before(entry, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
    return entry
  }

  /** Runs the next entry that is due until then. False: there is none, and it is then. */
  next(until: number): boolean {
    for (let first = this.#heap[0]; first !== undefined && first.at <= until; first = this.#heap[0]) {
      this.#take()
      const { run } = first
      if (run === null) continue
      first.run = null
      this.now = first.at
      this.ran++
      run()
      return true
    }
    this.now = until
    return false
  }

  #take(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}

const onTick = (resolve: () => void): void => process.nextTick(resolve)

/**
 * Everything has run that resolved promises bring about, and what that brings about: Node runs a tick after all of it, if it
 * is asked for in a microtask.
 */
export const drained = (): Promise<void> => new Promise(onTick)
