/** Grants that the provider does not take: said so after open, or silently before. Each test is named by its rule. */
import { describe, expect, test } from 'vitest'
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { name, request, sockets, dead, verb, news, Play } from './play.ts'
import {
  after,
  at,
  cooling,
  everyEvent,
  failure,
  good,
  lease,
  leaseTraits,
  linkTraits,
  lost,
  minting,
  minute,
  opening,
  second,
  sessions,
  settling,
  T,
  ticket,
  ticketTraits,
  up,
  wanting,
} from './states.ts'

describe('rejections', () => {
  test('three fresh generations rejected in a row are a refusal', () => {
    const play = new Play(ticketTraits()).do(verb('connect'))
    for (const rejections of [1, 2]) {
      play.mints200().opens().closes(4401)
      expect(play.core.rejected).toBe(rejections)
      expect(request(play.core)).toMatchObject({ reason: 'rejected' })
      expect(play.status).toBe('connecting')
    }
    play.mints200().opens().closes(4401)
    expect(statusOf(play.core, 1)).toMatchObject({ name: 'paused', reason: 'refused', code: 'rejected', retryAt: T + 30 * second })
    expect([play.mints, play.dials]).toEqual([3, 3])
  })

  test('from then on a probe costs one mint and one dial, and they grow apart', () => {
    const play = new Play(ticketTraits()).do(verb('connect'))
    for (let round = 0; round < 3; round++) play.mints200().opens().closes(4401)
    for (const waitMs of [30 * second, minute, 2 * minute, 4 * minute, 8 * minute, 8 * minute]) {
      const before = play.now
      play.wake()
      expect(play.now - before).toBe(waitMs)
      play.mints200().opens().closes(4401)
      expect(play.status).toBe('paused refused')
    }
    expect(play.mints).toBe(9)
    expect(play.dials).toBe(9)
  })

  test('a streak ends with ready, not with a mint', () => {
    const play = new Play(ticketTraits()).do(verb('connect')).mints200().opens().closes(4401).mints200()
    expect(play.core.rejected).toBe(1)
    expect(play.comesUp().core.rejected).toBe(0)
  })

  test('without a socket it ends with a good mint', () => {
    const core = after(
      lost({ work: minting(), rejected: 2, sessions: sessions(wanting({ is: 'none' as const }), linkTraits({ link: false })) }),
      at(good()),
    )
    expect(core.rejected).toBe(0)
  })

  test('where open is ready, a socket that opens proves nothing, and one that stays up does', () => {
    const opens = new Play(ticketTraits(), [linkTraits({ ready: 'open' })]).do(verb('connect'))
    for (let round = 0; round < 3; round++) opens.mints200().opens().closes(4401)
    expect(opens.status).toBe('paused refused')
    const stays = new Play(ticketTraits(), [linkTraits({ ready: 'open' })]).do(verb('connect')).mints200().opens().closes(4401)
    stays.mints200().opens()
    expect(stays.wait(minute - 1).core.rejected).toBe(1)
    expect(stays.wait(1).core.rejected).toBe(0)
    expect(stays.closes(4401).core.rejected).toBe(1)
  })

  test('a link that has proved its own grant proves no later one', () => {
    const play = new Play(ticketTraits(), [linkTraits({ ready: 'open' }), linkTraits({ ready: 'open' })])
      .do(verb('connect'))
      .mints200()
      .opens()
    play.wait(minute).do(verb('connect', 2))
    for (let round = 1; round <= 3; round++) {
      const id = sockets(play.core).find(({ session }) => session === 2)?.id ?? 0
      play.do(news('dialled', id)).do(news('opened', id)).do(dead(id, 4401))
      expect(play.core.rejected).toBe(round)
      if (round < 3) play.mints200()
    }
    expect([name(play.core, 1), name(play.core, 2)]).toEqual(['connected, failing', 'paused refused'])
  })

  test('a rejection drops the lease and its sockets, and is no refusal', () => {
    const core = after(lease(), at(everyEvent.rejected))
    expect(sockets(core)).toEqual([])
    expect(name(core)).toBe('reconnecting')
    expect(request(core)).toMatchObject({ reason: 'rejected' })
  })

  test('a rejection leaves the live link of a ticket', () => {
    const core = after(ticket(), at(everyEvent.rejected))
    expect(name(core)).toBe('connected')
    expect(core.grant).toBeNull()
  })

  test('a rejection brings a waiting mint forward, and the third one waits for its probe', () => {
    expect(request(after(ticket({ work: cooling(8 * minute) }), at(everyEvent.rejected)))).not.toBeNull()
    const third = after(ticket({ work: cooling(second), rejected: 2 }), at(everyEvent.rejected))
    expect(wants(third).wakeAt).toBe(T + 30 * second)
    // A flight that is in the air already may still bring a good one.
    expect(request(after(ticket({ work: minting(), rejected: 2 }), at(everyEvent.rejected)))?.flight).toBe(9)
  })

  test.each([
    ['an error frame', { is: 'denied', socket: 8 } as const],
    ['a close code', dead(8, 4401)],
  ])('a rejection by %s counts, though a deadline has passed that no timer has told of', (_name, event) => {
    const core = step(ticket({ sessions: sessions(wanting(settling())) }), at(event, minute))[0]
    expect(core).toMatchObject({ rejected: 1, grant: null })
  })

  test('a rejection takes nothing back from forbidden', () => {
    const core = after(ticket({ trouble: { no: 'forbidden' }, rejected: 2 }), at(everyEvent.rejected))
    expect(core.trouble).toEqual({ no: 'forbidden' })
    expect(request(core)).toBeNull()
  })

  test('a generation that two sessions share is rejected once', () => {
    const two = sessions([wanting(up()), wanting(up({ socket: { id: 9, gen: 5 } }))])
    const core = after(ticket({ sessions: two }), at(dead(8, 4401)), at(dead(9, 4401)))
    expect(core.rejected).toBe(1)
  })
})

