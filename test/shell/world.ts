/** A world: one schedule and its clients, until the first thing that may not be. */
import { Fingerprint, type Random } from '../simulation/random.ts'
import { checkAtRest } from './at-rest.ts'
import { casts } from './casts.ts'
import type { Census } from './census.ts'
import { Client, type Form } from './client.ts'
import { drained, Schedule } from './schedule.ts'

export interface Violation {
  readonly invariant: string
  readonly what: string
  readonly atMs: number
}

/** Who is in a world, by name: as it is kept in a regression file. */
export interface Player {
  readonly cast: string
  readonly form: Form
  readonly seed: number
}

export class World {
  readonly schedule = new Schedule()
  readonly trace = new Fingerprint()
  readonly #log: ((line: string) => void) | undefined
  readonly census: Census
  readonly clients: readonly Client[]
  violation: Violation | null = null
  /** Whose page ran last. */
  touched: Client | null = null

  constructor(players: readonly Player[], census: Census, log?: (line: string) => void) {
    this.census = census
    this.#log = log
    this.clients = players.map(({ cast: name, form, seed }, index) => {
      const cast = casts.find((one) => one.name === name)
      if (!cast) throw new Error(`nobody is called ${name}`)
      return new Client(this, index, cast, seed, form)
    })
  }

  violate(invariant: string, what: string): void {
    this.violation ??= { invariant, what, atMs: this.schedule.now }
  }

  /** What makes this run differ from another. */
  tell(what: string): void {
    const line = `${this.schedule.now.toFixed(3)} ${what}`
    this.trace.add(line)
    this.#log?.(line)
  }

  /** Lets time pass, step by step, until then or until something is wrong. */
  async run(until: number): Promise<void> {
    const { schedule, clients } = this
    while (this.violation === null && schedule.next(until)) {
      const { touched } = this
      if (touched === null) continue
      this.touched = null
      await drained()
      checkAtRest(touched)
      touched.tally.pass(schedule.now)
      this.census.events++
    }
    for (const client of clients) client.tally.pass(schedule.now)
  }
}

/** Draws who plays: each by its weight. */
export function players(random: Random, count: number): Player[] {
  const weights = Object.fromEntries(casts.map(({ name, weight }) => [name, weight]))
  return Array.from({ length: count }, () => ({
    cast: random.weighted(weights),
    form: random.one<Form>(['url', 'object', 'callback', 'callback']),
    seed: Math.floor(random.next() * 2 ** 31),
  }))
}
