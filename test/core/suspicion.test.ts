/** A lease after time that may have passed unseen. Each test is named by its rule. */
import { describe, expect, test } from 'vitest'
import { isSure, permit } from '../../src/core/permit.ts'
import type { Core } from '../../src/core/state.ts'
import { wants } from '../../src/core/wants.ts'
import { name, request, sockets, dead, fact, verb } from './play.ts'
import {
  after,
  at,
  cooling,
  down,
  failure,
  good,
  held,
  lease,
  leaseGrant,
  minting,
  minute,
  no,
  second,
  sessions,
  T,
  ticket,
  wanting,
} from './states.ts'

describe('a suspect lease', () => {
  const suspect = (core: Core): Core => after(core, at(fact('slept')))

  test('is checked at once, though its beat is far', () => {
    expect(request(suspect(lease()))).toMatchObject({ reason: 'renew' })
    expect(suspect(lease())).toMatchObject({ suspectUntil: T + 10 * second })
  })

  test('dials nothing', () => {
    const core = suspect(lease({ sessions: sessions(wanting(down({ dialAt: T }))) }))
    expect(sockets(core)).toEqual([])
    expect(permit(core, T)).toBeNull()
    const dropped = after(suspect(lease()), at(dead()))
    expect(sockets(dropped)).toEqual([])
  })

  test('serves no more than one that is over and whose timer is late', () => {
    const core = lease({ endsAt: T })
    expect([isSure(core, T - 1), isSure(core, T)]).toEqual([true, false])
    expect([permit(core, T - 1), permit(core, T)]).toEqual([leaseGrant(), null])
    expect(isSure(suspect(lease()), T)).toBe(false)
    expect(isSure(ticket(), T)).toBe(true)
  })

  test('keeps its sockets for 10 s', () => {
    const core = suspect(lease())
    expect(sockets(after(core, at({ is: 'tick' }, 10 * second - 1)))).toHaveLength(1)
    const dropped = after(core, at({ is: 'tick' }, 10 * second))
    expect(sockets(dropped)).toEqual([])
    expect(dropped).toMatchObject({ grant: leaseGrant(), suspectUntil: Infinity })
    expect(name(dropped)).toBe('reconnecting')
  })

  test('dials again only after a good mint', () => {
    const dropped = after(suspect(lease()), at({ is: 'tick' }, 10 * second), at({ is: 'tick' }, 15 * second))
    expect(sockets(dropped)).toEqual([])
    const core = after(dropped, at(good(request(dropped)?.flight), 16 * second))
    expect(core).toMatchObject({ suspectUntil: null })
    expect(sockets(core)).toHaveLength(1)
  })

  test('a good mint in time, and nothing was', () => {
    const core = after(suspect(lease()), at(good(11), second))
    expect(core).toMatchObject({ suspectUntil: null })
    expect(sockets(core)).toMatchObject([{ id: 8 }])
  })

  test('is not cleared by a request from before the sleep', () => {
    const core = after(lease({ work: minting() }), at(fact('slept')), at(good(9), second))
    expect(core).toMatchObject({ suspectUntil: T + 10 * second, grant: leaseGrant() })
    const mayNotAsk = lease({ work: minting(), bucket: { left: 0, at: T } })
    expect(after(mayNotAsk, at(fact('slept'))).work).toEqual({ is: 'rest' })
  })

  test('ends by monotonic time', () => {
    expect(name(after(suspect(lease()), at({ is: 'tick' }, 2 * minute)))).toBe('paused expired')
  })

  test('ends by a verdict', () => {
    expect(name(after(suspect(lease()), at(no('revoked', 11))))).toBe('paused refused')
  })

  test('does not end by suspicion: failures leave it', () => {
    const core = after(suspect(lease()), at(failure('network', 11)), at({ is: 'tick' }, minute))
    expect(core.grant).toEqual(leaseGrant())
  })

  test('is not suspected again and again', () => {
    const core = after(suspect(lease()), at(fact('slept'), 5 * second))
    expect(core).toMatchObject({ suspectUntil: T + 10 * second })
    const gone = after(core, at({ is: 'tick' }, 10 * second), at(fact('slept'), 11 * second))
    expect(gone).toMatchObject({ suspectUntil: Infinity })
  })

  test('nobody asks for it while nobody wants it', () => {
    const core = suspect(lease({ sessions: sessions(held('app')) }))
    expect(request(core)).toBeNull()
    const resumed = after(core, at(verb('resume'), second))
    expect(request(resumed)).not.toBeNull()
    expect(sockets(resumed)).toEqual([])
  })

  test('a return from the freeze is certain, a glance is not', () => {
    expect(after(lease(), at(fact('back')))).toMatchObject({ suspectUntil: T + 10 * second })
    for (const kind of ['visible', 'online', 'hidden', 'offline'] as const)
      expect(after(lease(), at(fact(kind)))).toMatchObject({ suspectUntil: null })
  })

  test('a ticket never is', () => {
    expect(after(ticket(), at(fact('slept')))).toEqual(ticket())
    expect(after(ticket(), at(fact('back')))).toEqual(ticket())
  })

  test('a Retry-After stands above it', () => {
    const core = suspect(lease({ work: cooling(minute, minute) }))
    expect(request(core)).toBeNull()
    expect(wants(core).wakeAt).toBe(T + 10 * second)
  })
})
