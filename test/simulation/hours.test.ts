/**
 * What a bad hour costs: mints and dials while everything is refused, broken or rejected, by the worst draws of chance; and
 * what a wall clock that jumps costs.
 */
import { describe, expect, test } from 'vitest'
import type { Happening } from '../../src/core/event.ts'
import { initial } from '../../src/core/state.ts'
import type { Core, Id } from '../../src/core/state.ts'
import { step } from '../../src/core/step.ts'
import type { LinkTraits, SourceTraits } from '../../src/core/traits.ts'
import { wants } from '../../src/core/wants.ts'
import { failure, good, leaseTraits, linkTraits, minute, no, ticketTraits } from '../core/states.ts'
import { Random } from './random.ts'

const hour = 60 * minute

interface World {
  readonly source: SourceTraits
  readonly link: LinkTraits
  readonly answer: (flight: Id, now: number) => Happening | null
  readonly fate: (socket: Id, now: number) => readonly { afterMs: number; happening: Happening }[]
  /** Facts and hints, by their time. */
  readonly page?: readonly { at: number; happening: Happening }[]
}

/** One session for an hour. Every draw of chance is `draw`, or if null, taken from a seed. */
function anHour(world: World, draw: number | null, seed = 1): { mints: number; dials: number; core: Core } {
  const random = new Random(seed)
  const due = (world.page ?? []).map(({ at, happening }) => ({ at, happening }))
  let core = initial(world.source)
  let now = 0
  let mints = 0
  let dials = 0
  const happens = (happening: Happening): void => {
    const before = wants(core)
    core = step(core, { now, random: draw ?? random.next(), ...happening })[0]
    const { request, sockets } = wants(core)
    if (request && request.flight !== before.request?.flight) {
      mints++
      const answer = world.answer(request.flight, now)
      if (answer) due.push({ at: now + 50, happening: answer })
    }
    for (const { id } of sockets) {
      if (before.sockets.some((socket) => socket.id === id)) continue
      dials++
      due.push({ at: now, happening: { is: 'dialled', socket: id } })
      for (const { afterMs, happening: next } of world.fate(id, now)) due.push({ at: now + afterMs, happening: next })
    }
  }
  happens({ is: 'attach', session: 1, traits: world.link })
  happens({ is: 'connect', session: 1 })
  while (now <= hour) {
    due.sort((a, b) => a.at - b.at)
    const at = Math.min(due[0]?.at ?? Infinity, wants(core).wakeAt)
    if (at > hour) break
    now = at
    const next = due[0] && due[0].at <= now ? due.shift() : undefined
    happens(next?.happening ?? { is: 'tick' })
  }
  return { mints, dials, core }
}

const opens = (socket: Id, ...more: { afterMs: number; happening: Happening }[]) => [
  { afterMs: 50, happening: { is: 'opened', socket } as const },
  ...more,
]
const ready = (socket: Id) => opens(socket, { afterMs: 80, happening: { is: 'ready', socket } })
const closes = (socket: Id, afterMs: number, code: number) => ({ afterMs, happening: { is: 'closed', socket, code, spreadMs: 0 } as const })

/** The draws that wait shortest, longest, and some between; with chance at 1 every wait of a link is the longest. */
const draws: readonly (readonly [string, number | null, number])[] = [
  ['the longest waits of a source', 0, 1],
  ['the shortest waits of a source', 1 - 2 ** -32, 1],
  ['seed 1', null, 1],
  ['seed 2', null, 2],
  ['seed 3', null, 3],
]
const kinds: readonly SourceTraits[] = [ticketTraits(), leaseTraits()]

