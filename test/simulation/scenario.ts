/** What a seed is about: the presets' traits, the sessions, the life of a grant. */
import type { LinkTraits, SourceTraits } from '../../src/core/traits.ts'
import type { Random } from './random.ts'

export interface Scenario {
  readonly source: SourceTraits
  readonly links: readonly LinkTraits[]
  readonly lifetimeMs: number
  readonly connectByMs: number | null
  /** A provider that takes a grant that it is shown says so in this time. */
  readonly ackAtMostMs: number
  /** Share of steps in which somebody does something, instead of time going on. */
  readonly busy: number
  /** `harsh`: verdicts that stop a session, rare elsewhere, are frequent. `lease only`: sessions without sockets that come and go. */
  readonly theme: Theme
  /** After the faults end the page says so. Without it, only a probe finds out: that takes up to its cap. */
  readonly hintsHeal: boolean
  /** After the faults end the application asks again where only it can. */
  readonly appHeals: boolean
}

export type Theme = 'any' | 'harsh' | 'lease only'

const never = Infinity

/** `curious`: what takes a rare moment is frequent, such as a grant that is shown again before the last was taken. */
export function scenario(random: Random, curious = false): Scenario {
  const theme = random.weighted<Theme>({ any: 4, harsh: 4, 'lease only': 3 })
  const leaseOnly = theme === 'lease only'
  const kind = leaseOnly || random.chance(0.5) ? 'lease' : 'ticket'
  const single = !leaseOnly && random.chance(kind === 'ticket' ? (curious ? 0.5 : 0.2) : 0.12)
  const link = !leaseOnly && (kind === 'ticket' || single || random.chance(0.85))
  const lifetimeMs = random.one(
    leaseOnly ? [60_000, 300_000] : theme === 'harsh' ? [5_000, 20_000] : [5_000, 20_000, 60_000, 300_000, 1_800_000],
  )
  const beats = kind === 'lease' && !(single && random.chance(0.7))
  const quick = random.chance(0.5)
  const source: SourceTraits = {
    kind,
    single,
    atDial: single || (kind === 'ticket' && random.chance(0.2)),
    intervalMs: beats ? random.one(curious ? [2_000, 2_000, 10_000] : [2_000, 10_000, 60_000]) : null,
    graceMs: beats ? random.one(leaseOnly ? [30_000, 300_000] : [6_000, 30_000, 300_000]) : Infinity,
    // The default cap, 8 min, is longer than the 130 s in which a healed world must be connected: there, hints heal.
    probe: quick
      ? { firstMs: random.one([2_000, 10_000, 30_000]), capMs: random.one([30_000, 60_000]) }
      : { firstMs: 30_000, capMs: 480_000 },
  }
  // A single-use grant belongs to one session, and a source without sockets too. More of them are a stress, not a promise.
  const count = single
    ? random.chance(0.8) || kind === 'lease'
      ? 1
      : 2
    : random.one(leaseOnly ? [3] : theme === 'harsh' ? [1, 2, 3] : [1, 1, 2, 3])
  const one = (): LinkTraits => ({
    link,
    ready: random.chance(0.6) ? 'frame' : 'open',
    closeCodes: [
      { from: 4401, to: 4409, then: 'reauthorise' },
      { from: 4499, to: 4499, then: 'stop' },
    ],
    liveness: random.chance(0.4) ? { idleMs: random.one([5_000, 30_000]), answerMs: random.one([2_000, 10_000]) } : null,
    shows: kind === 'lease' && !single && random.chance(curious ? 0.8 : 0.3),
    verifies: random.chance(0.2),
    pauseWhenHiddenMs: random.chance(0.4) ? random.one([1_000, 30_000, 300_000]) : never,
    giveUpAfterMs: random.chance(leaseOnly ? 0.8 : 0.3) ? random.one(leaseOnly ? [20_000] : [20_000, 60_000, 600_000]) : never,
  })
  return {
    theme,
    source,
    links: Array.from({ length: count }, one),
    lifetimeMs,
    connectByMs: random.chance(0.25) ? random.one([4_000, 30_000]) : null,
    ackAtMostMs: curious ? 9_000 : 3_000,
    busy: random.between(0.15, 0.5),
    hintsHeal: !quick,
    appHeals: random.chance(0.5),
  }
}
