/** Every status and every reason; and of several true reasons, the first. */
import { describe, expect, test } from 'vitest'
import type { Core, Failure, Life, Link, Refusal } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import type { Status } from '../../src/core/status.ts'
import {
  cooling,
  down,
  grant,
  held,
  lease,
  leaseGrant,
  linkTraits,
  lost,
  minting,
  minute,
  none,
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

const of = (life: Life<Link>, over: Parameters<typeof ticket>[0] = {}): Core => ticket({ sessions: sessions(life), ...over })
const refusal = (no: Refusal['no']): Refusal => ({ no, tries: 0 })
const trouble = (no: Failure['no']): Failure => ({ no, tries: 0 })
const first = { been: false } as const
const linkless = (life: Life<Link>): Record<string, unknown> => ({ sessions: sessions(life, linkTraits({ link: false })) })
const retryAt = T + 20 * second
const waits = { work: cooling(), grant: null }

const rows: readonly (readonly [string, Core, Status])[] = [
  ['nobody is idle', of({ is: 'idle' }, { sessions: {} }), { name: 'idle' }],
  ['idle', of({ is: 'idle' }), { name: 'idle' }],
  ['closed', of({ is: 'closed' }), { name: 'closed' }],
  ['failed: forbidden', of({ is: 'failed', code: 'forbidden' }), { name: 'failed', code: 'forbidden' }],
  ['failed: stopped', of({ is: 'failed', code: 'stopped' }), { name: 'failed', code: 'stopped' }],
  ['failed: bad configuration', of({ is: 'failed', code: 'bad_configuration' }), { name: 'failed', code: 'bad_configuration' }],
  ['failed: gave up', of({ is: 'failed', code: 'gave_up' }), { name: 'failed', code: 'gave_up' }],

  ['paused by the application', of(held('app')), { name: 'paused', reason: 'asked' }],
  ['paused by the page', of(held('page')), { name: 'paused', reason: 'hidden' }],
  ['paused by both: asked comes first', of(held('both')), { name: 'paused', reason: 'asked' }],
  [
    'paused by us shows, whatever else is true',
    of(held('page'), { ...waits, trouble: refusal('revoked') }),
    { name: 'paused', reason: 'hidden' },
  ],

  ['up', of(wanting(up())), { name: 'connected', renewal: 'ok' }],
  ['up without any grant left', of(wanting(up()), { grant: null, work: minting() }), { name: 'connected', renewal: 'ok' }],
  [
    'up, and renewal fails',
    of(wanting(up()), { ...waits, trouble: trouble('network') }),
    { name: 'connected', renewal: 'failing', code: 'network', retryAt },
  ],
  [
    'up, renewal failed, and no dial needs another grant: nothing is asked for',
    ticket({
      traits: ticketTraits({ atDial: true }),
      trouble: trouble('network'),
      sessions: sessions<Link>([wanting(up()), wanting(down())]),
    }),
    { name: 'connected', renewal: 'failing', code: 'network' },
  ],
  [
    'up, and renewal is refused',
    of(wanting(up()), { ...waits, trouble: refusal('revoked') }),
    { name: 'connected', renewal: 'failing', code: 'revoked', retryAt },
  ],
  [
    'up, and renewal is being tried',
    of(wanting(up()), { grant: null, work: minting(), trouble: trouble('timeout') }),
    { name: 'connected', renewal: 'failing', code: 'timeout' },
  ],
  [
    'up, and renewal is forbidden',
    of(wanting(up()), { grant: null, trouble: { no: 'forbidden' } }),
    { name: 'connected', renewal: 'failing', code: 'forbidden' },
  ],
  ['up shows nothing of what was overcome', of(wanting(up()), { overcome: 'revoked' }), { name: 'connected', renewal: 'ok' }],

  ['without a link, a held lease', lease(linkless(wanting(none))), { name: 'connected', renewal: 'ok' }],
  ['without a link, a suspect lease', lease({ ...linkless(wanting(none)), suspectUntil: Infinity }), { name: 'connected', renewal: 'ok' }],
  [
    'without a link, a lease whose beat fails',
    lease({ ...linkless(wanting(none)), work: cooling(), trouble: trouble('unavailable'), grant: leaseGrant({ renewAt: T }) }),
    { name: 'connected', renewal: 'failing', code: 'unavailable', retryAt },
  ],
  [
    'without a link and a lease, at first',
    lost({ ...linkless(wanting(none, first)), trouble: null, work: minting() }),
    { name: 'connecting' },
  ],
  [
    'without a link and a lease, never reconnecting',
    lost({ ...linkless(wanting(none)), trouble: null, work: minting() }),
    { name: 'connecting' },
  ],
  ['without a link, while a wait cools', lost(linkless(wanting(none))), { name: 'connecting', code: 'network', retryAt }],
  [
    'without a link, refused',
    lost({ ...linkless(wanting(none)), trouble: refusal('quota') }),
    { name: 'paused', reason: 'refused', code: 'quota', retryAt },
  ],
  [
    'without a link, expired',
    lost({ ...linkless(wanting(none)), expired: true }),
    { name: 'paused', reason: 'expired', code: 'network', retryAt },
  ],

  ['in the dial queue', of(wanting(queued(), first)), { name: 'connecting' }],
  ['opening', of(wanting(opening(), first)), { name: 'connecting' }],
  ['settling', of(wanting(settling(), first)), { name: 'connecting' }],
  ['opening again', of(wanting(opening())), { name: 'reconnecting' }],
  ['settling again', of(wanting(settling())), { name: 'reconnecting' }],
  ['waiting for a dial', of(wanting(down())), { name: 'reconnecting', retryAt: T + 4 * second }],
  ['waiting for a dial that a mint must precede', of(wanting(down()), { ...waits }), { name: 'reconnecting', retryAt }],
  [
    'waiting for a dial for which the grant will be too old',
    of(wanting(down()), { grant: grant({ dialBefore: T + second, renewAt: T + 3 * second }) }),
    { name: 'reconnecting', retryAt: T + 3 * second },
  ],
  [
    'waiting for a dial at which the grant is just too old',
    of(wanting(down()), { grant: grant({ dialBefore: T + 4 * second, renewAt: T + 3 * second }) }),
    { name: 'reconnecting', retryAt: T + 3 * second },
  ],
  [
    'waiting for a dial for which a new grant is minted then',
    of(wanting(down()), { traits: ticketTraits({ atDial: true }), grant: grant({ dialBefore: T + second }) }),
    { name: 'reconnecting', retryAt: T + 4 * second },
  ],
  [
    'and so it is if the old one lasts until that very moment',
    of(wanting(down()), { traits: ticketTraits({ atDial: true }), grant: grant({ dialBefore: T + 4 * second }) }),
    { name: 'reconnecting', retryAt: T + 4 * second },
  ],
  ['waiting for a mint in the air', of(wanting(down(), first), { grant: null, work: minting() }), { name: 'connecting' }],
  ['waiting with a spent grant', of(wanting(down()), { grant: grant({ spent: true }), work: minting() }), { name: 'reconnecting' }],
  [
    'a suspect lease that must not dial',
    lease({ sessions: sessions(wanting(down())), suspectUntil: Infinity, work: cooling() }),
    { name: 'reconnecting', retryAt },
  ],

  // For a ticket, and for a lease never held, trouble is no pause.
  [
    'no network for a ticket',
    of(wanting(down(), first), { ...waits, trouble: trouble('network') }),
    { name: 'connecting', code: 'network', retryAt },
  ],
  [
    'no network for a ticket that was up',
    of(wanting(down()), { ...waits, trouble: trouble('network') }),
    { name: 'reconnecting', code: 'network', retryAt },
  ],
  [
    'no network for a lease never held',
    lost({ sessions: sessions(wanting(down(), first)) }),
    { name: 'connecting', code: 'network', retryAt },
  ],
  [
    'a renewal that fails while dialling',
    of(wanting(opening()), { work: cooling(), trouble: trouble('timeout') }),
    { name: 'reconnecting', code: 'timeout' },
  ],
  ...(['network', 'timeout', 'unavailable', 'malformed'] as const).map(
    (code) =>
      [
        `an expired lease: ${code}`,
        lost({ expired: true, trouble: trouble(code) }),
        { name: 'paused', reason: 'expired', code, retryAt },
      ] as const,
  ),
  [
    'an expired lease that is being asked for',
    lost({ expired: true, work: minting() }),
    { name: 'paused', reason: 'expired', code: 'network' },
  ],

  ...(['login_required', 'key_refused', 'revoked', 'rejected', 'quota'] as const).flatMap((code): [string, Core, Status][] => [
    [
      `a refused ticket: ${code}`,
      of(wanting(down()), { ...waits, trouble: refusal(code) }),
      { name: 'paused', reason: 'refused', code, retryAt },
    ],
    [`a refused lease: ${code}`, lost({ trouble: refusal(code) }), { name: 'paused', reason: 'refused', code, retryAt }],
    [`overcome, until ready: ${code}`, of(wanting(settling()), { overcome: code }), { name: 'paused', reason: 'refused', code }],
  ]),
  [
    'refused comes before expired',
    lost({ expired: true, trouble: refusal('revoked') }),
    { name: 'paused', reason: 'refused', code: 'revoked', retryAt },
  ],
  [
    'a probe in the air has no time to show',
    of(wanting(down()), { grant: null, work: minting(), trouble: refusal('revoked') }),
    { name: 'paused', reason: 'refused', code: 'revoked' },
  ],
  [
    'what is left of a ticket is used up first',
    of(wanting(down()), { work: cooling(), trouble: refusal('revoked') }),
    { name: 'reconnecting', code: 'revoked', retryAt: T + 4 * second },
  ],
  [
    'and while it is dialled with',
    of(wanting(opening()), { ...waits, trouble: refusal('revoked') }),
    { name: 'reconnecting', code: 'revoked' },
  ],
  ['and while it settles', of(wanting(settling()), { ...waits, trouble: refusal('revoked') }), { name: 'reconnecting', code: 'revoked' }],
  [
    'a spent ticket is used up',
    of(wanting(down()), {
      work: cooling(),
      grant: grant({ spent: true }),
      traits: ticketTraits({ single: true, atDial: true }),
      trouble: refusal('quota'),
    }),
    { name: 'paused', reason: 'refused', code: 'quota', retryAt },
  ],
  [
    'overcome, while its dial waits',
    of(wanting(down()), { overcome: 'quota' }),
    { name: 'paused', reason: 'refused', code: 'quota', retryAt: T + 4 * second },
  ],
  [
    'a newer refusal comes before one that is overcome',
    of(wanting(down()), { ...waits, overcome: 'quota', trouble: refusal('revoked') }),
    { name: 'paused', reason: 'refused', code: 'revoked', retryAt },
  ],
  [
    'one that is overcome comes before new trouble',
    of(wanting(settling()), { work: cooling(), overcome: 'quota', trouble: trouble('network') }),
    { name: 'paused', reason: 'refused', code: 'quota' },
  ],
  [
    'forbidden, while what is left of a ticket is dialled with',
    of(wanting(opening()), { trouble: { no: 'forbidden' } }),
    { name: 'reconnecting' },
  ],
]

test.each(rows)('%s', (_name, core, status) => {
  expect(statusOf(core, 1)).toEqual(status)
})

test('a retry is shown no sooner than the bucket lets it be', () => {
  const core = of(wanting(down()), { grant: null, bucket: { left: 0, at: T }, beatMs: minute })
  expect(statusOf(core, 1)).toEqual({ name: 'reconnecting', retryAt: T + 5 * second })
})

describe('sessions that share a source', () => {
  const core = ticket({
    ...waits,
    trouble: refusal('revoked'),
    sessions: sessions<Link>([
      wanting(up()),
      wanting(down()),
      wanting(settling({ socket: { id: 9, gen: 5 } }), first),
      held('app'),
      { is: 'idle' },
    ]),
  })

  test.each([
    [1, { name: 'connected', renewal: 'failing', code: 'revoked', retryAt }],
    [2, { name: 'paused', reason: 'refused', code: 'revoked', retryAt }],
    [3, { name: 'connecting', code: 'revoked' }],
    [4, { name: 'paused', reason: 'asked' }],
    [5, { name: 'idle' }],
    [6, { name: 'idle' }],
  ])('%d shows its own', (session, status) => {
    expect(statusOf(core, session)).toEqual(status)
  })

  test('one whose dial is due when their short ticket is too old shows when the next will be asked for', () => {
    const traits = ticketTraits({ atDial: true })
    const lives: Life<Link>[] = [wanting(down({ dialAt: T + 3 * second })), wanting(down({ dialAt: T + 9 * second }))]
    const shared = ticket({ traits, grant: grant({ dialBefore: T + 5 * second }), sessions: sessions(lives) })
    expect(statusOf(shared, 1)).toEqual({ name: 'reconnecting', retryAt: T + 3 * second })
    expect(statusOf(shared, 2)).toEqual({ name: 'reconnecting', retryAt: T + 9 * second })
  })
})
