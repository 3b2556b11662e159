/** Every event on a ticket, a held lease and a lost lease: what changes, and what is done. */
import { describe, expect, test } from 'vitest'
import type { Effect, Happening } from '../../src/core/event.ts'
import type { Core } from '../../src/core/state.ts'
import { step } from '../../src/core/step.ts'
import {
  at,
  down,
  eventKinds,
  everyEvent,
  held,
  lease,
  linkTraits,
  lost,
  minting,
  minute,
  opening,
  second,
  sessions,
  T,
  ticket,
  up,
  wanting,
} from './states.ts'

type Row = readonly [Core] | readonly [Core, readonly Effect[]]
type Table = Readonly<Record<Happening['is'], Row>>

const rest = { is: 'rest' } as const
const renewalFailed: Effect[] = [{ do: 'renewal-failed', session: 1 }]
const idle = { is: 'idle' } as const
const closed = { is: 'closed' } as const
const misconfigured = { is: 'failed', code: 'bad_configuration' } as const
const refusalWait = { is: 'cooling', until: T + 30 * second, floor: T } as const
const failureWait = { is: 'cooling', until: T + 5 * second, floor: T } as const
/** A mint that starts now, as the eleventh id. */
const fresh = (reason: 'connect' | 'renew' | 'rejected', attempt = 0) =>
  ({
    work: { is: 'minting', flight: 11, startedAt: T, giveUpAt: T + 10 * second, reason, attempt },
    lastId: 11,
    bucket: { left: 2, at: T },
  }) as const
const redialled = sessions(wanting(opening({ socket: { id: 11, gen: 5 }, deadline: Infinity, attempt: 2 })))
const minted = { gen: 9, renewAt: T + 899 * second, dialBefore: T + 1349 * second, spent: false }
const mintedLease = { gen: 9, renewAt: T + 59 * second, dialBefore: Infinity, spent: false }

const ofTicket: Table = {
  tick: [ticket({ work: minting() })],
  attach: [ticket({ work: minting(), sessions: { ...sessions(wanting(up())), 7: { traits: linkTraits(), life: idle } } })],
  connect: [ticket({ work: minting() })],
  resume: [ticket({ work: minting() })],
  pause: [ticket({ work: rest, sessions: sessions(held('app')) })],
  close: [ticket({ work: rest, sessions: sessions(closed) })],
  detach: [ticket({ work: rest, sessions: {} })],
  prefetch: [ticket({ work: minting() })],
  reset: [ticket({ ...fresh('connect'), grant: null, sessions: sessions(wanting(down({ attempt: 0, dialAt: T }))) })],
  away: [ticket({ work: rest, away: true, sessions: sessions(held('page')) })],
  back: [ticket({ work: minting() })],
  hidden: [ticket({ work: minting(), hiddenAt: T })],
  visible: [ticket({ work: minting() })],
  online: [ticket({ work: minting() })],
  offline: [ticket({ work: minting() })],
  // A ticket has nothing to fear from sleep.
  slept: [ticket({ work: minting() })],
  minted: [ticket({ bucket: { left: 3, at: T }, beatMs: 15 * minute, grant: minted, sessions: sessions(wanting(up({ stableAt: T }))) })],
  // No answer to a renewal touches the live link of a ticket.
  refused: [ticket({ work: refusalWait, trouble: { no: 'key_refused', tries: 0 } }), renewalFailed],
  failed: [ticket({ work: failureWait, trouble: { no: 'network', tries: 0 } }), renewalFailed],
  forbidden: [ticket({ trouble: { no: 'forbidden' } }), renewalFailed],
  rejected: [ticket({ work: minting(), grant: null, rejected: 1 })],
  handed: [ticket({ work: minting() })],
  dialled: [ticket({ work: minting() })],
  opened: [ticket({ work: minting() })],
  ready: [ticket({ work: minting() })],
  acked: [ticket({ work: minting() })],
  denied: [ticket({ work: minting(), grant: null, rejected: 1, sessions: sessions(wanting(down({ attempt: 2, dialAt: T }))) })],
  heard: [ticket({ work: minting(), sessions: sessions(wanting(up({ heardAt: T }))) })],
  // Chance is 0 here: full jitter redials at once.
  closed: [ticket({ work: minting(), lastId: 11, sessions: redialled })],
  broken: [ticket({ sessions: sessions(misconfigured) })],
}

const lostNow = { trouble: null, sessions: sessions(wanting(down({ dialAt: T }))) } as const

