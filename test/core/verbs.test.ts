/** connect(), resume(), pause(), and another user. Each test is named by its rule. */
import { describe, expect, test } from 'vitest'
import type { Life, Link } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import { wants } from '../../src/core/wants.ts'
import { name, request, sockets, verb, waiting } from './play.ts'
import {
  after,
  at,
  cooling,
  down,
  good,
  grant,
  held,
  lease,
  lost,
  minting,
  minute,
  second,
  sessions,
  settling,
  T,
  ticket,
  up,
  wanting,
} from './states.ts'

describe('verbs', () => {
  test('pause aborts the asking, closes the socket and keeps the grant', () => {
    const core = after(ticket({ work: minting() }), at(verb('pause')))
    expect(wants(core)).toEqual({ request: null, sockets: [], wakeAt: Infinity })
    expect(core.grant).toEqual(grant())
  })

  test('pause stops this session alone: a shared source goes on for the others', () => {
    const two = sessions([wanting(up()), wanting(up({ socket: { id: 9, gen: 5 } }))])
    const core = after(ticket({ work: minting(), sessions: two }), at(verb('pause')))
    expect(request(core)?.flight).toBe(9)
    expect(sockets(core)).toMatchObject([{ id: 9, session: 2 }])
  })

  test('resume() goes on at once, and the next true cause shows', () => {
    const paused = lost({ work: cooling(8 * minute), trouble: { no: 'revoked', tries: 1 }, sessions: sessions(held('app')) })
    expect(name(paused)).toBe('paused asked')
    const core = after(paused, at(verb('resume')))
    expect(name(core)).toBe('paused refused')
    expect(request(core)).not.toBeNull()
  })

  test.each(['idle', 'closed', 'failed'] as const)('resume() leaves %s as it is', (is) => {
    const life = (is === 'failed' ? { is, code: 'gave_up' } : { is }) as Life<Link>
    const core = ticket({ work: cooling(), sessions: sessions(life) })
    expect(after(core, at(verb('resume')))).toEqual(core)
  })

  test('connect() is the button that tries again: it brings a dial forward', () => {
    for (const kind of ['connect', 'resume'] as const) {
      const core = after(ticket({ sessions: sessions(wanting(down())) }), at(verb(kind)))
      expect(sockets(core)).toHaveLength(1)
    }
  })

  test('connect() begins a new streak of attempts, and is connecting', () => {
    const core = after(ticket({ sessions: sessions({ is: 'failed', code: 'stopped' }) }), at(verb('connect')))
    expect(sockets(core)).toMatchObject([{ attempt: 0 }])
    expect(name(core)).toBe('connecting')
  })

  test('connect() forgets what an earlier connection lost', () => {
    const core = after(lost({ expired: true, sessions: sessions({ is: 'closed' }) }), at(verb('connect')))
    expect(statusOf(core, 1)).toMatchObject({ name: 'connecting', code: 'network' })
    expect(after(ticket({ overcome: 'revoked', sessions: sessions({ is: 'closed' }) }), at(verb('connect'))).overcome).toBeNull()
    expect(after(lease({ overcome: 'revoked', sessions: sessions({ is: 'closed' }) }), at(verb('connect'))).overcome).toBeNull()
    // Nothing else can have expired.
    for (const core of [ticket(), ticket({ grant: null }), lease()])
      expect(after({ ...core, sessions: sessions({ is: 'closed' }) }, at(verb('connect')))).not.toHaveProperty('expired')
  })

  test('connect() of a paused session forgets nothing: the next true cause shows, as with resume()', () => {
    for (const kind of ['connect', 'resume'] as const) {
      expect(name(after(lost({ expired: true, sessions: sessions(held('app')) }), at(verb(kind))))).toBe('paused expired')
      expect(name(after(ticket({ overcome: 'revoked', sessions: sessions(held('app')) }), at(verb(kind))))).toBe('paused refused')
    }
  })

  test('connect() disturbs no other session', () => {
    const two = sessions([wanting(waiting), { is: 'idle' }])
    expect(name(after(lost({ expired: true, sessions: two }), at(verb('connect', 2))))).toBe('paused expired')
    const overcome = ticket({ overcome: 'revoked', sessions: sessions([wanting(settling()), { is: 'idle' }]) })
    expect(name(after(overcome, at(verb('connect', 2))))).toBe('paused refused')
  })

  test('a session that nobody knows is nobody', () => {
    for (const kind of ['connect', 'resume', 'pause', 'close', 'detach'] as const) {
      expect(after(ticket({ work: cooling() }), at(verb(kind, 9)))).toEqual(ticket({ work: cooling() }))
    }
  })
})

describe('reset: a grant of one user never serves another', () => {
  test('forgets grant, verdict and streaks, aborts the flight and drops every socket', () => {
    const core = after(
      ticket({
        work: minting(),
        trouble: { no: 'revoked', tries: 4 },
        rejected: 2,
        forced: T + minute,
        overcome: 'revoked',
        prefetch: true,
      }),
      at({ is: 'reset' }),
    )
    expect(core).toMatchObject({ grant: null, trouble: null, rejected: 0, forced: 'no', overcome: null, prefetch: false })
    expect(sockets(core)).toEqual([])
    expect(request(core)?.flight).toBe(11)
    expect(after(core, at(good(9)))).toEqual(core)
    const nobody = lost({ work: cooling(), sessions: sessions({ is: 'closed' }) })
    expect(after(nobody, at({ is: 'reset' })).work).toEqual({ is: 'rest' })
  })

  test('each session passes the gate again', () => {
    const core = after(ticket(), at({ is: 'reset' }), at(good(11), second))
    expect(sockets(core)).toMatchObject([{ gen: 11, attempt: 0 }])
  })

  test.each([
    ['a held lease', lease({ suspectUntil: Infinity })],
    ['a lost lease', lost({ expired: true, work: { is: 'rest' } })],
    ['a refused lease', lost({ trouble: { no: 'revoked', tries: 1 } })],
  ])('of %s starts from nothing', (_name, before) => {
    const core = after(before, at({ is: 'reset' }))
    expect(core).toMatchObject({ kind: 'lease', grant: null, expired: false, trouble: null })
    expect(core).not.toHaveProperty('suspectUntil')
    expect(name(core)).toBe('reconnecting')
    expect(request(core)).not.toBeNull()
  })

  test('does not refill the bucket', () => {
    const core = after(ticket({ bucket: { left: 0, at: T } }), at({ is: 'reset' }))
    expect(request(core)).toBeNull()
    expect(wants(core).wakeAt).toBe(T + 5 * second)
  })

  test.each([
    ['idle', { is: 'idle' }],
    ['closed', { is: 'closed' }],
    ['failed', { is: 'failed', code: 'forbidden' }],
    ['paused', held('app')],
    ['away', held('page')],
  ] as [string, Life<Link>][])('leaves a session that is %s so', (_name, life) => {
    const core = after(ticket({ sessions: sessions(life), trouble: { no: 'forbidden' } }), at({ is: 'reset' }))
    expect(core).toMatchObject({ grant: null, trouble: null })
    expect(core.sessions[1]?.life).toEqual(life)
    expect(request(core)).toBeNull()
  })
})
