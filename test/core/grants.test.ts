/** Grants for one dial, grants minted at the dial, and the beat that keeps the others. Each test is named by its rule. */
import { describe, expect, test } from 'vitest'
import { permit } from '../../src/core/permit.ts'
import type { Core, Life, Link } from '../../src/core/state.ts'
import { wants } from '../../src/core/wants.ts'
import { name, request, sockets, dead, verb, waiting, Play } from './play.ts'
import {
  after,
  at,
  down,
  everyEvent,
  good,
  grant,
  held,
  lease,
  leaseGrant,
  leaseTraits,
  linkTraits,
  lost,
  minting,
  minute,
  no,
  none,
  second,
  sessions,
  T,
  ticket,
  ticketTraits,
  up,
  wanting,
} from './states.ts'

describe('a single-use grant', () => {
  const single = ticketTraits({ single: true, atDial: true })

  test('is spent at the dial, and the next dial mints its own', () => {
    const play = new Play(single).do(verb('connect')).mints200()
    expect(play.core.grant).toMatchObject({ spent: true })
    expect(play.comesUp().status).toBe('connected')
    expect(wants(play.core)).toMatchObject({ request: null, wakeAt: Infinity })
    play.closes(1006)
    expect([play.mints, sockets(play.core).length]).toEqual([2, 0])
    play.mints200()
    expect(sockets(play.core)).toMatchObject([{ gen: 3 }])
  })

  test('is minted when the dial is due, not before', () => {
    const play = new Play(single).do(verb('connect')).mints200().comesUp().do(dead(2), 0.5)
    expect([request(play.core), wants(play.core).wakeAt]).toEqual([null, T + 500])
    expect(request(play.wake().core)).not.toBeNull()
  })

  test('serves one of several sessions, and each of them has its own', () => {
    const play = new Play(single, [linkTraits(), linkTraits()]).do(verb('connect', 1)).do(verb('connect', 2)).mints200()
    expect(sockets(play.core)).toMatchObject([{ session: 1, gen: 1 }])
    play.mints200()
    expect(sockets(play.core).map(({ session, gen }) => [session, gen])).toEqual([
      [1, 1],
      [2, 3],
    ])
    expect(play.mints).toBe(2)
  })

  test('taken by an engine of the application is spent', () => {
    const core = after(ticket({ traits: single }), at(everyEvent.handed))
    expect(core.grant).toMatchObject({ spent: true })
    expect(permit(core, T)).toBeNull()
    expect(after(ticket(), at(everyEvent.handed))).toEqual(ticket())
    expect(after(ticket({ traits: single }), at({ is: 'handed', gen: 4 })).grant).toMatchObject({ spent: false })
    const nothing = ticket({ traits: single, grant: null, sessions: {} })
    expect(after(nothing, at(everyEvent.handed))).toEqual(nothing)
    const oneLease = lease({ traits: leaseTraits({ single: true }) })
    expect(after(oneLease, at(everyEvent.handed))).toEqual(oneLease)
  })

  test('is minted at the dial, whatever its traits say of freshness', () => {
    const fresh = ticket({ traits: ticketTraits({ single: true }), grant: grant({ spent: true }), sessions: sessions(wanting(down())) })
    expect(wants(fresh).wakeAt).toBe(T + 4 * second)
    expect(request(after(fresh, at({ is: 'tick' }, 4 * second)))).not.toBeNull()
  })

  test('a single-use lease lives and dies with its one socket', () => {
    const traits = leaseTraits({ single: true, intervalMs: null, graceMs: Infinity })
    const core = lease({ traits, grant: leaseGrant({ spent: true, renewAt: Infinity }), endsAt: T + 60 * minute })
    const dropped = after(core, at(dead(), 0, 0.5))
    expect(dropped).toMatchObject({ grant: null, expired: false })
    expect(name(dropped)).toBe('reconnecting')
    expect(name(after(core, at(verb('pause'))))).toBe('paused asked')
    expect(after(core, at(verb('pause')))).toMatchObject({ grant: null })
  })
})

describe('a ticket whose endpoint says that it must be used soon', () => {
  const soon = { ...good(), connectByMs: minute }

  test('is minted at the dial from then on, and not again and again under a live link', () => {
    const core = after(ticket({ work: minting() }), at(soon))
    expect(core).toMatchObject({ traits: { atDial: true }, grant: { gen: 9, renewAt: Infinity, dialBefore: T - second + 45 * second } })
    const later = after(core, at({ is: 'tick' }, 45 * second), at({ is: 'tick' }, 60 * minute))
    expect(wants(later)).toMatchObject({ request: null, wakeAt: Infinity })
    expect(request(after(later, at(dead(), 61 * minute)))).not.toBeNull()
  })

  test('is kept fresh where soon is not that soon', () => {
    const core = after(ticket({ work: minting() }), at({ ...soon, connectByMs: minute + 1 }))
    expect(core).toMatchObject({ traits: { atDial: false }, grant: { renewAt: T + 899 * second } })
  })

  test('is no lease: that one keeps its beat', () => {
    expect(after(lease({ work: minting() }), at(soon))).toMatchObject({ traits: { atDial: false }, grant: { renewAt: T + 59 * second } })
  })
})