describe.each(draws)('an hour, drawing %s', (_name, draw, seed) => {
  for (const source of kinds) {
    test(`of refusal costs a ${source.kind} ≤ 15 mints and no dial`, () => {
      const { mints, dials } = anHour(
        { source, link: linkTraits(), answer: (flight) => no('key_refused', flight), fate: () => [] },
        draw,
        seed,
      )
      expect(mints).toBeLessThanOrEqual(15)
      expect(mints).toBeGreaterThanOrEqual(10)
      expect(dials).toBe(0)
    })

    test(`of 503 costs a ${source.kind} ≤ 75 mints and no dial`, () => {
      const { mints, dials } = anHour(
        { source, link: linkTraits(), answer: (flight) => failure('unavailable', flight), fate: () => [] },
        draw,
        seed,
      )
      expect(mints).toBeLessThanOrEqual(75)
      expect(mints).toBeGreaterThanOrEqual(60)
      expect(dials).toBe(0)
    })

    test(`of silence costs a ${source.kind} ≤ 75 mints`, () => {
      expect(anHour({ source, link: linkTraits(), answer: () => null, fate: () => [] }, draw, seed).mints).toBeLessThanOrEqual(75)
    })

    for (const link of [linkTraits(), linkTraits({ ready: 'open' })]) {
      test(`of a provider that closes every new ${source.kind} with 4401 (ready: ${link.ready}) costs ≤ 15 mints, a dial each`, () => {
        const fate = (socket: Id) => opens(socket, closes(socket, 60, 4401))
        const { mints, dials } = anHour({ source, link, answer: (flight) => good(flight), fate }, draw, seed)
        expect(mints).toBeLessThanOrEqual(15)
        expect(dials).toBe(mints)
      })
    }

    test(`of a ${source.kind} whose provider denies it by an error frame costs ≤ 15 mints`, () => {
      const fate = (socket: Id) => opens(socket, { afterMs: 60, happening: { is: 'denied', socket } })
      expect(anHour({ source, link: linkTraits(), answer: (flight) => good(flight), fate }, draw, seed).mints).toBeLessThanOrEqual(15)
    })
  }

  test('of handshakes that fail costs a ticket its schedule and a forced mint each 8 min', () => {
    const fate = (socket: Id) => [closes(socket, 50, 1006)]
    const { mints } = anHour({ source: ticketTraits(), link: linkTraits(), answer: (flight) => good(flight), fate }, draw, seed)
    // A ticket of 30 min is renewed after 13.5 to 15 min.
    expect(mints).toBeLessThanOrEqual(1 + 8 + 4)
  })

  test('of refused renewals never touches the one live link of a ticket', () => {
    const answer = (flight: Id, now: number) => (now < minute ? good(flight, minute) : no('revoked', flight))
    const { mints, dials } = anHour({ source: ticketTraits(), link: linkTraits(), answer, fate: ready }, draw, seed)
    expect(dials).toBe(1)
    expect(mints).toBeLessThanOrEqual(3 + 15)
  })
})

describe('an hour in which nothing happens costs one dial, and', () => {
  const lives =
    (lifetimeMs: number, connectByMs: number | null = null) =>
    (flight: Id) => ({ ...good(flight, lifetimeMs), connectByMs })
  // A beat comes up to a tenth early.
  test.each([
    ['a ticket of 30 min a mint each 15', ticketTraits(), lives(30 * minute), 5],
    ['a ticket of a minute a mint each 30 s', ticketTraits(), lives(minute), 134],
    ['a ticket of 5 s a mint each 2.5 s', ticketTraits(), lives(5_000), 1601],
    ['a ticket that must be used in 30 s one mint', ticketTraits(), lives(30 * minute, 30_000), 1],
    ['a ticket that must be used in 5 min a mint each 3 min 45 s', ticketTraits(), lives(30 * minute, 5 * minute), 17],
    ['a single-use ticket one mint', ticketTraits({ single: true, atDial: true }), lives(30 * minute), 1],
    ['a short ticket one mint', ticketTraits({ atDial: true }), lives(30 * minute), 1],
    ['a lease with a beat of a minute a mint a minute', leaseTraits(), lives(60 * minute), 68],
    ['a lease that must be used in 30 s a mint a minute too', leaseTraits(), lives(60 * minute, 30_000), 68],
    ['a lease with a grace below its beat a mint each half grace', leaseTraits({ graceMs: 20_000 }), lives(60 * minute), 401],
  ] as const)('%s', (_name, source, answer, most) => {
    for (const draw of [0, 0.5, 1 - 2 ** -32]) {
      const { mints, dials } = anHour({ source, link: linkTraits(), answer, fate: ready }, draw)
      expect(mints).toBeLessThanOrEqual(most)
      expect(dials).toBe(1)
    }
  })
})

describe('a wall clock that jumps', () => {
  const jumps = Array.from({ length: 50 }, (_, index) => ({ at: 30_000 + index * 67_000, happening: { is: 'slept' } as const }))

  test('costs a ticket nothing', () => {
    const world: World = { source: ticketTraits(), link: linkTraits(), answer: (flight) => good(flight), fate: ready }
    expect(anHour({ ...world, page: jumps }, 0.5)).toMatchObject({ mints: anHour(world, 0.5).mints, dials: 1 })
  })

  test('costs a lease one mint a jump at most, and no socket', () => {
    const world: World = { source: leaseTraits(), link: linkTraits(), answer: (flight) => good(flight), fate: ready }
    const calm = anHour(world, 0.5)
    const { mints, dials } = anHour({ ...world, page: jumps }, 0.5)
    expect(dials).toBe(1)
    expect(mints).toBeLessThanOrEqual(calm.mints + jumps.length)
  })
})
