/** The simulation finds what it is there to find: five bugs, each planted into the core as it would really be written. */
import { describe, expect, test } from 'vitest'
import type { Core, Id } from '../../src/core/state.ts'
import { statusOf } from '../../src/core/status.ts'
import { step } from '../../src/core/step.ts'
import { wants } from '../../src/core/wants.ts'
import { simulate } from './simulate.ts'
import type { CoreFunctions } from './simulate.ts'

interface Planted {
  readonly bug: string
  /** The invariant that must be among the first to notice. */
  readonly found: string
  readonly core: () => CoreFunctions
}

const planted: readonly Planted[] = [
  {
    bug: 'a late answer is accepted: nobody compares the flight',
    found: 'lateResultsChangeNothing',
    core: () => ({
      step: (core, event) => step(core, 'flight' in event && core.work.is === 'minting' ? { ...event, flight: core.work.flight } : event),
      wants,
      statusOf,
    }),
  },
  {
    bug: 'a deadline is lost: a request waits for ever',
    found: 'neverStuck',
    core: () => ({
      step: (core, event) => {
        const [next, effects] = step(core, event)
        return [next.work.is === 'minting' ? { ...next, work: { ...next.work, giveUpAt: Infinity } } : next, effects]
      },
      wants,
      statusOf,
    }),
  },
  {
    bug: 'a deadline is lost: a handshake waits for ever',
    found: 'deadlinesHold',
    core: () => ({
      step: (core, event) => {
        const [next, effects] = step(core, event)
        return [event.is === 'dialled' ? timeless(next, event.socket) : next, effects]
      },
      wants,
      statusOf,
    }),
  },
  {
    bug: 'the bucket is skipped',
    found: 'bucketHolds',
    core: () => ({ step: (core, event) => step({ ...core, bucket: { left: 3, at: event.now } }, event), wants, statusOf }),
  },
  {
    bug: 'a socket is left after pause',
    found: 'noSocketUnlessWanted',
    core: () => {
      let last: ReturnType<typeof wants>['sockets'] = []
      return {
        step,
        wants: (core) => {
          const wanted = wants(core)
          const paused = (session: Id): boolean => {
            const life = core.sessions[session]?.life
            return life?.is === 'held' && life.by === 'app'
          }
          const left = last.filter(({ id, session }) => paused(session) && !wanted.sockets.some((one) => one.id === id))
          last = [...wanted.sockets, ...left]
          return { ...wanted, sockets: last }
        },
        statusOf,
      }
    },
  },
  {
    bug: 'a streak of rejections is reset by a mint',
    found: 'streakOutlivesMints',
    core: () => ({
      step: (core, event) => {
        const [next, effects] = step(core, event)
        return [next.grant !== null && next.grant.gen !== core.grant?.gen ? { ...next, rejected: 0 } : next, effects]
      },
      wants,
      statusOf,
    }),
  },
]

function timeless(core: Core, socket: Id): Core {
  const sessions = Object.entries(core.sessions).map(([id, session]) => {
    const { life } = session
    if (life.is !== 'wanting' || life.link.is !== 'opening' || life.link.socket.id !== socket) return [id, session]
    return [id, { ...session, life: { ...life, link: { ...life.link, deadline: Infinity } } }]
  })
  return { ...core, sessions: Object.fromEntries(sessions) as Core['sessions'] } as Core
}

const seeds = 100

describe('within 100 seeds the simulation finds that', () => {
  test.each(planted)('$bug', ({ found, core }) => {
    const violations: string[] = []
    for (let seed = 1; seed <= seeds && violations.length === 0; seed++) {
      const { violation } = simulate(seed, 200, core())
      if (violation !== null) violations.push(violation)
    }
    expect(violations).toEqual([expect.stringContaining(found)])
  })

  test('the core as it is has none of them', () => {
    for (let seed = 1; seed <= seeds; seed++) expect(simulate(seed, 200, { step, wants, statusOf }).violation).toBeNull()
  })
})
