/** What each verdict ends, what outlasts what, and what shows until when. Each test is named by its rule. */
import { describe, expect, test } from 'vitest'
import type { Core, Life, Link } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import { wants } from '../../src/core/wants.ts'
import { name, request, sockets, dead, fact, verb, news, waiting, Play } from './play.ts'
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
  linkTraits,
  minting,
  minute,
  no,
  queued,
  second,
  sessions,
  T,
  ticket,
  ticketTraits,
  up,
  wanting,
} from './states.ts'

describe('verdicts', () => {
  test('no answer to a renewal changes the status of a live ticket, but for its renewal', () => {
    for (const answer of [no('revoked'), no('quota', 9, { hard: true }), failure(), { is: 'forbidden', flight: 9 } as const]) {
      for (const left of [grant(), null]) {
        const core = after(ticket({ work: minting(), grant: left }), at(answer))
        expect(name(core)).toBe('connected, failing')
        expect(sockets(core)).toMatchObject([{ id: 8 }])
      }
    }
  })

  test('a live ticket that runs out keeps its link, and mints in the background', () => {
    const core = after(ticket(), at({ is: 'tick' }, 20 * minute))
    expect(core.grant).toBeNull()
    expect(name(core)).toBe('connected')
    expect(request(core)).not.toBeNull()
  })

  test('when the link drops, what is left of the ticket is used up, and only then does the verdict show', () => {
    const refused = ticket({ work: cooling(8 * minute), trouble: { no: 'revoked', tries: 1 } })
    const dialling = after(refused, at(dead()))
    expect(name(dialling)).toBe('reconnecting')
    expect(sockets(dialling)).toHaveLength(1)
    const out = after(dialling, at(news('dialled', 11)), at(dead(11), second), at({ is: 'tick' }, 20 * minute))
    expect(name(out)).toBe('paused refused')
  })

  test('a refusal outlasts failures, and ends with a good mint', () => {
    const play = new Play(leaseTraits()).do(verb('connect')).refuses('login_required').wake().fails().wake().fails()
    expect(statusOf(play.core, 1)).toMatchObject({ name: 'paused', reason: 'refused', code: 'login_required' })
    expect(play.core.trouble).toEqual({ no: 'login_required', tries: 2 })
    play.wake().mints200()
    expect(play.core.trouble).toBeNull()
  })

  test('with a socket, refused shows until ready', () => {
    const play = new Play(leaseTraits()).do(verb('connect')).refuses('login_required').wake().mints200()
    expect(statusOf(play.core, 1)).toEqual({ name: 'paused', reason: 'refused', code: 'login_required' })
    expect(play.opens().status).toBe('paused refused')
    expect(play.closes(1006).do({ is: 'tick' }).status).toBe('paused refused')
    expect(play.comesUp().status).toBe('connected')
    expect(play.core.overcome).toBeNull()
  })

  test('without a socket, it ends with the mint', () => {
    const play = new Play(leaseTraits(), [linkTraits({ link: false })]).do(verb('connect')).refuses().wake().mints200()
    expect(play.status).toBe('connected')
    expect(play.core.overcome).toBeNull()
    const nobody = ticket({ work: minting(), prefetch: true, trouble: { no: 'revoked', tries: 0 }, grant: null, sessions: {} })
    expect(after(nobody, at(good()))).toMatchObject({ trouble: null, overcome: null })
  })

  test('another session that is connected confirms it', () => {
    const two = sessions<Link>([wanting(up()), wanting(down())])
    const core = after(ticket({ work: minting(), trouble: { no: 'revoked', tries: 0 }, grant: null, sessions: two }), at(good()))
    expect(core.overcome).toBeNull()
  })

  test('a lease ends at once on login_required, key_refused, revoked and 402; other quota answers count as unavailable', () => {
    for (const answer of [no('login_required'), no('key_refused'), no('revoked'), no('quota', 9, { hard: true })]) {
      const core = after(lease({ work: minting() }), at(answer))
      expect([name(core), sockets(core)]).toEqual(['paused refused', []])
    }
    const core = after(lease({ work: minting() }), at(no('quota')))
    expect(core).toMatchObject({ grant: leaseGrant(), trouble: { no: 'unavailable' } })
    expect(name(core)).toBe('connected, failing')
  })

  test('a single-use lease is no less held for being spent', () => {
    const spent = lease({ work: minting(), traits: leaseTraits({ single: true }), grant: leaseGrant({ spent: true }) })
    expect(after(spent, at(no('quota')))).toMatchObject({ trouble: { no: 'unavailable' } })
    expect(name(after(spent, at(no('quota'))))).toBe('connected, failing')
  })

  test('a lease ends when its life or grace is out, with the last trouble as the reason', () => {
    const failing = lease({ work: cooling(8 * minute), trouble: { no: 'network', tries: 3 } })
    expect(name(after(failing, at({ is: 'tick' }, 2 * minute - 1)))).toBe('connected, failing')
    const core = after(failing, at({ is: 'tick' }, 2 * minute))
    expect(statusOf(core, 1)).toMatchObject({ name: 'paused', reason: 'expired', code: 'network' })
    expect(sockets(core)).toEqual([])
    expect(statusOf(after(lease({ work: minting() }), at({ is: 'tick' }, 2 * minute)), 1)).toMatchObject({
      reason: 'expired',
      code: 'timeout',
    })
  })

  test('a lease without a beat ends with its life, and nobody answered in time', () => {
    const core = lease({ grant: leaseGrant({ renewAt: Infinity }), traits: leaseTraits({ intervalMs: null }) })
    expect(statusOf(after(core, at({ is: 'tick' }, 2 * minute)), 1)).toMatchObject({ name: 'paused', reason: 'expired', code: 'timeout' })
  })

  test('a spent ticket is nothing that a full house could leave us', () => {
    const single = ticketTraits({ single: true, atDial: true })
    const core = ticket({ work: minting(), traits: single, grant: grant({ spent: true }), sessions: sessions(wanting(waiting)) })
    expect(after(core, at(no('quota'))).trouble).toEqual({ no: 'quota', tries: 0 })
  })

  test('expired ends with a good mint', () => {
    const play = new Play(leaseTraits()).do(verb('connect')).mints200(minute).comesUp()
    while (play.status !== 'paused expired') {
      play.wake()
      if (request(play.core)) play.fails()
    }
    while (!request(play.core)) play.wake()
    expect(play.mints200().status).toBe('reconnecting')
    expect(play.comesUp().status).toBe('connected')
  })

  test('a lease that runs out while nobody wants it is no trouble', () => {
    const core = after(lease({ sessions: sessions(held('app')) }), at({ is: 'tick' }, 2 * minute), at(verb('resume'), 3 * minute))
    expect(core).toMatchObject({ grant: null, expired: false, trouble: null })
    expect(statusOf(core, 1)).toEqual({ name: 'reconnecting' })
  })

  test('forbidden fails who has nothing left, and leaves who is connected', () => {
    const both = sessions<Link>([wanting(up()), wanting(waiting)])
    const core = after(ticket({ grant: null, work: minting(), sessions: both }), at(everyEvent.forbidden))
    expect([name(core, 1), name(core, 2)]).toEqual(['connected, failing', 'failed'])
    expect(wants(core)).toMatchObject({ request: null, wakeAt: Infinity })
    expect(statusOf(after(core, at(dead())), 1)).toEqual({ name: 'failed', code: 'forbidden' })
  })

  test('forbidden under a lease shows as failing until the lease is out', () => {
    const core = after(lease({ work: minting() }), at(everyEvent.forbidden))
    expect(wants(core).wakeAt).toBe(T + 2 * minute)
    expect(statusOf(after(core, at({ is: 'tick' }, 2 * minute)), 1)).toEqual({ name: 'failed', code: 'forbidden' })
  })

  test('forbidden leaves a dial that is due later to what is left of the ticket', () => {
    const core = after(ticket({ trouble: { no: 'forbidden' }, sessions: sessions(wanting(down())) }), at({ is: 'tick' }))
    expect(name(core)).toBe('reconnecting')
    expect(sockets(after(core, at({ is: 'tick' }, 4 * second)))).toMatchObject([{ gen: 5 }])
  })

  const endsBeforeTheDial: readonly (readonly [string, Core])[] = [
    ['ticket', ticket({ grant: grant({ dialBefore: T + 4 * second }), sessions: sessions(wanting(down())) })],
    ['lease', lease({ endsAt: T + 4 * second, sessions: sessions(wanting(down())) })],
    ['lease in doubt', lease({ suspectUntil: T + 10 * second, sessions: sessions(wanting(down())) })],
  ]
  test.each(endsBeforeTheDial)('forbidden fails at once who waits for a dial that no %s will serve', (_what, before) => {
    const core = after({ ...before, work: minting() }, at(everyEvent.forbidden))
    expect(statusOf(core, 1)).toEqual({ name: 'failed', code: 'forbidden' })
  })

  test('forbidden fails a socket that still waits in the queue as soon as its ticket is out', () => {
    const core = ticket({ trouble: { no: 'forbidden' }, grant: grant({ dialBefore: T + second }), sessions: sessions(wanting(queued())) })
    expect(wants(core).wakeAt).toBe(T + second)
    expect(statusOf(after(core, at({ is: 'tick' }, second)), 1)).toEqual({ name: 'failed', code: 'forbidden' })
  })

  test('only connect() asks again after forbidden, in every state', () => {
    const stopped = { trouble: { no: 'forbidden' }, grant: null } as const
    for (const life of [{ is: 'failed', code: 'forbidden' }, held('app'), { is: 'idle' }, { is: 'closed' }] as Life<Link>[]) {
      expect(request(after(ticket({ ...stopped, sessions: sessions(life) }), at(verb('connect'))))).not.toBeNull()
    }
    expect(request(after(ticket(stopped), at(verb('connect'))))).not.toBeNull()
    const resumed = after(ticket({ ...stopped, sessions: sessions(held('app')) }), at(verb('resume')))
    expect(statusOf(resumed, 1)).toEqual({ name: 'failed', code: 'forbidden' })
    for (const event of [fact('online'), fact('visible'), { is: 'prefetch' } as const]) {
      expect(request(after(ticket({ ...stopped, sessions: {} }), at(event)))).toBeNull()
    }
  })
})
