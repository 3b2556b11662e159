/**
 * Which states the world alone leads to while no time passes. A circle of them would be a storm: answer, dial, answer, dial,
 * as fast as the machine can.
 */
export class ZeroTime {
  readonly #next = new Map<number, number[]>()

  /** `idle`: nothing was asked, dialled or told on the way. Who stands still without doing anything makes no circle. */
  add(from: number, to: number, idle: boolean): void {
    if (from === to && idle) return
    const edges = this.#next.get(from)
    if (!edges) this.#next.set(from, [to])
    else if (!edges.includes(to)) edges.push(to)
  }

  /** A state on a circle, or behind one; null if there is none. States without a way in are taken away until none is left. */
  circle(): number | null {
    const into = new Map<number, number>()
    for (const edges of this.#next.values()) for (const to of edges) into.set(to, (into.get(to) ?? 0) + 1)
    const free = [...this.#next.keys()].filter((state) => !into.has(state))
    for (let state = free.pop(); state !== undefined; state = free.pop()) {
      for (const to of this.#next.get(state) ?? []) {
        const left = into.get(to)! - 1
        into.set(to, left)
        if (left === 0) free.push(to)
      }
    }
    for (const [state, left] of into) if (left > 0) return state
    return null
  }
}
