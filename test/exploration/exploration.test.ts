/**
 * Every state of small sources that a few events reach from idle, from connected and from long connected, with every letter of the
 * alphabet at each: safe by itself, healed in time, and no circle in no time. `npm run explore -- --deeper 2` goes further.
 */
import { describe, expect, test } from 'vitest'
import { initial } from '../../src/core/state.ts'
import { step } from '../../src/core/step.ts'
import { Random } from '../simulation/random.ts'
import { lettersOf } from './alphabet.ts'
import { canonical, keyOf, T } from './canonical.ts'
import { configurations } from './configurations.ts'
import { explore } from './explore.ts'
import { table } from './table.ts'

const reached = new Set<string>()
const sum = { states: 0, transitions: 0, healMs: 0 }

describe('every state within a few events', () => {
  test.each(configurations.map((each) => [each.name, each] as const))('%s', { timeout: 120_000 }, (_, configuration) => {
    const { wrong, cells, states, transitions, depth, healMs } = explore(configuration, configuration.depth)
    for (const cell of cells) reached.add(cell)
    sum.states += states
    sum.transitions += transitions
    sum.healMs = Math.max(sum.healMs, healMs)
    expect(wrong).toEqual([])
    expect([depth, states > 1_000, healMs > 0]).toEqual([configuration.depth, true, true])
  })

  test('are as many as they were: another number is another behaviour of the core, or another alphabet', () => {
    const { states, transitions, healMs } = sum
    console.log(
      `Exploration: ${states} states, ${transitions} transitions of ${configurations.length} sources; each heals in ${healMs / 1000} s at most.`,
    )
    expect([states, transitions]).toEqual([102_043, 774_730])
  })

  test('reaches no cell that cells.json does not know (`npm run explore -- --cells` writes it anew)', () => {
    expect([...reached].filter((cell) => !table.includes(cell))).toEqual([])
    // Of those that only a longer way leads to, the simulation tells.
    expect(reached.size).toBeGreaterThan(0.75 * table.length)
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
    explore(configuration, 3, { step: planted }).wrong.join()

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