const ofHeldLease: Table = {
  tick: [lease({ work: minting() })],
  attach: [lease({ work: minting(), sessions: { ...sessions(wanting(up())), 7: { traits: linkTraits(), life: idle } } })],
  connect: [lease({ work: minting() })],
  resume: [lease({ work: minting() })],
  pause: [lease({ work: rest, sessions: sessions(held('app')) })],
  close: [lease({ work: rest, sessions: sessions(closed) })],
  detach: [lease({ work: rest, sessions: {} })],
  prefetch: [lease({ work: minting() })],
  reset: [lost({ ...lostNow, ...fresh('connect'), sessions: sessions(wanting(down({ attempt: 0, dialAt: T }))) })],
  away: [lease({ work: rest, away: true, sessions: sessions(held('page')) })],
  // The flight in the air may be as old as the freeze: it is asked again.
  back: [lease({ ...fresh('renew'), suspectUntil: T + 10 * second })],
  hidden: [lease({ work: minting(), hiddenAt: T })],
  visible: [lease({ work: minting() })],
  online: [lease({ work: minting() })],
  offline: [lease({ work: minting() })],
  slept: [lease({ ...fresh('renew'), suspectUntil: T + 10 * second })],
  minted: [
    lease({
      bucket: { left: 3, at: T },
      grant: mintedLease,
      endsAt: T - second + 5 * minute,
      sessions: sessions(wanting(up({ stableAt: T }))),
    }),
  ],
  refused: [lost({ ...lostNow, work: refusalWait, trouble: { no: 'key_refused', tries: 0 } })],
  failed: [lease({ work: failureWait, trouble: { no: 'network', tries: 0 } }), renewalFailed],
  forbidden: [lease({ trouble: { no: 'forbidden' } }), renewalFailed],
  rejected: [lost({ ...lostNow, work: minting(), rejected: 1, expired: true })],
  handed: [lease({ work: minting() })],
  dialled: [lease({ work: minting() })],
  opened: [lease({ work: minting() })],
  ready: [lease({ work: minting() })],
  acked: [lease({ work: minting() })],
  denied: [lost({ ...lostNow, work: minting(), rejected: 1, expired: true, sessions: sessions(wanting(down({ attempt: 2, dialAt: T }))) })],
  heard: [lease({ work: minting(), sessions: sessions(wanting(up({ heardAt: T }))) })],
  closed: [lease({ work: minting(), lastId: 11, sessions: redialled })],
  broken: [lease({ sessions: sessions(misconfigured) })],
}

/** Down for a second already, and nothing to dial with. */
const waiting = () => sessions(wanting(down({ dialAt: T - second })))

const ofLostLease: Table = {
  tick: [lost({ work: minting() })],
  attach: [lost({ work: minting(), sessions: { ...waiting(), 7: { traits: linkTraits(), life: idle } } })],
  connect: [lost({ work: minting() })],
  resume: [lost({ work: minting() })],
  pause: [lost({ work: rest, sessions: sessions(held('app')) })],
  close: [lost({ work: rest, sessions: sessions(closed) })],
  detach: [lost({ work: rest, sessions: {} })],
  prefetch: [lost({ work: minting(), prefetch: true })],
  reset: [lost({ ...fresh('connect'), trouble: null, sessions: sessions(wanting(down({ attempt: 0, dialAt: T }))) })],
  away: [lost({ work: rest, away: true, sessions: sessions(held('page')) })],
  back: [lost({ ...fresh('connect', 1) })],
  hidden: [lost({ work: minting(), hiddenAt: T })],
  visible: [lost({ work: minting() })],
  online: [lost({ work: minting() })],
  offline: [lost({ work: minting() })],
  slept: [lost({ ...fresh('connect', 1) })],
  minted: [
    lease({
      bucket: { left: 3, at: T },
      lastId: 11,
      grant: mintedLease,
      endsAt: T - second + 5 * minute,
      sessions: sessions(wanting(opening({ socket: { id: 11, gen: 9 }, deadline: Infinity }))),
    }),
  ],
  refused: [lost({ work: refusalWait, trouble: { no: 'key_refused', tries: 0 } })],
  failed: [lost({ work: { is: 'cooling', until: T + 10 * second, floor: T }, trouble: { no: 'network', tries: 1 } })],
  forbidden: [lost({ work: rest, trouble: { no: 'forbidden' }, sessions: sessions({ is: 'failed', code: 'forbidden' }) })],
  rejected: [lost({ work: minting() })],
  handed: [lost({ work: minting() })],
  dialled: [lost({ work: minting() })],
  opened: [lost({ work: minting() })],
  ready: [lost({ work: minting() })],
  acked: [lost({ work: minting() })],
  denied: [lost({ work: minting() })],
  heard: [lost({ work: minting() })],
  closed: [lost({ work: minting() })],
  broken: [lost({ work: minting() })],
}

