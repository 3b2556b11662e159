/** Every answer of the token endpoint, on every kind of grant, while minting, at rest and while a wait cools. */
import { describe, expect, test } from 'vitest'
import type { Happening } from '../../src/core/event.ts'
import type { Core, Trouble, Work } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import type { Status } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import {
  at,
  cooling,
  down,
  failure,
  good,
  grant,
  lease,
  leaseGrant,
  leaseTraits,
  linkTraits,
  lost,
  minting,
  minute,
  no,
  second,
  sessions,
  T,
  ticket,
  ticketTraits,
  wanting,
} from './states.ts'

const answers: readonly (readonly [string, Happening])[] = [
  ['a grant', good()],
  ['the same grant again', { ...good(), same: true }],
  ['a grant that is over on arrival', good(9, 500)],
  ['login_required', no('login_required')],
  ['key_refused', no('key_refused')],
  ['revoked', no('revoked')],
  ['rejected', no('rejected')],
  ['429 or 409', no('quota')],
  ['402', no('quota', 9, { hard: true })],
  ['429 with Retry-After', no('quota', 9, { retryAfterMs: 90_000 })],
  ['503', failure('unavailable')],
  ['503 with Retry-After', failure('unavailable', 9, 90_000)],
  ['no network', failure('network')],
  ['HTML', failure('malformed')],
  ['a timeout', failure('timeout')],
  ['forbidden', { is: 'forbidden', flight: 9 }],
]

describe.each([
  ['at rest', { is: 'rest' }],
  ['cooling', cooling()],
  ['minting another flight', minting(10)],
] as const)('%s', (_name, work) => {
  for (const [name, core] of [
    ['a ticket', ticket({ work })],
    ['a lease', lease({ work })],
    ['a lost lease', lost({ work })],
  ] as const) {
    test.each(answers)(`${name} ignores %s`, (_answer, event) => {
      expect(step(core, at(event))).toEqual(step(core, at({ is: 'tick' })))
    })
  }
})

interface Expected {
  readonly trouble: Trouble | null
  /** How long the source waits, and how much of it is the server's. */
  readonly waitMs: number | null
  readonly floorMs?: number
  readonly status: Status
  /** Who holds a grant afterwards, and which. */
  readonly gen: number | null
}

const failing = (code: Extract<Status, { renewal: 'failing' }>['code'], ms?: number): Status => ({
  name: 'connected',
  renewal: 'failing',
  code,
  ...(ms !== undefined && { retryAt: T + ms }),
})
const connected: Status = { name: 'connected', renewal: 'ok' }
type Refused = Extract<Status, { reason: 'refused' }>['code']
const refused = (code: Refused, ms: number): Status => ({ name: 'paused', reason: 'refused', code, retryAt: T + ms })
const again = (code: 'network' | 'timeout' | 'unavailable' | 'malformed', ms: number): Status => ({
  name: 'reconnecting',
  code,
  retryAt: T + ms,
})
const tries = 0

/** A renewal, under a living grant: a ticket keeps its link whatever comes. */
const underTicket: Record<string, Expected> = {
  'a grant': { trouble: null, waitMs: null, status: connected, gen: 9 },
  'the same grant again': { trouble: { no: 'malformed', tries }, waitMs: 5_000, status: failing('malformed', 5_000), gen: 5 },
  'a grant that is over on arrival': { trouble: { no: 'timeout', tries }, waitMs: 5_000, status: failing('timeout', 5_000), gen: 5 },
  login_required: { trouble: { no: 'login_required', tries }, waitMs: 30_000, status: failing('login_required', 30_000), gen: 5 },
  key_refused: { trouble: { no: 'key_refused', tries }, waitMs: 30_000, status: failing('key_refused', 30_000), gen: 5 },
  revoked: { trouble: { no: 'revoked', tries }, waitMs: 30_000, status: failing('revoked', 30_000), gen: 5 },
  rejected: { trouble: { no: 'rejected', tries }, waitMs: 30_000, status: failing('rejected', 30_000), gen: 5 },
  '429 or 409': { trouble: { no: 'unavailable', tries }, waitMs: 5_000, status: failing('unavailable', 5_000), gen: 5 },
  '402': { trouble: { no: 'unavailable', tries }, waitMs: 5_000, status: failing('unavailable', 5_000), gen: 5 },
  '429 with Retry-After': {
    trouble: { no: 'unavailable', tries },
    waitMs: 90_000,
    floorMs: 90_000,
    status: failing('unavailable', 90_000),
    gen: 5,
  },
  '503': { trouble: { no: 'unavailable', tries }, waitMs: 5_000, status: failing('unavailable', 5_000), gen: 5 },
  '503 with Retry-After': {
    trouble: { no: 'unavailable', tries },
    waitMs: 90_000,
    floorMs: 90_000,
    status: failing('unavailable', 90_000),
    gen: 5,
  },
  'no network': { trouble: { no: 'network', tries }, waitMs: 5_000, status: failing('network', 5_000), gen: 5 },
  HTML: { trouble: { no: 'malformed', tries }, waitMs: 5_000, status: failing('malformed', 5_000), gen: 5 },
  'a timeout': { trouble: { no: 'timeout', tries }, waitMs: 5_000, status: failing('timeout', 5_000), gen: 5 },
  forbidden: { trouble: { no: 'forbidden' }, waitMs: null, status: failing('forbidden'), gen: 5 },
}

