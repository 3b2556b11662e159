/** What a run reached: hits of each fault, pairs of faults, moves of a status, beats and the hours that count. */

export const kinds = [
  'T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13',
  'E1 E2 E3 E4 E5 E6 E7 E8 E9 E10',
  'K1 K2 K3',
  'P1 P2 P3',
  'C1 C2 C3',
  'A1 A2 A3 A4 A5',
].flatMap((line) => line.split(' '))
const numbers = new Map(kinds.map((kind, index) => [kind, index]))

export class Census {
  /** By kind and how: `T3 stop`. */
  readonly hits = new Map<string, number>()
  /** How often kind B hit while kind A was active, or at most a minute after it: at A × kinds + B. */
  pairs: number[] = kinds.map(() => kinds.map(() => 0)).flat()
  readonly edges = new Map<string, number>()
  readonly notices = new Map<string, number>()
  events = 0
  beats = 0
  faults = 0
  worlds = 0
  /** Hours of a source with its session, or its two, on a device that is awake: all, and those with at least 60 beats and 60 faults. */
  hours = 0
  countedHours = 0
  connectedMs = 0

  count(map: Map<string, number>, what: string, by = 1): void {
    map.set(what, (map.get(what) ?? 0) + by)
  }

  /** Hits of a kind, however it was done. */
  of(kind: string): number {
    let sum = 0
    for (const [name, count] of this.hits) if (name === kind || name.startsWith(`${kind} `)) sum += count
    return sum
  }

  pairsReached(): number {
    return this.pairs.filter((count) => count > 0).length
  }

  add(other: Census | Packed): void {
    for (const name of ['hits', 'edges', 'notices'] as const) for (const [what, by] of other[name]) this.count(this[name], what, by)
    this.pairs = this.pairs.map((count, index) => count + (other.pairs[index] ?? 0))
    for (const name of totals) this[name] += other[name]
  }

  /** As it travels between threads. */
  packed(): Packed {
    const { hits, edges, notices, pairs } = this
    const sums = Object.fromEntries(totals.map((name) => [name, this[name]])) as Record<Total, number>
    return { hits: [...hits], edges: [...edges], notices: [...notices], pairs, ...sums }
  }
}

const totals = ['events', 'beats', 'faults', 'worlds', 'hours', 'countedHours', 'connectedMs'] as const
type Total = (typeof totals)[number]
type Counts = readonly (readonly [string, number])[]
export type Packed = Readonly<Record<Total, number>> & {
  readonly hits: Counts
  readonly edges: Counts
  readonly notices: Counts
  readonly pairs: readonly number[]
}

const hourMs = 3_600_000

/** One client's faults and beats, in its own hours. */
export class Tally {
  readonly #census: Census
  /** Per kind: active, or so recent that it counts as such, until then. */
  readonly #until = kinds.map(() => -1)
  #hour = 0
  #beats = 0
  #faults = 0

  constructor(census: Census) {
    this.#census = census
  }

  hit(kind: string, how: string, now: number, forMs = 0): void {
    const { pairs, hits } = this.#census
    const index = numbers.get(kind)!
    for (let other = 0; other < kinds.length; other++) if (this.#until[other]! >= now) pairs[other * kinds.length + index]!++
    this.#until[index] = Math.max(this.#until[index]!, now + forMs + 60_000)
    this.#census.count(hits, how === '' ? kind : `${kind} ${how}`)
    this.#census.faults++
    this.#faults++
  }

  beat(): void {
    this.#beats++
    this.#census.beats++
  }

  /** Closes the hours that are over. */
  pass(now: number): void {
    for (; now >= (this.#hour + 1) * hourMs; this.#hour++) {
      this.#census.hours++
      if (this.#beats >= 60 && this.#faults >= 60) this.#census.countedHours++
      this.#beats = this.#faults = 0
    }
  }
}
