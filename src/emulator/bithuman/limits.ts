/**
 * A token bucket as bitHuman describes its own: `perMinute` is also the burst, and it refills continuously (docs, "Rate
 * limits"). Times are epoch ms.
 */
export class Bucket {
  readonly perMinute: number
  #left: number
  #at = -Infinity

  constructor(perMinute: number) {
    this.perMinute = perMinute
    this.#left = perMinute
  }

  /** Takes one; false if there is none. */
  take(now: number): boolean {
    this.#refill(now)
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }

  left(now: number): number {
    this.#refill(now)
    return Math.floor(this.#left)
  }

  /** Epoch ms at which it is full again. */
  fullAt(now: number): number {
    this.#refill(now)
    return now + (this.perMinute - this.#left) * (60_000 / this.perMinute)
  }

  /** Seconds until one can be taken. */
  retryAfter(now: number): number {
    this.#refill(now)
    return Math.max(1, Math.ceil((1 - this.#left) * (60 / this.perMinute)))
  }

  #refill(now: number): void {
    if (now > this.#at) this.#left = Math.min(this.perMinute, this.#left + ((now - this.#at) * this.perMinute) / 60_000)
    this.#at = Math.max(now, this.#at)
  }
}

/** Failed authentications per client address: at most `limit` in a minute. Times are epoch ms. */
export class Failures {
  readonly #limit: number
  readonly #times = new Map<string, number[]>()

  constructor(limit: number) {
    this.#limit = limit
  }

  add(client: string, now: number): void {
    this.#times.set(client, [...this.#recent(client, now), now])
  }

  /** Seconds until the window clears, or 0 if one more may fail. */
  blockedFor(client: string, now: number): number {
    const recent = this.#recent(client, now)
    const oldest = recent[0]
    return oldest === undefined || recent.length < this.#limit ? 0 : Math.max(1, Math.ceil((oldest + 60_000 - now) / 1000))
  }

  clear(): void {
    this.#times.clear()
  }

  #recent(client: string, now: number): number[] {
    return (this.#times.get(client) ?? []).filter((at) => now - at < 60_000)
  }
}
