/** Every state that a few axes make, times every event: no step throws, and what comes of it is whole. */
import { expect, test } from 'vitest'
import type { Core, Held, Life, Link, Lost, Ticket, Trouble, Work } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import {
  at,
  cooling,
  down,
  eventKinds,
  everyEvent,
  grant,
  held,
  lease,
  leaseGrant,
  leaseTraits,
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

const works: Work[] = [{ is: 'rest' }, minting(), cooling(), cooling(20 * second, 10 * second), cooling(-minute)]
const refusal: Trouble = { no: 'revoked', tries: 3 }
const failure = { no: 'network', tries: 3 } as const
const stop = { no: 'forbidden' } as const
const lives: Life<Link>[] = [
  { is: 'idle' },
  { is: 'closed' },
  { is: 'failed', code: 'gave_up' },
  held('app'),
  held('page'),
  held('both'),
  ...[
    down(),
    down({ dialAt: T - second }),
    queued(),
    opening(),
    settling(),
    up(),
    up({ stableAt: T - second, proven: false }),
    up({ probeBy: T }),
    up({ showing: { gen: 5, ackBy: T + second } }),
    none,
  ].map((link) => wanting(link, { been: link.is === 'up', giveUpAt: link.is === 'down' ? T + minute : Infinity })),
]
const talkative = linkTraits({ liveness: { idleMs: minute, answerMs: second }, verifies: true, shows: true })
const limited = linkTraits({ ready: 'open', pauseWhenHiddenMs: minute, giveUpAfterMs: minute })
const common = [
  {},
  { forced: 'due', rejected: 2 },
  { forced: T + 8 * minute, rejected: 3, overcome: 'revoked' },
  { prefetch: true, hiddenAt: T - 2 * minute },
  { bucket: { left: 0, at: T }, hiddenAt: T - second },
] as const
const isLinkless = (life: Life<Link>): boolean => life.is === 'wanting' && life.link.is === 'none'
const isLinked = (life: Life<Link>): boolean => life.is === 'wanting' && 'socket' in life.link

function* states(): Generator<Core> {
  for (const [row, work] of works.entries()) {
    for (const [column, over] of common.entries()) {
      // Every two axes meet; not every three need to.
      const own = (row + column) % 2 === 0 ? talkative : limited
      for (const life of lives.filter((_life, index) => (row + column + index) % 2 === 0)) {
        const base = { work, ...over, sessions: sessions<Link>([life, wanting(down())], { ...own, link: !isLinkless(life) }) }
        if (!isLinkless(life)) yield* tickets(base)
        yield* leases(base)
        if (!isLinked(life)) yield* lostLeases(base as Partial<Lost>)
      }
    }
  }
}

function* tickets(base: Partial<Ticket>): Generator<Core> {
  for (const trouble of [null, failure, refusal, stop]) {
    for (const held of [null, grant(), grant({ spent: true }), grant({ dialBefore: T })]) yield ticket({ ...base, trouble, grant: held })
    yield ticket({ ...base, trouble, grant: grant({ spent: true }), traits: ticketTraits({ single: true, atDial: true }) })
    yield ticket({ ...base, trouble, traits: ticketTraits({ atDial: true }) })
  }
}

function* leases(base: Partial<Held>): Generator<Core> {
  const single = leaseTraits({ single: true, intervalMs: null, graceMs: Infinity })
  for (const trouble of [null, failure, stop]) {
    for (const suspectUntil of [null, T, T + second, Infinity]) yield lease({ ...base, trouble, suspectUntil })
    yield lease({ ...base, trouble, endsAt: T })
    yield lease({ ...base, trouble, grant: leaseGrant({ dialBefore: T, renewAt: Infinity }) })
    yield lease({ ...base, trouble, traits: single, grant: leaseGrant({ spent: true, renewAt: Infinity }) })
  }
}

function* lostLeases(base: Partial<Lost>): Generator<Core> {
  for (const trouble of [null, failure, refusal, stop]) {
    for (const expired of [true, false]) yield lost({ ...base, trouble, expired })
  }
}

function faultsOf(core: Core): string[] {
  const { wakeAt, sockets, request } = wants(core)
  const found: string[] = []
  if (!(wakeAt > T)) found.push(`wakes at ${wakeAt - T}`)
  if (new Set(sockets.map(({ session }) => session)).size !== sockets.length) found.push('two sockets for one session')
  if (core.kind === 'lease' && core.grant === null && sockets.length > 0) found.push('a socket without a lease')
  if (request !== null && request.flight > core.lastId) found.push('a flight from nowhere')
  if (core.bucket.left < 0 || core.bucket.left > 3) found.push(`a bucket of ${core.bucket.left}`)
  for (const [id, { life, traits: own }] of Object.entries(core.sessions)) {
    const status = statusOf(core, Number(id))
    if ('retryAt' in status && !(status.retryAt! > T)) found.push(`retries at ${status.retryAt! - T}`)
    const connected = life.is === 'wanting' && (own.link ? life.link.is === 'up' : core.kind === 'lease' && core.grant !== null)
    // Session 2 has a link in every state, whatever its traits say here.
    if (own.link && (status.name === 'connected') !== connected) found.push(`${status.name}, though its life is ${life.is}`)
    const pending = wakeAt < Infinity || (life.is === 'wanting' && life.link.is === 'opening' && life.link.deadline === Infinity)
    if (life.is === 'wanting' && status.name !== 'connected' && !pending) found.push('wants, and nothing is pending')
  }
  return found
}

test('every state takes every event', { timeout: 120_000 }, () => {
  const found: unknown[] = []
  let steps = 0
  for (const core of states()) {
    const before = JSON.stringify(core)
    for (const kind of eventKinds) {
      const [next] = step(core, at(everyEvent[kind], 0, steps++ % 2 === 0 ? 0 : 0.9))
      for (const fault of faultsOf(next)) found.push({ fault, kind, before: core, next })
    }
    if (JSON.stringify(core) !== before) found.push({ fault: 'the state that came in was changed', before: JSON.parse(before), core })
  }
  expect(found.slice(0, 3)).toEqual([])
  expect(steps).toBeGreaterThan(200_000)
})
