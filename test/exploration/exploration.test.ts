/**
 * Every state of small sources that a few events reach from idle, from connected and from long connected, with every letter of the
 * alphabet at each: safe by itself, healed in time, and no circle in no time. `npm run explore -- --deeper 2` goes further.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { initial } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { Random } from '../simulation/random.ts'
import { simulate } from '../simulation/simulate.ts'
import { lettersOf } from './alphabet.ts'
import { canonical, keyOf, T } from './canonical.ts'
import { cellsOf } from './cells.ts'
import { configurations } from './configurations.ts'
import { explore } from './explore.ts'

const file = new URL('cells.json', import.meta.url)
const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string[]>
const table = Object.entries(known).flatMap(([status, events]) => events.map((event) => `${status} × ${event}`))
/** A grant that is shown while the next mint has failed already; a server that restarts before it said ready. */
const rare = ['connected, renewal failing × acked', 'connected, renewal failing × denied', 'reconnecting × closed, restart']
const reached = new Set<string>()

describe('every state within a few events', () => {
  test.each(configurations.map((each) => [each.name, each] as const))('%s', { timeout: 120_000 }, (_, configuration) => {
    const { wrong, cells, states, depth, healMs } = explore(configuration, configuration.depth)
    for (const cell of cells) reached.add(cell)
    expect(wrong).toEqual([])
    expect([depth, states > 1_000, healMs > 0]).toEqual([configuration.depth, true, true])
  })

  test('reaches the cells of cells.json, all of them and no others (`npm run explore -- --cells` writes it anew)', () => {
    expect([...reached].sort()).toEqual([...table].sort())
  })

  test('and so does the simulation, but for a few that its world brings about rarely or never', { timeout: 120_000 }, () => {
    const met = new Set<string>()
    const watched: typeof step = (core, event) => {
      for (const cell of cellsOf(core, event)) met.add(cell)
      return step(core, event)
    }
    for (let seed = 1; seed <= 1_000; seed++) simulate(seed, 200, { step: watched, wants, statusOf })
    expect(table.filter((cell) => !met.has(cell) && !rare.includes(cell))).toEqual([])
  })
})

test('a canonical state behaves as what it stands for: side by side, 200 walks of 40 events', () => {
  const random = new Random(7)
  for (let walk = 0; walk < 200; walk++) {
    const { source, links } = configurations[walk % configurations.length]!
    let real = initial(source)
    let now = T
    for (const [index, traits] of links.entries()) real = step(real, { now, random: 0, is: 'attach', session: index + 1, traits })[0]
    let form = canonical(real, now)
    for (let count = 0; count < 40; count++) {
      const [letters, forms] = [lettersOf(real, now), lettersOf(form, T)]
      const index = Math.floor(random.next() * letters.length)
      const [letter, other] = [letters[index]!, forms[index]!]
      const draw = random.one([0, 0.5, 0.75])
      real = step(real, { now: letter.now, random: draw, ...letter.happening })[0]
      form = canonical(step(form, { now: other.now, random: draw, ...other.happening })[0], other.now)
      now = letter.now
      expect(keyOf(canonical(real, now)), `walk ${walk}, event ${count} (${letter.happening.is})`).toBe(keyOf(form))
    }
  }
})

describe('a bug that is planted is found', () => {
  const [ticket, , , , limited, lease] = configurations
  const found = (configuration: (typeof configurations)[number], planted: typeof step): string =>
    explore(configuration, 4, planted).wrong.join()

  test('Retry-After is forgotten', () => {
    const planted: typeof step = (core, event) => {
      const [next, effects] = step(core, event)
      return [next.work.is === 'cooling' ? { ...next, work: { ...next.work, floor: 0 } } : next, effects]
    }
    expect(found(ticket!, planted)).toContain('floorIsHeard')
  })

  test('a key that was rotated leaves the lease', () => {
    const planted: typeof step = (core, event) => step(core, event.is === 'refused' ? { ...event, is: 'failed', no: 'unavailable' } : event)
    expect(found(lease!, planted)).toContain('refusalEndsLease')
  })

  test('a hidden page is forgotten', () => {
    const planted: typeof step = (core, event) => step({ ...core, hiddenAt: null }, event)
    expect(found(limited!, planted)).toContain('hiddenIsKept')
  })

  test('a failure is asked again at once', () => {
    const planted: typeof step = (core, event) => {
      if (event.is !== 'failed' || core.work.is !== 'minting' || event.flight !== core.work.flight) return step(core, event)
      const flight = core.lastId + 1
      return [{ ...core, lastId: flight, work: { ...core.work, flight } }, []]
    }
    expect(found(ticket!, planted)).toContain('a circle in no time')
  })
})
