/** Small sources, each with one thing of its own. Waits are short, so that their counters come to an end soon. */
import type { LinkTraits, SourceTraits } from '../../src/core/traits.ts'
import { leaseTraits, linkTraits, ticketTraits } from '../core/states.ts'

export interface Configuration {
  readonly name: string
  readonly source: SourceTraits
  readonly links: readonly LinkTraits[]
  /** How many events from each landmark. */
  readonly depth: number
}

/** What every grant of the explored worlds lives. */
export const lifetimeMs = 20_000

/** None has a longer beat. */
export const beatMs = lifetimeMs / 2

const probe = { firstMs: 20_000, capMs: 40_000 }
/** The longest wait between two tries of anything: a link's is at most 30 s. */
export const backoffAtMostMs = probe.capMs
const closeCodes: LinkTraits['closeCodes'] = [
  { from: 4401, to: 4401, then: 'reauthorise' },
  { from: 4403, to: 4403, then: 'stop' },
]
const link = linkTraits({ closeCodes })
const bare = linkTraits({ link: false, ready: 'open' })
const ticket = ticketTraits({ probe })
const lease = leaseTraits({ probe, intervalMs: beatMs, graceMs: 15_000 })

export const configurations: readonly Configuration[] = [
  { name: 'ticket', source: ticket, links: [link], depth: 4 },
  { name: 'ticket, ready when open, verified', source: ticket, links: [{ ...link, ready: 'open', verifies: true }], depth: 4 },
  { name: 'single-use ticket', source: { ...ticket, single: true, atDial: true }, links: [link], depth: 4 },
  { name: 'short ticket', source: { ...ticket, atDial: true }, links: [link], depth: 4 },
  {
    name: 'ticket, limited',
    source: ticket,
    links: [{ ...link, pauseWhenHiddenMs: 5_000, giveUpAfterMs: 30_000 }],
    depth: 4,
  },
  { name: 'lease', source: lease, links: [{ ...link, ready: 'open' }], depth: 4 },
  {
    name: 'lease, shown and probed',
    source: lease,
    links: [{ ...link, shows: true, liveness: { idleMs: 8_000, answerMs: 4_000 } }],
    depth: 4,
  },
  { name: 'single-use lease', source: { ...lease, single: true, intervalMs: null, graceMs: Infinity }, links: [link], depth: 4 },
  { name: 'lease without a link', source: lease, links: [{ ...bare, giveUpAfterMs: 25_000 }], depth: 4 },
  { name: 'ticket of two sessions', source: ticket, links: [link, { ...link, ready: 'open' }], depth: 3 },
  { name: 'lease of two sessions', source: lease, links: [link, bare], depth: 3 },
]
