/** When a source asks: who makes it, how often, and what brings it forward. Each test is named by its rule. */
import { describe, expect, test } from 'vitest'
import { initial } from '../../src/core/state.ts'
import type { Core, Life } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import { wants } from '../../src/core/wants.ts'
import { request, sockets, dead, fact, verb, Play } from './play.ts'
import {
  after,
  at,
  cooling,
  down,
  everyEvent,
  failure,
  good,
  grant,
  held,
  lease,
  leaseGrant,
  leaseTraits,
  lost,
  minting,
  minute,
  no,
  queued,
  second,
  sessions,
  T,
  ticket,
  ticketTraits,
  wanting,
} from './states.ts'

describe('asking', () => {
  test('a source mints only while an attached session wants to be connected', () => {
    for (const life of [{ is: 'idle' }, { is: 'closed' }, { is: 'failed', code: 'stopped' }, held('app'), held('page')] as Life<never>[]) {
      for (const core of [ticket({ grant: null, sessions: sessions(life) }), lost({ work: { is: 'rest' }, sessions: sessions(life) })]) {
        expect(request(after(core, at({ is: 'tick' }, minute)))).toBeNull()
        expect(wants(core).wakeAt).toBe(Infinity)
      }
    }
  })

  test('a reconnect with a living multi-use grant mints nothing', () => {
    const core = after(ticket(), at(dead()))
    expect(sockets(core)).toMatchObject([{ gen: 5, attempt: 2 }])
    expect(request(core)).toBeNull()
  })

  test('a late grant is ignored', () => {
    const play = new Play(ticketTraits()).do(verb('connect'))
    const flight = request(play.core)?.flight
    play.do(verb('pause')).do(good(flight))
    expect(play.core.grant).toBeNull()
    play.do(verb('resume')).do(good(flight))
    expect(play.core.grant).toBeNull()
    expect(play.mints200().core.grant).not.toBeNull()
  })

  test('a request that never settles is given up after min(10 s, beat), and asked again', () => {
    for (const [traits, deadline] of [
      [ticketTraits(), 10 * second],
      [leaseTraits({ intervalMs: 4 * second }), 4 * second],
    ] as const) {
      const play = new Play(traits).do(verb('connect'))
      expect(wants(play.core).wakeAt).toBe(T + deadline)
      play.wake()
      expect(request(play.core)).toBeNull()
      expect(statusOf(play.core, 1)).toMatchObject({ name: 'connecting', code: 'timeout' })
      expect(request(play.wake().core)).not.toBeNull()
    }
  })

  test('an identical grant keeps its old generation, and the wait grows', () => {
    const core = after(ticket({ work: minting() }), at({ ...good(), same: true }))
    expect(core).toMatchObject({ grant: grant(), trouble: { no: 'malformed' }, work: { is: 'cooling' } })
  })

  test('rejecting an older generation is ignored, and so is none', () => {
    for (const gen of [0, 4, 6]) expect(after(ticket(), at({ is: 'rejected', gen }))).toEqual(ticket())
  })

  test('prefetch mints once, and never renews', () => {
    const play = new Play(ticketTraits()).do({ is: 'prefetch' })
    expect(request(play.core)).toMatchObject({ reason: 'prefetch' })
    play.mints200()
    expect(wants(play.core)).toMatchObject({ request: null, wakeAt: Infinity })
    play.wait(60 * minute).do({ is: 'tick' })
    expect(play.mints).toBe(1)
  })

  test('prefetch is spent by an answer of any kind', () => {
    for (const answer of [failure('network', 1), no('revoked', 1), { is: 'forbidden', flight: 1 } as const]) {
      const core = after(initial(ticketTraits()), at({ is: 'prefetch' }), at(answer))
      expect(core.prefetch).toBe(false)
      expect(wants(core).wakeAt).toBe(Infinity)
    }
  })

  test('prefetch asks for nothing that is there, and not again when it runs out', () => {
    for (const core of [ticket({ sessions: {} }), lease({ sessions: {} }), lease({ sessions: {}, grant: leaseGrant({ spent: true }) })]) {
      const asked = after(core, at({ is: 'prefetch' }))
      expect(request(asked)).toBeNull()
      expect(request(after(asked, at({ is: 'tick' }, 60 * minute)))).toBeNull()
    }
    const spent = ticket({ sessions: {}, grant: grant({ spent: true }) })
    const doubted = lease({ sessions: {}, suspectUntil: T + second })
    for (const core of [spent, doubted]) expect(request(after(core, at({ is: 'prefetch' })))).toMatchObject({ reason: 'prefetch' })
  })

  test('prefetch ends with who wished it, unless a session wants the same', () => {
    const asked = after(initial(ticketTraits()), at({ is: 'prefetch' }))
    expect(wants(after(asked, at({ is: 'prefetch', off: true })))).toMatchObject({ request: null, wakeAt: Infinity })
    expect(request(after(ticket({ work: minting(), prefetch: true }), at({ is: 'prefetch', off: true })))?.flight).toBe(9)
  })

  test('prefetch asks for nothing after forbidden, now or later', () => {
    const core = after(ticket({ grant: null, sessions: {}, trouble: { no: 'forbidden' } }), at({ is: 'prefetch' }))
    expect(core.prefetch).toBe(false)
  })

  test('a session that connects during a prefetch takes it up', () => {
    const play = new Play(ticketTraits()).do({ is: 'prefetch' }).do(verb('connect'))
    expect(play.mints).toBe(1)
    play.do(verb('pause'))
    expect(request(play.core)).not.toBeNull()
    play.do(verb('resume')).mints200()
    expect(sockets(play.core)).toHaveLength(1)
  })
})

