import type { Host } from './host.ts'

/** Browsers keep a longer delay for none at all. */
const timerAtMost = 2 ** 31 - 1

/** The one timer of a source, set to a monotonic time. It tells how late it rang, in ms. */
export class Alarm {
  readonly #host: Host
  readonly #rings: (late: number) => void
  #timer: { at: number; cancel: () => void } | null = null

  constructor(host: Host, rings: (late: number) => void) {
    this.#host = host
    this.#rings = rings
  }

  set(at: number): void {
    if (this.#timer?.at === at) return
    this.#timer?.cancel()
    this.#timer = null
    if (at === Infinity) return
    const ms = Math.min(Math.max(Math.ceil(at - this.#host.monotonic()), 0), timerAtMost)
    const cancel = this.#host.timer(() => {
      this.#timer = null
      this.#rings(this.#host.monotonic() - at)
    }, ms)
    this.#timer = { at, cancel }
  }
}