const tables: readonly (readonly [string, Core, Table])[] = [
  ['a connected ticket that is being renewed', ticket({ work: minting() }), ofTicket],
  ['a connected lease that is being renewed', lease({ work: minting() }), ofHeldLease],
  ['a lost lease that is being asked for', lost({ work: minting() }), ofLostLease],
]

describe.each(tables)('%s', (_name, before, table) => {
  test.each(eventKinds)('takes %s', (kind) => {
    const [after, effects = []] = table[kind]
    expect(step(before, at(everyEvent[kind]))).toEqual([after, effects])
  })
})

describe('what is not there any more says nothing', () => {
  const late = (kind: Happening['is']): Happening => {
    const event = everyEvent[kind]
    if ('flight' in event) return { ...event, flight: 4 }
    if ('socket' in event) return { ...event, socket: 3 }
    if ('gen' in event) return { ...event, gen: 2 }
    return 'session' in event && event.is !== 'attach' ? { ...event, session: 99 } : event
  }
  const kinds = eventKinds.filter((kind) => late(kind) !== everyEvent[kind])
  const states = [
    ticket({ work: minting() }),
    lease({ work: minting() }),
    lost({ work: minting() }),
    ticket(),
    lease(),
    lost(),
    ticket({ grant: null }),
  ]

  test.each(kinds)('%s of an old id changes nothing', (kind) => {
    for (const before of states) expect(step(before, at(late(kind)))).toEqual(step(before, at({ is: 'tick' })))
  })

  test.each(['minted', 'refused', 'failed', 'forbidden'] as const)('%s changes nothing once the flight has timed out', (kind) => {
    for (const before of states.slice(0, 3)) {
      const late = 9 * second
      expect(step(before, at(everyEvent[kind], late))).toEqual(step(before, at({ is: 'tick' }, late)))
    }
  })
})

describe('a session that is not connecting', () => {
  const lives = { idle, closed, gaveUp: { is: 'failed', code: 'gave_up' } } as const
  const deaf = eventKinds.filter((kind) => !['connect', 'close', 'detach', 'attach', 'prefetch'].includes(kind))

  test.each(Object.entries(lives))('%s stays what it is, whatever happens', (_name, life) => {
    for (const before of [ticket({ sessions: sessions(life) }), lease({ sessions: sessions(life) }), lost({ sessions: sessions(life) })]) {
      for (const kind of deaf) {
        const [after] = step(before, at(everyEvent[kind]))
        expect(after.sessions).toEqual(before.sessions)
        expect(after.work.is).not.toBe('minting')
      }
    }
  })

  test.each(Object.entries(lives))('%s is begun anew by connect() alone', (_name, life) => {
    const before = ticket({ sessions: sessions(life) })
    const dialling = wanting(opening({ socket: { id: 11, gen: 5 }, deadline: Infinity, attempt: 0 }), { been: false })
    expect(step(before, at({ is: 'connect', session: 1 }))).toEqual([ticket({ lastId: 11, sessions: sessions(dialling) }), []])
    expect(step(before, at({ is: 'resume', session: 1 }))).toEqual([before, []])
  })
})

describe('a paused session', () => {
  const by = (who: 'app' | 'page' | 'both') => ticket({ sessions: sessions(held(who)), away: who !== 'app' })
  const dialling = sessions(wanting(opening({ socket: { id: 11, gen: 5 }, deadline: Infinity, attempt: 0 })))
  const connected = ticket({ lastId: 11, sessions: dialling })

  test.each([
    ['app', 'pause', by('app')],
    ['app', 'resume', connected],
    ['app', 'connect', connected],
    ['app', 'away', by('both')],
    ['app', 'back', ticket({ sessions: sessions(held('app')) })],
    ['app', 'visible', ticket({ sessions: sessions(held('app')) })],
    ['page', 'pause', by('both')],
    ['page', 'resume', by('page')],
    ['page', 'connect', by('page')],
    ['page', 'away', by('page')],
    ['page', 'back', connected],
    ['page', 'visible', connected],
    ['both', 'pause', by('both')],
    ['both', 'resume', by('page')],
    ['both', 'connect', by('page')],
    ['both', 'away', by('both')],
    ['both', 'back', ticket({ sessions: sessions(held('app')) })],
    ['both', 'visible', ticket({ sessions: sessions(held('app')) })],
  ] as const)('by %s takes %s', (who, kind, after) => {
    expect(step(by(who), at(everyEvent[kind]))).toEqual([after, []])
  })

  test.each(['app', 'page', 'both'] as const)('by %s is closed by close()', (who) => {
    expect(step(by(who), at(everyEvent.close))).toEqual([ticket({ sessions: sessions(closed) }), []])
  })
})