describe('rate', () => {
  test('three mints at once, then one per min(5 s, beat/2)', () => {
    const play = new Play(ticketTraits()).do(verb('connect'))
    for (const mint of [1, 2, 3]) {
      expect(play.mints).toBe(mint)
      play.fails().do(verb('connect'))
    }
    expect(play.mints).toBe(3)
    expect(wants(play.core).wakeAt).toBe(T + 5 * second)
    play.wake()
    expect(play.mints).toBe(4)
  })

  test.each([
    ['connect()', verb('connect')],
    ['resume()', verb('resume')],
    ['online', fact('online')],
    ['visible', fact('visible')],
    ['coming back', fact('back')],
  ])('%s brings a wait forward', (_name, event) => {
    const core = after(lost({ work: cooling(8 * minute) }), at(event))
    expect(request(core)).not.toBeNull()
  })

  test.each([
    ['offline', fact('offline')],
    ['hidden', fact('hidden')],
    ['a tick', { is: 'tick' } as const],
  ])('%s does not', (_name, event) => {
    expect(request(after(lost({ work: cooling(8 * minute) }), at(event)))).toBeNull()
  })

  test('a drop brings a wait forward where a new dial needs a new grant', () => {
    const core = ticket({ grant: null, work: cooling(8 * minute), trouble: { no: 'revoked', tries: 4 } })
    expect(request(after(core, at(dead())))).toMatchObject({ reason: 'probe' })
    expect(request(after({ ...core, grant: grant() }, at(dead())))).toBeNull()
  })

  test('Retry-After is a floor that connect() cannot cross, nor anything else', () => {
    const floor = cooling(90 * second, 90 * second)
    for (const event of [verb('connect'), verb('resume'), fact('online'), fact('visible'), fact('back'), { is: 'reset' } as const]) {
      const core = after(lost({ work: floor }), at(event))
      expect(request(core)).toBeNull()
      expect(wants(core).wakeAt).toBe(T + 90 * second)
    }
  })

  test('a hint brings the wait forward to the floor, and no further', () => {
    const core = after(lost({ work: cooling(8 * minute, 30 * second) }), at(fact('online')))
    expect(wants(core).wakeAt).toBe(T + 30 * second)
  })

  test('Retry-After outlives close(), connect() and the third rejection', () => {
    const floor = cooling(90 * second, 90 * second)
    const again = after(lost({ work: floor }), at(verb('close')), at(verb('connect'), second))
    expect(wants(again).wakeAt).toBe(T + 90 * second)
    const rejected = after(ticket({ work: floor, rejected: 2 }), at(everyEvent.rejected), at(verb('connect'), second))
    expect(request(rejected)).toBeNull()
    expect(wants(rejected).wakeAt).toBe(T + 90 * second)
  })

  test('a flight in the air is asked for once', () => {
    const core = ticket({ grant: null, work: minting() })
    for (const event of [verb('connect'), fact('online'), fact('visible')]) expect(request(after(core, at(event)))?.flight).toBe(9)
  })

  test('bucket and backoff outlive close()', () => {
    const core = after(
      lost({ bucket: { left: 0, at: T }, trouble: { no: 'network', tries: 5 } }),
      at(verb('close')),
      at(verb('connect'), 1),
    )
    expect(core).toMatchObject({ bucket: { left: 0, at: T }, trouble: { no: 'network', tries: 5 } })
    expect(wants(core).wakeAt).toBe(T + 5 * second)
  })

  test('a new beat sets the pace from now on', () => {
    const empty = { left: 0, at: T }
    const core = after(ticket({ work: minting(), bucket: empty }), at(good(9, 5 * second), 2.5 * second))
    expect(core).toMatchObject({ beatMs: 2.5 * second, bucket: { left: 0.5, at: T + 2.5 * second } })
  })
})

test('the one timer stands at the next thing that can happen', () => {
  const soon = (core: Core) => wants(core).wakeAt - T
  expect(soon(ticket())).toBe(10 * minute)
  expect(soon(ticket({ work: minting() }))).toBe(9 * second)
  expect(soon(ticket({ work: cooling(), grant: grant({ renewAt: T }) }))).toBe(20 * second)
  expect(soon(lease())).toBe(minute)
  expect(soon(lease({ grant: leaseGrant({ renewAt: Infinity }) }))).toBe(2 * minute)
  expect(soon(lease({ suspectUntil: T + 4 * second, work: minting() }))).toBe(4 * second)
  expect(soon(ticket({ sessions: sessions(wanting(down())) }))).toBe(4 * second)
  expect(soon(lease({ sessions: sessions(wanting(down())) }))).toBe(4 * second)
  expect(soon(ticket({ sessions: sessions(wanting(down())), grant: grant({ dialBefore: T + second }) }))).toBe(second)
  expect(soon(ticket({ sessions: sessions([wanting(down({ dialAt: T + 9 * second })), wanting(down())]) }))).toBe(4 * second)
  expect(soon(ticket({ sessions: sessions(wanting(queued())) }))).toBe(10 * minute)
  // A lease that nobody wants may run out unwatched.
  expect(soon(lease({ sessions: sessions(held('app')) }))).toBe(Infinity)
  expect(soon(ticket({ sessions: sessions(held('app')) }))).toBe(Infinity)
})