describe('a short ticket', () => {
  const short = ticketTraits({ atDial: true })

  test('is minted at the dial, and never in the background', () => {
    const core = ticket({ traits: short, grant: grant({ renewAt: Infinity, dialBefore: T + minute }) })
    expect(wants(core).wakeAt).toBe(Infinity)
    const dropped = after(core, at(dead(), 2 * minute))
    expect([sockets(dropped), request(dropped) !== null]).toEqual([[], true])
  })

  test('serves several dials while it is fresh', () => {
    const core = ticket({ traits: short, sessions: sessions([wanting(waiting), wanting(waiting)]) })
    expect(sockets(after(core, at({ is: 'tick' })))).toHaveLength(2)
  })

  test('is minted for the first of several dials', () => {
    const lives = [
      wanting(down({ dialAt: T + 9 * second })),
      wanting(down({ dialAt: T + 3 * second })),
      { is: 'idle' },
      held('app'),
    ] as Life<Link>[]
    expect(wants(ticket({ traits: short, grant: null, sessions: sessions(lives) })).wakeAt).toBe(T + 3 * second)
  })

  test('is minted at the dial for which it will be too old', () => {
    const core = ticket({ traits: short, grant: grant({ dialBefore: T + 2 * second }), sessions: sessions(wanting(down())) })
    expect(wants(core).wakeAt).toBe(T + 2 * second)
    expect(wants(after(core, at({ is: 'tick' }, 2 * second))).wakeAt).toBe(T + 4 * second)
  })
})

describe('the streak of attempts', () => {
  const attempt = (core: Core) => sockets(core)[0]?.attempt
  const flapping = up({ attempt: 6, stableAt: T + minute })

  test('ends after 60 s up', () => {
    expect(attempt(after(ticket({ sessions: sessions(wanting(flapping)) }), at(dead(), minute)))).toBe(1)
    expect(attempt(after(ticket({ sessions: sessions(wanting(flapping)) }), at(dead(), minute - 1)))).toBe(7)
  })

  test('ends after a first beat', () => {
    const core = ticket({ work: minting(), sessions: sessions(wanting(flapping)) })
    expect(attempt(after(core, at(good(), second), at(dead(), 2 * second)))).toBe(1)
  })

  test('a socket that we take away ourselves is no failed attempt', () => {
    const core = lease({ work: minting(), sessions: sessions(wanting(flapping)) })
    const refused = after(core, at(no('revoked'), second))
    expect(refused.sessions[1]?.life).toMatchObject({ link: { is: 'down', attempt: 6, dialAt: T + second } })
    const stable = after({ ...core, endsAt: T + 5 * minute, work: minting() }, at(no('revoked'), 8 * second))
    expect(stable.sessions[1]?.life).toMatchObject({ link: { attempt: 6 } })
    const proven = after(lease({ work: minting(), sessions: sessions(wanting(up({ attempt: 6, stableAt: T }))) }), at(no('revoked')))
    expect(proven.sessions[1]?.life).toMatchObject({ link: { attempt: 0 } })
  })
})

describe('the beat', () => {
  test('renews in the background, and a live link never notices', () => {
    const play = new Play(leaseTraits()).do(verb('connect')).mints200().comesUp()
    for (let beat = 0; beat < 10; beat++) {
      play.wake()
      expect(request(play.core)).toMatchObject({ reason: 'renew', attempt: 0 })
      play.mints200()
      expect(play.status).toBe('connected')
    }
    expect([play.mints, play.dials]).toEqual([11, 1])
    expect(play.now).toBe(T + 10 * minute)
  })

  test('without a link is the connection itself', () => {
    const play = new Play(leaseTraits(), [linkTraits({ link: false })]).do(verb('connect')).mints200()
    expect(play.status).toBe('connected')
    expect(sockets(play.core)).toEqual([])
    expect(wants(play.core).wakeAt).toBe(T + minute)
    expect(play.wake().refuses().status).toBe('paused refused')
    expect(play.wake().mints200().status).toBe('connected')
  })

  test('without a link, a lost lease is asked for whatever its traits say of dials', () => {
    const linkless = sessions(wanting({ is: 'none' as const }), linkTraits({ link: false }))
    const core = lost({ work: { is: 'rest' }, trouble: null, traits: leaseTraits({ atDial: true }), sessions: linkless })
    expect(request(after(core, at({ is: 'tick' })))).not.toBeNull()
    expect(
      wants(lease({ traits: leaseTraits({ atDial: true }), sessions: sessions(wanting(none), linkTraits({ link: false })) })).wakeAt,
    ).toBe(T + minute)
  })

  test('the reason and the count of tries go with each request', () => {
    const play = new Play(leaseTraits()).do(verb('connect'))
    expect(request(play.core)).toMatchObject({ reason: 'connect', attempt: 0 })
    expect(request(play.fails().wake().core)).toMatchObject({ reason: 'connect', attempt: 1 })
    expect(request(play.refuses().wake().core)).toMatchObject({ reason: 'probe', attempt: 1 })
    expect(request(play.refuses().wake().core)).toMatchObject({ reason: 'probe', attempt: 2 })
    // An earlier generation was rejected, and this one has yet to prove itself.
    const unproven = ticket({ rejected: 1, grant: grant({ renewAt: T }) })
    expect(request(after(unproven, at({ is: 'tick' })))).toMatchObject({ reason: 'renew', attempt: 0 })
  })
})
