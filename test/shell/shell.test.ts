/**
 * The whole client over simulated devices: 5,000 session-hours, each with at least 60 beats and 60 faults, and every
 * invariant after everything that happens. `npm run simulate:shell -- --seed N` tells one seed and keeps it if it fails.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { batch } from './batch.ts'
import { type Census, kinds } from './census.ts'
import { commandOf, type Kept } from './replay.ts'
import { lighten } from './light.ts'
import { play, sceneOf } from './run.ts'
import { manyThreads } from './threads.ts'

const folder = new URL('regressions/', import.meta.url)
const hours = Number(process.env['HEARTWIRE_SHELL_HOURS'] ?? 5_000)

describe('the whole client', () => {
  test(`holds every invariant over ${hours} session-hours, and heals`, { timeout: 1_200_000 }, async () => {
    const { census, failures, told } = await manyThreads(hours, Math.min(2, availableParallelism()))
    console.log(told)
    expect(failures.map(commandOf)).toEqual([])
    expect(census.countedHours).toBeGreaterThanOrEqual(hours)
    // A shorter run than the normal one need not.
    if (hours < 5_000) return
    expect(kinds.filter((kind) => census.of(kind) < 100).map((kind) => `${kind}: ${census.of(kind)}`)).toEqual([])
  })

  test('leaves the same trace for the same seed, and another for another', async () => {
    const hash = async (seed: number): Promise<string> => (await play(sceneOf(seed, { hours: 0.5 }))).hash
    const hashes: string[] = []
    const asItWas = lighten()
    for (const seed of [1, 2, 3]) hashes.push(await hash(seed))
    asItWas()
    // Over the real platform, too.
    for (const [index, seed] of [1, 2, 3].entries()) expect(await hash(seed)).toBe(hashes[index])
    expect(new Set(hashes).size).toBe(3)
  })

  test.each(readdirSync(folder).filter((name) => name.endsWith('.json')))('holds what was once violated: %s', async (name) => {
    const { scene } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Kept
    expect((await play(scene)).violation).toBeNull()
  })
})

describe('I13 and I14: nothing but', () => {
  const paused = (census: Census): string[] => [...census.edges.keys()].filter((edge) => edge.includes('→ paused'))

  test.each([
    ['a wall clock that jumps', 'C2'],
    ['hints, true or not', 'P3'],
  ])('%s pauses nobody and drops no link', async (_what, kind) => {
    // Over before a single-use lease of an hour is.
    const { census, failures } = await batch(1, Infinity, { hours: 0.75, only: [kind] }, ({ seeds }) => seeds < 14)
    expect(failures).toEqual([])
    expect(census.of(kind)).toBeGreaterThan(1_000)
    expect(paused(census)).toEqual([])
    expect([...census.edges.keys()].filter((edge) => edge.startsWith('connected → '))).toEqual(['connected → closed'])
  })

  test('a wall clock that jumps costs at most a mint a jump', async () => {
    const beats = async (only: readonly string[]): Promise<Census> =>
      (await batch(1, Infinity, { hours: 1, only }, ({ seeds }) => seeds < 10)).census
    const [calm, jumping] = [await beats([]), await beats(['C2'])]
    expect(jumping.beats).toBeLessThanOrEqual(calm.beats + jumping.of('C2'))
  })
})