describe('a close before open', () => {
  test('forces another mint of the same streak eight minutes later, and none before', () => {
    const failed = (sinceMs: number) =>
      after(ticket({ sessions: sessions(wanting(opening())), forced: T - sinceMs + 8 * minute }), at(dead()))
    expect(failed(8 * minute - 1)).toMatchObject({ forced: T + 1, work: { is: 'rest' } })
    expect(failed(8 * minute)).toMatchObject({ forced: T + 8 * minute, work: { is: 'minting', reason: 'rejected' } })
  })

  test('forces one mint at first, not one a dial', () => {
    const play = new Play(ticketTraits()).do(verb('connect')).mints200()
    for (let round = 0; round < 6; round++) {
      play.do(news('dialled', play.socket)).closes(1006)
      if (request(play.core)) play.mints200()
    }
    expect(play.mints).toBe(2)
    play
      .comesUp()
      .wait(2 * minute)
      .closes(1006)
    play.do(news('dialled', play.socket)).closes(1006)
    expect(play.mints).toBe(3)
  })

  test('never blocks: if the forced mint brings nothing, the old grant is dialled with', () => {
    const play = new Play(ticketTraits()).do(verb('connect')).mints200().do(news('dialled', 2)).closes(1006)
    expect(request(play.core)).toMatchObject({ reason: 'rejected' })
    expect(sockets(play.core)).toMatchObject([{ gen: 1 }])
    play.fails().comesUp()
    expect(play.status).toBe('connected, failing')
  })

  test('that brings nothing is tried again after its backoff, so that renewal does not stay failing', () => {
    for (const core of [ticket({ work: minting(), forced: T + 8 * minute }), lease({ work: minting(), forced: T + 8 * minute })]) {
      const failed = after(core, at(failure('unavailable')))
      expect(wants(failed).wakeAt).toBe(T + 5 * second)
      expect(request(after(failed, at({ is: 'tick' }, 5 * second)))).toMatchObject({ attempt: 1 })
    }
  })

  test('is satisfied by a mint that was already in the air', () => {
    const dialling = ticket({ work: minting(), sessions: sessions(wanting(opening())) })
    const core = after(dialling, at(dead()))
    expect([core.forced, request(core)?.flight]).toEqual(['due', 9])
    const done = after(core, at(good()))
    expect([done.forced, request(done)]).toEqual([expect.any(Number), null])
  })

  test('never becomes a refusal by itself', () => {
    const play = new Play(ticketTraits()).do(verb('connect')).mints200()
    for (let round = 0; round < 20; round++) {
      play.do(news('dialled', play.socket)).closes(1006)
      if (request(play.core)) play.mints200()
    }
    expect([play.status, play.core.rejected]).toEqual(['connecting', 0])
  })

  test('forces nothing where each dial has a grant of its own', () => {
    const play = new Play(ticketTraits({ single: true, atDial: true })).do(verb('connect')).mints200()
    play.do(news('dialled', play.socket)).do(dead(play.socket), 0.5)
    expect(request(play.core)).toBeNull()
    // It waits for its dial, and for no backoff of the source.
    expect(wants(play.core).wakeAt).toBe(T + 500)
    expect(request(play.wake().core)).not.toBeNull()
    expect(play.mints).toBe(2)
  })
})

describe('a single-use lease begins a new session with each dial', () => {
  const traits = leaseTraits({ single: true, intervalMs: null, graceMs: Infinity })

  test('so a dial that comes to nothing waits in the backoff of the source, longer each time', () => {
    const play = new Play(traits).do(verb('connect'))
    const waits = [0, 1, 2].map(() => {
      play.mints200().do(news('dialled', play.socket)).do(dead(play.socket))
      const from = play.now
      play.wake()
      while (!request(play.core)) play.wake()
      return play.now - from
    })
    expect(waits.map((ms) => ms / second)).toEqual([5, 10, 20])
  })

  test('and one that was up is replaced at once', () => {
    const play = new Play(traits).do(verb('connect')).mints200()
    play.comesUp().wait(minute).do(dead(play.socket))
    expect(request(play.core)).toMatchObject({ reason: 'connect' })
  })
})

test('a held lease that was rejected, with no good answer in its place, has expired', () => {
  const play = new Play(leaseTraits()).do(verb('connect')).mints200(5 * minute)
  play.comesUp().do(news('denied', play.socket))
  expect(play.status).toBe('reconnecting')
  expect(play.fails().status).toBe('paused expired')
})