/** A lease ends at once on a refusal and on 402; nothing else disturbs it while it lives. */
const underLease: Record<string, Expected> = {
  ...underTicket,
  login_required: { trouble: { no: 'login_required', tries }, waitMs: 30_000, status: refused('login_required', 30_000), gen: null },
  key_refused: { trouble: { no: 'key_refused', tries }, waitMs: 30_000, status: refused('key_refused', 30_000), gen: null },
  revoked: { trouble: { no: 'revoked', tries }, waitMs: 30_000, status: refused('revoked', 30_000), gen: null },
  rejected: { trouble: { no: 'rejected', tries }, waitMs: 30_000, status: refused('rejected', 30_000), gen: null },
  '402': { trouble: { no: 'quota', tries }, waitMs: 30_000, status: refused('quota', 30_000), gen: null },
}

/** With nothing in hand: a refusal pauses, trouble shows as reconnecting, and only "never" fails. */
const underNothing: Record<string, Expected> = {
  ...underLease,
  'a grant': { trouble: null, waitMs: null, status: { name: 'reconnecting' }, gen: 9 },
  'the same grant again': { trouble: { no: 'malformed', tries }, waitMs: 5_000, status: again('malformed', 5_000), gen: null },
  'a grant that is over on arrival': { trouble: { no: 'timeout', tries }, waitMs: 5_000, status: again('timeout', 5_000), gen: null },
  '429 or 409': { trouble: { no: 'quota', tries }, waitMs: 30_000, status: refused('quota', 30_000), gen: null },
  '429 with Retry-After': { trouble: { no: 'quota', tries }, waitMs: 90_000, floorMs: 90_000, status: refused('quota', 90_000), gen: null },
  '503': { trouble: { no: 'unavailable', tries }, waitMs: 5_000, status: again('unavailable', 5_000), gen: null },
  '503 with Retry-After': {
    trouble: { no: 'unavailable', tries },
    waitMs: 90_000,
    floorMs: 90_000,
    status: again('unavailable', 90_000),
    gen: null,
  },
  'no network': { trouble: { no: 'network', tries }, waitMs: 5_000, status: again('network', 5_000), gen: null },
  HTML: { trouble: { no: 'malformed', tries }, waitMs: 5_000, status: again('malformed', 5_000), gen: null },
  'a timeout': { trouble: { no: 'timeout', tries }, waitMs: 5_000, status: again('timeout', 5_000), gen: null },
  forbidden: { trouble: { no: 'forbidden' }, waitMs: null, status: { name: 'failed', code: 'forbidden' }, gen: null },
}

const wait = ({ waitMs, floorMs = 0 }: Expected): Work =>
  waitMs === null ? { is: 'rest' } : { is: 'cooling', until: T + waitMs, floor: T + floorMs }
const waiting = sessions(wanting(down({ dialAt: T - second })))

describe.each([
  ['under a ticket', ticket({ work: minting(), grant: grant({ renewAt: T - second }) }), underTicket],
  ['under a lease', lease({ work: minting(), grant: leaseGrant({ renewAt: T - second }) }), underLease],
  ['without a ticket', ticket({ work: minting(), grant: null, sessions: waiting }), underNothing],
  ['without a lease', lost({ work: minting(), trouble: null }), underNothing],
] as const)('%s', (_name, core, table) => {
  test.each(answers)('comes %s', (name, event) => {
    const expected = table[name] as Expected
    const [after, effects] = step(core, at(event))
    expect(after.trouble).toEqual(expected.trouble)
    expect(after.work).toEqual(wait(expected))
    expect(after.grant?.gen ?? null).toBe(expected.gen)
    expect(statusOf(after, 1)).toEqual(expected.status)
    const told = expected.status.name === 'connected' && expected.status.renewal === 'failing'
    expect(effects).toEqual(told ? [{ do: 'renewal-failed', session: 1 }] : [])
  })
})

