/**
 * Virtual time with two clocks. True time is what servers live in. The device's monotonic clock stands still while it
 * sleeps, and its wall clock may be set. Timers of the device wait for the device, timers of a server for true time.
 */
export class VirtualClock {
  #now = 0
  #slept = 0
  #asleepAt: number | null = null
  #skew = 0
  #next = 0
  readonly #timers = new Map<number, { at: number; run: () => void; device: boolean }>()
  readonly #settle: () => Promise<void>

  constructor(settle: () => Promise<void>) {
    this.#settle = settle
  }

  /** True time in ms since the start. */
  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#asleepAt ?? this.#now - this.#slept
  }

  /** What the device's wall clock is off by. */
  skew(): number {
    return this.#skew
  }

  setSkew(ms: number): void {
    this.#skew = ms
  }

  timer(run: () => void, ms: number, device: boolean): () => void {
    const id = this.#next++
    this.#timers.set(id, { at: this.#now + Math.max(0, ms), run, device })
    return () => this.#timers.delete(id)
  }

  /** Timers that are waiting. */
  get pending(): number {
    return this.#timers.size
  }

  /** Lets `ms` pass, timer by timer; between two timers everything asynchronous comes to rest. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await this.#settle()
    for (;;) {
      const due = this.#due(until)
      if (due === null) break
      const timer = this.#timers.get(due)!
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, timer.at)
      timer.run()
      await this.#settle()
    }
    this.#now = until
  }

  /** The device sleeps: true time goes on, its monotonic clock and its timers do not. */
  async sleep(ms: number): Promise<void> {
    for (const timer of this.#timers.values()) if (timer.device) timer.at += ms
    this.#asleepAt = this.monotonic()
    await this.advance(ms)
    this.#slept += ms
    this.#asleepAt = null
  }

  #due(until: number): number | null {
    let first: number | null = null
    for (const [id, { at }] of this.#timers) if (at <= until && (first === null || at < this.#timers.get(first)!.at)) first = id
    return first
  }
}
