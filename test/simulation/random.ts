/** Chance from a seed, and a fingerprint of what came of it. Both are small on purpose: a seed must replay for ever. */

/** Tables of weights are asked again and again. */
const known = new WeakMap<object, readonly (readonly [string, number])[]>()
function entriesOf(weights: Readonly<Record<string, number>>): readonly (readonly [string, number])[] {
  const entries = known.get(weights) ?? Object.entries(weights)
  known.set(weights, entries)
  return entries
}

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) >>> 0
  }

  /** A number in [0, 1). mulberry32, by Tommy Ettinger. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** As many small values as large ones, by order of magnitude. */
  spread(low: number, high: number): number {
    return low * (high / low) ** this.next()
  }

  one<T>(of: readonly T[]): T {
    return of[Math.floor(this.next() * of.length)] as T
  }

  /** One of the names, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = entriesOf(weights) as readonly [K, number][]
    let rest = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      rest -= weight
      if (rest < 0) return name
    }
    return (entries[0] as [K, number])[0]
  }
}

/** FNV-1a over everything that it is told. */
export class Fingerprint {
  #hash = 0x811c9dc5

  add(text: string): void {
    let hash = this.#hash
    for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    this.#hash = hash >>> 0
  }

  toString(): string {
    return this.#hash.toString(16).padStart(8, '0')
  }
}
