/** What `npm run simulate:shell` runs: one seed, told and made shorter; or many, and what they reached. */
import { edges } from '../simulation/edges.ts'
import { batch, type Failure } from './batch.ts'
import { Census, kinds, type Packed } from './census.ts'
import { play, sceneOf, type Scene } from './run.ts'
import { shrink } from './shrink.ts'

/** A regression file: what was violated when it was made, and how to bring it about. */
export interface Kept {
  readonly invariant: string
  readonly what: string
  readonly scene: Scene
}

/** Writes what happens in one seed; answers its shortest failing scene, or null. */
export async function replay(seed: number, write: (line: string) => void): Promise<Kept | null> {
  const scene = sceneOf(seed)
  const { violation, hash } = await play(scene, new Census(), write)
  write(`seed ${seed}: ${scene.plan.length} faults, trace ${hash}`)
  write(violation ? `${violation.invariant}: ${violation.what}` : 'every invariant holds')
  return violation ? await keep(scene, violation.invariant) : null
}

/** The shortest plan that still violates this invariant, and what it then says. */
export async function keep(scene: Scene, invariant: string): Promise<Kept> {
  const short = await shrink(scene, invariant)
  const { violation } = await play(short)
  return { invariant, what: violation!.what, scene: short }
}

/** One seed, kept if it violates one of these invariants. */
export async function attempt(seed: number, invariants: readonly string[]): Promise<Kept | null> {
  const scene = sceneOf(seed, { hours: 1 })
  const { violation } = await play(scene)
  return violation && invariants.includes(violation.invariant) ? await keep(scene, violation.invariant) : null
}

export interface PackedBatch {
  readonly census: Packed
  readonly failures: readonly Failure[]
  readonly seeds: number
}

/** Hours of one share, and seeds that are set apart for it: three times as many as it takes. */
const shareHours = 500
const shareSeeds = 128

/** The shares of a run, for threads to take: whatever their number, the same hours are played. */
export const shares = (first: number, hours: number): [first: number, hours: number][] =>
  Array.from({ length: Math.ceil(hours / shareHours) }, (_, index) => [
    first + index * shareSeeds,
    Math.min(shareHours, hours - index * shareHours),
  ])

/** For a thread. */
export async function run(first: number, hours: number): Promise<PackedBatch> {
  const { census, ...rest } = await batch(first, hours)
  return { ...rest, census: census.packed() }
}

const n = (value: number): string => Math.round(value).toLocaleString('en')

/** From so many hours on, every kind of fault and every pair of kinds must have hit. */
const fullHours = 250_000
const leastHits = 1_000

export const commandOf = ({ seed, invariant, what }: Failure): string => `npm run simulate:shell -- --seed ${seed}: ${invariant}: ${what}`

/** What a run took. */
export interface Spent {
  readonly threads: number
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Writes the figures of a run. False: something was violated, or was not tried. */
export function figures(batches: readonly PackedBatch[], { threads, seconds, cpuSeconds }: Spent, write: (line: string) => void): boolean {
  const census = new Census()
  for (const one of batches) census.add(one.census)
  const failures = batches.flatMap((one) => one.failures)
  for (const failure of failures) write(commandOf(failure))
  write(`hits: ${kinds.map((kind) => `${kind} ${n(census.of(kind))}`).join(', ')}`)
  const ways = [...census.hits].sort(([, a], [, b]) => a - b)
  write(
    `rarest of ${ways.length} ways: ${ways
      .slice(0, 8)
      .map(([way, count]) => `${way} ${n(count)}`)
      .join(', ')}`,
  )
  write(`notices: ${[...census.notices].map(([name, count]) => `${name} ${n(count)}`).join(', ')}`)
  const known = Object.entries(edges).reduce((sum, [, all]) => sum + all.length, 0)
  write(`moves of a status: ${census.edges.size} seen (the core's table has ${known} of single steps)`)
  write(`pairs of kinds: ${census.pairsReached()} of ${kinds.length ** 2}; the rarest was hit ${n(Math.min(...census.pairs))} times`)
  write(
    `session-hours: ${n(census.countedHours)} with 60 beats and 60 faults or more, of ${n(census.hours)}; connected in ${((100 * census.connectedMs) / 3_600_000 / census.hours).toFixed(0)} %`,
  )
  write(`beats: ${n(census.beats)}, faults: ${n(census.faults)}, worlds: ${n(census.worlds)}`)
  write(`events: ${n(census.events)}, ${n(census.events / cpuSeconds)} per cpu-second; ${n(seconds)} s on ${threads} threads`)
  write(`violations: ${failures.length}`)
  const rare = census.countedHours < fullHours ? [] : kinds.filter((kind) => census.of(kind) < leastHits)
  for (const kind of rare) write(`${kind} was hit less than ${n(leastHits)} times`)
  const paired = census.countedHours < fullHours || census.pairsReached() === kinds.length ** 2
  return failures.length === 0 && rare.length === 0 && paired
}
