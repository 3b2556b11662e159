/** Facts and hints of the page, and the limits that a session sets itself. Each test is named by its rule. */
import { describe, expect, test } from 'vitest'
import type { Core, Link } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import { wants } from '../../src/core/wants.ts'
import { name, sockets, dead, fact, verb, waiting, Play } from './play.ts'
import {
  after,
  at,
  cooling,
  down,
  held,
  linkTraits,
  lost,
  minute,
  opening,
  queued,
  second,
  sessions,
  settling,
  T,
  ticket,
  ticketTraits,
  up,
  wanting,
} from './states.ts'

describe('the page', () => {
  const limited = linkTraits({ pauseWhenHiddenMs: minute })
  const connected = (over = {}): Core => ticket({ sessions: sessions(wanting(up()), limited), ...over })

  test('away drops every socket at once, and back dials again', () => {
    const away = after(ticket(), at(fact('away')))
    expect([name(away), sockets(away)]).toEqual(['paused hidden', []])
    const back = after(away, at(fact('back'), minute))
    expect([name(back), sockets(back).length]).toEqual(['reconnecting', 1])
  })

  test('away holds what connects meanwhile', () => {
    const core = after(ticket({ sessions: sessions([held('page'), { is: 'idle' }]), away: true }), at(verb('connect', 2)))
    expect([name(core, 2), sockets(core)]).toEqual(['paused hidden', []])
    expect(sockets(after(core, at(fact('back'))))).toHaveLength(2)
  })

  test('hidden changes nothing until pauseWhenHiddenMs is over', () => {
    const hidden = after(connected(), at(fact('hidden')))
    expect(wants(hidden).wakeAt).toBe(T + minute)
    expect(name(after(hidden, at({ is: 'tick' }, minute - 1)))).toBe('connected')
    const held = after(hidden, at({ is: 'tick' }, minute))
    expect([name(held), sockets(held)]).toEqual(['paused hidden', []])
    expect(name(after(held, at(fact('visible'), 2 * minute)))).toBe('reconnecting')
  })

  test('hidden counts from its first telling', () => {
    expect(after(connected(), at(fact('hidden')), at(fact('hidden'), 30 * second)).hiddenAt).toBe(T)
  })

  test('visible in time, and nothing was', () => {
    const core = after(connected(), at(fact('hidden')), at(fact('visible'), 30 * second), at({ is: 'tick' }, 2 * minute))
    expect([name(core), core.hiddenAt]).toEqual(['connected', null])
  })

  test('connect() on a page that is hidden too long waits for it', () => {
    const core = after(
      connected({ hiddenAt: T - 2 * minute, sessions: sessions([held('page'), { is: 'idle' }], limited) }),
      at(verb('connect', 2)),
    )
    expect(name(core, 2)).toBe('paused hidden')
    expect(wants(core)).toMatchObject({ request: null, sockets: [] })
  })

  test('is forgotten with the last living session, for nobody listens to it then', () => {
    for (const before of [{ away: true }, { hiddenAt: T - 2 * minute }]) {
      const core = after(connected({ ...before, sessions: sessions(held('page'), limited) }), at(verb('close')))
      expect(core).toMatchObject({ away: false, hiddenAt: null })
      expect(name(after(core, at(verb('connect'), second)))).toBe('connecting')
    }
    expect(after(connected({ away: true, sessions: sessions(held('app')) }), at({ is: 'tick' }))).toMatchObject({ away: true })
  })

  test('a session without the limit stays connected on a hidden page', () => {
    expect(name(after(ticket({ hiddenAt: T - 60 * minute }), at({ is: 'tick' })))).toBe('connected')
  })
})

describe('giving up', () => {
  const limited = linkTraits({ giveUpAfterMs: minute })
  const waits = (link: Link, giveUpAt = T + minute): Core =>
    ticket({ sessions: sessions(wanting(link, { giveUpAt }), limited), work: cooling(8 * minute), grant: null })

  test('begins with connect(), and ends with connected', () => {
    const play = new Play(ticketTraits(), [limited]).do(verb('connect'))
    expect(play.core.sessions[1]?.life).toMatchObject({ giveUpAt: T + minute })
    play.mints200().comesUp()
    expect(play.core.sessions[1]?.life).toMatchObject({ giveUpAt: Infinity })
  })

  test('begins again with a drop', () => {
    const core = after(ticket({ sessions: sessions(wanting(up()), limited) }), at(dead(), second))
    expect(core.sessions[1]?.life).toMatchObject({ giveUpAt: T + minute + second })
  })

  test('comes after giveUpAfterMs, whatever is being tried', () => {
    for (const link of [down(), queued(), opening({ deadline: T + 9 * minute }), settling({ deadline: T + 9 * minute })]) {
      expect(wants(waits(link)).wakeAt).toBeLessThanOrEqual(T + minute)
      expect(name(after(waits(link), at({ is: 'tick' }, minute - 1)))).not.toBe('failed')
      expect(statusOf(after(waits(link), at({ is: 'tick' }, minute)), 1)).toEqual({ name: 'failed', code: 'gave_up' })
    }
  })

  test('comes in paused(refused) and paused(expired) too', () => {
    const refused = lost({
      trouble: { no: 'revoked', tries: 3 },
      work: cooling(8 * minute),
      sessions: sessions(wanting(waiting, { giveUpAt: T + minute }), limited),
    })
    for (const core of [refused, { ...refused, trouble: { no: 'network', tries: 3 }, expired: true } as Core]) {
      expect(statusOf(after(core, at({ is: 'tick' }, minute)), 1)).toEqual({ name: 'failed', code: 'gave_up' })
    }
  })

  test('never comes while the application or the page has paused', () => {
    for (const by of ['app', 'page'] as const) {
      const core = ticket({ sessions: sessions(held(by), limited), away: by === 'page' })
      expect(name(after(core, at({ is: 'tick' }, 60 * minute)))).toMatch(/^paused/)
    }
  })

  test('counts anew after a pause', () => {
    const core = after(waits(down()), at(verb('pause'), 30 * second), at(verb('resume'), 40 * second))
    expect(core.sessions[1]?.life).toMatchObject({ giveUpAt: T + 100 * second })
  })

  test('is never, where nobody said', () => {
    expect(after(ticket(), at(dead())).sessions[1]?.life).toMatchObject({ giveUpAt: Infinity })
  })
})
