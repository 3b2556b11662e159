/** One link: every news of its socket in every state, its deadlines, and what a close means. */
import { describe, expect, test } from 'vitest'
import type { Effect, Happening } from '../../src/core/event.ts'
import type { Core, Link, Up } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import type { LinkTraits } from '../../src/core/traits.ts'
import { wants } from '../../src/core/wants.ts'
import {
  after,
  at,
  down,
  everyEvent,
  grant,
  lease,
  leaseGrant,
  linkTraits,
  minting,
  minute,
  no,
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

const socketEvents = ['dialled', 'opened', 'ready', 'acked', 'denied', 'heard', 'closed', 'broken'] as const
type SocketEvent = (typeof socketEvents)[number]

const readyEffect: Effect[] = [{ do: 'ready', session: 1, socket: 8, attempt: 1 }]
const linkOf = (core: Core): Link | string => {
  const life = core.sessions[1]?.life
  return life?.is === 'wanting' ? life.link : (life?.is ?? 'nobody')
}
const at1 = (link: Link, traits: Partial<LinkTraits> = {}, over: Partial<Parameters<typeof ticket>[0]> = {}): Core =>
  ticket({ sessions: sessions(wanting(link), linkTraits(traits)), ...over })
/** Down with its second failed attempt, and as chance is 0, dialled again at once. */
const redialled = opening({ socket: { id: 11, gen: 5 }, deadline: Infinity, attempt: 2 })
/** Down, and its grant rejected: it waits for a fresh one. */
const waiting = down({ attempt: 2, dialAt: T })
const fresh = (readyAt = T): Link => up({ stableAt: readyAt + minute, heardAt: readyAt })

const table: Readonly<Record<string, { readonly link: Link; readonly news: Readonly<Record<SocketEvent, Link | 'failed'>> }>> = {
  'in the dial queue': {
    link: queued(),
    news: {
      dialled: opening({ deadline: T + 10 * second }),
      opened: settling({ deadline: T + 10 * second }),
      ready: queued(),
      acked: queued(),
      denied: waiting,
      heard: queued(),
      closed: redialled,
      broken: 'failed',
    },
  },
  opening: {
    link: opening({ deadline: T + 5 * second }),
    news: {
      dialled: opening({ deadline: T + 10 * second }),
      opened: settling({ deadline: T + 10 * second }),
      ready: opening({ deadline: T + 5 * second }),
      acked: opening({ deadline: T + 5 * second }),
      denied: waiting,
      heard: opening({ deadline: T + 5 * second }),
      closed: redialled,
      broken: 'failed',
    },
  },
  settling: {
    link: settling(),
    news: {
      dialled: settling(),
      opened: settling(),
      ready: fresh(),
      acked: settling(),
      denied: waiting,
      heard: settling(),
      closed: redialled,
      broken: 'failed',
    },
  },
  up: {
    link: up(),
    news: {
      dialled: up(),
      opened: up(),
      ready: up(),
      acked: up(),
      denied: waiting,
      heard: up({ heardAt: T }),
      closed: redialled,
      broken: 'failed',
    },
  },
  down: {
    link: down(),
    news: { dialled: down(), opened: down(), ready: down(), acked: down(), denied: down(), heard: down(), closed: down(), broken: down() },
  },
}

describe.each(Object.entries(table))('%s', (_name, { link, news }) => {
  test.each(socketEvents)('hears %s', (kind) => {
    const [core, effects] = step(at1(link), at(everyEvent[kind]))
    expect(linkOf(core)).toEqual(news[kind])
    expect(effects).toEqual(kind === 'ready' && link.is === 'settling' ? readyEffect : [])
  })
})

test('open is ready where there is no ready frame, but proves nothing yet', () => {
  const [core, effects] = step(at1(opening(), { ready: 'open' }), at(everyEvent.opened))
  expect(linkOf(core)).toEqual(up({ stableAt: T + minute, heardAt: T, proven: false }))
  expect(effects).toEqual(readyEffect)
})

describe('a close', () => {
  const close = (code: number, spreadMs = 0): Happening => ({ is: 'closed', socket: 8, code, spreadMs })

  test.each([1000, 1001, 1005, 1006, 1011, 1012, 3000, 4000, 4400, 4402])('with %d is tried again with the same grant', (code) => {
    const [core] = step(at1(up()), at(close(code)))
    expect(core).toMatchObject({ grant: grant(), rejected: 0, forced: 'no' })
    expect(linkOf(core)).toEqual(redialled)
  })

  test.each([
    ['up', up()],
    ['settling', settling()],
  ])('that reauthorises drops the grant of a link that is %s, and mints', (_name, link) => {
    const [core] = step(at1(link), at(close(4401)))
    expect(core).toMatchObject({ grant: null, rejected: 1, work: { is: 'minting', reason: 'rejected' } })
    expect(linkOf(core)).toEqual(waiting)
  })

  test('that reauthorises a socket with an older grant leaves the newer one alone', () => {
    const [core] = step(at1(up({ socket: { id: 8, gen: 4 } })), at(close(4401)))
    expect(core).toMatchObject({ grant: grant(), rejected: 0 })
    expect(linkOf(core)).toEqual(redialled)
  })

  test.each([
    ['up', up()],
    ['settling', settling()],
  ])('that stops fails a session whose link is %s, and leaves the grant', (_name, link) => {
    const [core] = step(at1(link), at(close(4403)))
    expect(statusOf(core, 1)).toEqual({ name: 'failed', code: 'stopped' })
    expect(core.grant).toEqual(grant())
  })

  test.each([4401, 4403, 1006])('before open says nothing, even with %d: one fresh grant is asked for', (code) => {
    const [core] = step(at1(opening()), at(close(code)))
    expect(core).toMatchObject({ grant: grant(), rejected: 0, forced: T + 8 * minute, work: { is: 'minting' } })
    expect(linkOf(core)).toMatchObject({ is: 'opening', attempt: 2 })
  })

  test('before open is looked into where a REST call can tell', () => {
    const [, effects] = step(at1(opening(), { verifies: true }), at(close(1006)))
    expect(effects).toEqual([{ do: 'verify', session: 1, gen: 5 }])
    expect(step(at1(settling(), { verifies: true }), at(close(1006)))[1]).toEqual([])
    // Of a grant that is gone, or that no dial may use any more, no verdict is of use.
    for (const left of [grant({ gen: 6 }), null, grant({ dialBefore: T }), grant({ spent: true })]) {
      expect(step(at1(opening(), { verifies: true }, { grant: left }), at(close(1006)))[1]).toEqual([])
    }
  })

  test.each([
    ['a first drop after a stable link dials at once', up({ stableAt: T }), close(1006), 0.5, 1, 0],
    ['and after a proven hour too', up({ stableAt: T - minute, attempt: 7 }), close(1001), 0.5, 1, 0],
    ['a goaway spreads it over the window that the server told', up({ stableAt: T }), close(1001, 8_000), 0.5, 1, 4_000],
    ['1012 spreads it, told or not', up({ stableAt: T }), close(1012), 0.5, 1, 2_500],
    ['and a told window is the better one', up({ stableAt: T }), close(1012, 8_000), 0.5, 1, 4_000],
    ['a link that was not stable goes on with its streak', up({ attempt: 1 }), close(1006), 0.5, 2, 1_000],
    ['whatever the server told', up({ attempt: 1 }), close(1001, 8_000), 0.5, 2, 1_000],
    ['up to a window of 30 s', up({ attempt: 9 }), close(1006), 0.5, 10, 15_000],
    ['1012 has the wider window in a streak too', up({ attempt: 1 }), close(1012), 0.5, 2, 5_000],
    ['a first dial that fails waits up to a second', opening({ attempt: 0 }), close(1006), 0.5, 1, 500],
  ] as const)('%s', (_name, link, event, random, attempt, waitMs) => {
    const [core] = step(at1(link), at(event, 0, random))
    const next = waitMs === 0 ? { is: 'opening', attempt } : { is: 'down', attempt, dialAt: T + waitMs }
    expect(linkOf(core)).toMatchObject(next)
  })
})

describe('a deadline', () => {
  const tick = (link: Link, afterMs: number, traits: Partial<LinkTraits> = {}) => step(at1(link, traits), at({ is: 'tick' }, afterMs, 0.5))

  test.each([
    ['a handshake', opening(), 10 * second],
    ['a ready frame', settling(), 10 * second],
  ])('of %s is a failed attempt', (_name, link, deadline) => {
    expect(wants(at1(link)).wakeAt).toBe(T + deadline)
    expect(linkOf(tick(link, deadline - 1)[0])).toEqual(link)
    const [core, effects] = tick(link, deadline)
    expect(linkOf(core)).toEqual(down({ attempt: 2, dialAt: T + deadline + second }))
    expect(core).toMatchObject({ grant: grant(), rejected: 0, forced: link.is === 'opening' ? T + deadline + 8 * minute : 'no' })
    expect(effects).toEqual([])
  })

  test('of a handshake begins with the dial, not in the queue', () => {
    const [core] = tick(queued(), 5 * minute)
    expect(linkOf(core)).toEqual(queued())
    const [dialled] = step(core, at(everyEvent.dialled, 5 * minute))
    expect(wants(dialled).wakeAt).toBe(T + 5 * minute + 10 * second)
  })

  test('of a grant that was shown drops the link, and rejects nothing', () => {
    const showing = up({ showing: { gen: 6, ackBy: T + 4 * second } })
    expect(wants(at1(showing)).wakeAt).toBe(T + 4 * second)
    const [core] = tick(showing, 4 * second)
    expect(linkOf(core)).toEqual(down({ attempt: 2, dialAt: T + 5 * second }))
    expect(core).toMatchObject({ grant: grant(), rejected: 0, forced: 'no' })
  })
})

describe('liveness', () => {
  const traits = { liveness: { idleMs: 30 * second, answerMs: 5 * second } }
  const idle = up({ heardAt: T - 30 * second })
  const probed = up({ heardAt: T - 30 * second, probeBy: T + 5 * second })
  const probe: Effect[] = [{ do: 'probe', session: 1, socket: 8 }]

  test('a silent link is asked for a sign of life', () => {
    expect(wants(at1(up(), traits)).wakeAt).toBe(T - second + 30 * second)
    const [core, effects] = step(at1(idle, traits), at({ is: 'tick' }))
    expect(linkOf(core)).toEqual(probed)
    expect(effects).toEqual(probe)
    expect(wants(core).wakeAt).toBe(T + 5 * second)
  })

  test('without an answer it is dead', () => {
    const [core] = step(at1(probed, traits), at({ is: 'tick' }, 5 * second, 0.5))
    expect(linkOf(core)).toEqual(down({ attempt: 2, dialAt: T + 6 * second }))
  })

  test('a frame is a sign of life, and is heard before the silence is judged', () => {
    for (const link of [idle, probed]) {
      const [core, effects] = step(at1(link, traits), at({ is: 'heard', socket: 8, at: T + 4 * second }, 6 * second))
      expect(linkOf(core)).toEqual(up({ heardAt: T + 4 * second }))
      expect(effects).toEqual([])
    }
  })

  test('what several links heard is one event: none is judged before all are heard', () => {
    const two = (one: Up) => sessions([wanting(one), wanting({ ...one, socket: { id: 9, gen: 5 } })], linkTraits(traits))
    const others = [{ socket: 9, at: T + 3 * second }]
    for (const one of [idle, probed]) {
      const [core, effects] = step(ticket({ sessions: two(one) }), at({ is: 'heard', socket: 8, at: T + 4 * second, others }, 6 * second))
      expect(core.sessions).toEqual(
        sessions(
          [wanting(up({ heardAt: T + 4 * second })), wanting(up({ heardAt: T + 3 * second, socket: { id: 9, gen: 5 } }))],
          linkTraits(traits),
        ),
      )
      expect(effects).toEqual([])
    }
  })

  test('a refusal comes with what the links heard: none is judged before, and it counts although a pause is due', () => {
    const others = [{ socket: 8, at: T + 4 * second }]
    const refusal = at({ ...no('quota', 9, { retryAfterMs: minute }), others }, 6 * second)
    const visible = ticket({ sessions: sessions(wanting(idle), linkTraits(traits)), work: minting() })
    expect(linkOf(after(visible, refusal))).toEqual(up({ heardAt: T + 4 * second }))
    const limited = linkTraits({ ...traits, pauseWhenHiddenMs: second })
    const hidden = ticket({ sessions: sessions(wanting(idle), limited), work: minting(), hiddenAt: T })
    expect(after(hidden, refusal).work).toMatchObject({ is: 'cooling', floor: T + 6 * second + minute })
  })

  test('an old frame is none', () => {
    for (const beforeMs of [40 * second, 30 * second]) {
      const [core] = step(at1(probed, traits), at({ is: 'heard', socket: 8, at: T - beforeMs }, second))
      expect(linkOf(core)).toEqual(probed)
    }
  })

  test('a frame that came long ago earns a new question', () => {
    const [core, effects] = step(at1(probed, traits), at({ is: 'heard', socket: 8, at: T - 29 * second }, 4 * second))
    expect(linkOf(core)).toEqual(up({ heardAt: T - 29 * second, probeBy: T + 9 * second }))
    expect(effects).toEqual(probe)
  })

  test('nothing is heard from the future', () => {
    expect(linkOf(after(at1(up(), traits), at({ is: 'heard', socket: 8, at: T + minute })))).toEqual(up({ heardAt: T }))
  })

  test.each(['online', 'visible', 'back', 'slept'] as const)('%s asks at once, and once', (kind) => {
    const [core, effects] = step(at1(up(), traits), at({ is: kind }))
    expect(effects).toEqual(probe)
    expect(step(core, at({ is: kind }, second))[1]).toEqual([])
    expect(step(at1(up()), at({ is: kind }))[1]).toEqual([])
    expect(step(at1(settling(), traits), at({ is: kind }))[1]).toEqual([])
  })

  test('a link without the trait is never asked, and never wakes anybody for it', () => {
    expect(wants(at1(up({ heardAt: 0 }))).wakeAt).toBe(grant().renewAt)
    expect(step(at1(up({ heardAt: 0 })), at({ is: 'tick' }))[1]).toEqual([])
  })
})

describe('a renewed grant is shown to a live link', () => {
  const shows = linkTraits({ shows: true })
  const minting = { is: 'minting', flight: 9, startedAt: T, giveUpAt: T + 10 * second, reason: 'renew', attempt: 0 } as const
  const renewed = () => step(lease({ work: minting, sessions: sessions(wanting(up()), shows) }), at(everyEvent.minted))

  test('and has 10 s to acknowledge it', () => {
    const [core, effects] = renewed()
    expect(effects).toEqual([{ do: 'show', session: 1, socket: 8, gen: 9 }])
    expect(linkOf(core)).toEqual(up({ stableAt: T, showing: { gen: 9, ackBy: T + 10 * second } }))
  })

  test('acknowledged, the socket is of the new generation', () => {
    expect(linkOf(after(renewed()[0], at(everyEvent.acked)))).toEqual(up({ stableAt: T, socket: { id: 8, gen: 9 } }))
  })

  test('refused, it ends the lease and its socket at once', () => {
    const core = after(renewed()[0], at(everyEvent.denied))
    expect(core).toMatchObject({ grant: null, rejected: 1 })
    expect(wants(core).sockets).toEqual([])
  })

  test('and not to a link that is still on its way', () => {
    const [core, effects] = step(lease({ work: minting, sessions: sessions(wanting(settling()), shows) }), at(everyEvent.minted))
    expect(effects).toEqual([])
    expect(linkOf(core)).toEqual(settling())
  })
})

describe('a socket in the dial queue is taken back', () => {
  const dialledAgain = (gen: number) => opening({ socket: { id: 11, gen }, deadline: Infinity, attempt: 1 })

  test('when its grant was renewed meanwhile', () => {
    expect(linkOf(after(at1(queued(), {}, { grant: grant({ gen: 7 }) }), at({ is: 'tick' })))).toEqual(dialledAgain(7))
  })

  test('when its grant is stale', () => {
    const stale = at1(queued(), {}, { grant: grant({ dialBefore: T + second }) })
    expect(wants(stale).wakeAt).toBe(T + second)
    const late = lease({ grant: leaseGrant({ dialBefore: T + second }), sessions: sessions(wanting(queued())) })
    for (const core of [stale, late])
      expect(linkOf(after(core, at({ is: 'tick' }, second)))).toEqual(down({ attempt: 1, dialAt: T + second }))
  })

  test('when its grant was rejected', () => {
    expect(linkOf(after(at1(queued()), at(everyEvent.rejected)))).toEqual(down({ attempt: 1, dialAt: T }))
  })

  test('when its lease is suspect', () => {
    const core = after(lease({ sessions: sessions(wanting(queued())) }), at(everyEvent.slept))
    expect(linkOf(core)).toEqual(down({ attempt: 1, dialAt: T }))
  })

  test('not when another single-use grant came for another session', () => {
    const traits = ticketTraits({ single: true, atDial: true })
    const other = grant({ gen: 7, spent: true })
    expect(linkOf(after(at1(queued(), {}, { traits, grant: other }), at({ is: 'tick' })))).toEqual(queued())
  })

  test('and never once it is dialled', () => {
    const gone = at1(opening(), {}, { grant: null })
    expect(linkOf(after(gone, at({ is: 'tick' })))).toEqual(opening())
    expect(linkOf(after(lease({ sessions: sessions(wanting(opening())) }), at(everyEvent.slept)))).toEqual(opening())
  })
})

describe('a lease past its connect-by', () => {
  const late = lease({ grant: leaseGrant({ dialBefore: T }), sessions: sessions(wanting(up())) })

  test('goes on with the socket that it has', () => {
    const core = after(late, at({ is: 'tick' }))
    expect(core).toMatchObject({ grant: { spent: true } })
    expect(wants(core)).toMatchObject({ request: null, wakeAt: T + minute })
    expect(statusOf(core, 1)).toEqual({ name: 'connected', renewal: 'ok' })
  })

  test('is renewed at once when that socket drops', () => {
    const core = after(late, at({ ...everyEvent.closed, code: 1006 }, 0, 0.5))
    expect(linkOf(core)).toEqual(down({ attempt: 2, dialAt: T + second }))
    expect(wants(core).wakeAt).toBe(T + second)
    expect(wants(after(core, at({ is: 'tick' }, second))).request).toMatchObject({ reason: 'renew' })
  })
})