describe('in a row', () => {
  const refusal = (tried: number): Trouble => ({ no: 'key_refused', tries: tried })
  const trouble = (tried: number): Trouble => ({ no: 'network', tries: tried })
  const asking = (before: Trouble | null): Core => lost({ work: minting(), trouble: before })

  test.each([
    ['failures count on, by whatever name', trouble(1), failure('unavailable'), { no: 'unavailable', tries: 2 }, 20 * second],
    ['refusals count on, and the newest shows', refusal(1), no('revoked'), { no: 'revoked', tries: 2 }, 2 * minute],
    ['a refusal outlasts failures, and they probe on', refusal(1), failure('network'), { no: 'key_refused', tries: 2 }, 2 * minute],
    ['a refusal after failures is the first of its kind', trouble(4), no('key_refused'), { no: 'key_refused', tries: 0 }, 30 * second],
  ] as const)('%s', (_name, before, event, after, waitMs) => {
    const [next] = step(asking(before), at(event))
    expect(next.trouble).toEqual(after)
    expect(next.work).toEqual({ is: 'cooling', until: T + waitMs, floor: T })
  })

  test('nothing follows a stop: it asks for nothing, whatever was in the air', () => {
    const stopped = ticket({ trouble: { no: 'forbidden' }, grant: null })
    expect(wants(stopped)).toMatchObject({ request: null, wakeAt: Infinity })
  })

  test('a good mint takes everything back', () => {
    for (const before of [refusal(5), trouble(5)]) expect(step(asking(before), at(good()))[0].trouble).toBeNull()
  })
})

test('an answer that comes in the very moment in which its grant ends brings none', () => {
  const asking = ticket({ work: minting(), grant: null, sessions: waiting })
  expect(step(asking, at(good(9, 4 * second), 2 * second))[0]).toMatchObject({ grant: null, trouble: { no: 'timeout' } })
  expect(step(asking, at(good(9, 4 * second + 4), 2 * second))[0]).toMatchObject({ grant: { gen: 9 }, trouble: null })
  const lapsed = lost({ work: minting(), trouble: null })
  expect(step(lapsed, at(good(9, 2 * second), second))[0]).toMatchObject({ grant: null, trouble: { no: 'timeout' } })
  expect(step(lapsed, at(good(9, 2 * second + 1), second))[0]).toMatchObject({ grant: { gen: 9 }, trouble: null })
})

test('grace is for leases: a ticket knows none', () => {
  const asking = ticket({ work: minting(), grant: null, traits: ticketTraits({ graceMs: second }), sessions: waiting })
  expect(step(asking, at(good()))[0]).toMatchObject({ grant: { gen: 9, renewAt: T + 899 * second }, trouble: null })
})

describe('a lease', () => {
  test.each([
    ['by its life, from the start of the request', leaseTraits(), minute, T - second + minute],
    ['by its grace, if that is shorter', leaseTraits(), 60 * minute, T - second + 5 * minute],
    ['never, if neither ends', leaseTraits({ graceMs: Infinity }), Infinity, Infinity],
  ])('ends %s', (_name, traits, lifetimeMs, endsAt) => {
    const [after] = step(lost({ work: minting(), traits }), at(good(9, lifetimeMs)))
    expect(after).toMatchObject({ kind: 'lease', endsAt })
  })

  test('whose answer comes after its connect-by is no grant to a session that must dial, and a beat to one that need not', () => {
    const late = { ...good(), connectByMs: 1_000 }
    expect(step(lost({ work: minting(), trouble: null }), at(late))[0]).toMatchObject({ grant: null, trouble: { no: 'timeout' } })
    expect(step(lease({ work: minting() }), at(late))[0]).toMatchObject({ grant: { gen: 9 }, trouble: null })
    const linkless = lost({
      work: minting(),
      trouble: null,
      sessions: sessions(wanting({ is: 'none' as const }), linkTraits({ link: false })),
    })
    expect(step(linkless, at(late))[0]).toMatchObject({ grant: { gen: 9 }, trouble: null })
  })
})
