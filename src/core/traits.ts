import type { Ms } from './state.ts'

/** What the core must know of a preset. Data: no names, no functions. */
export interface SourceTraits {
  readonly kind: 'ticket' | 'lease'
  /** A grant serves one dial only. */
  readonly single: boolean
  /** Single-use or short: minted when a dial is due, never kept fresh in the background. */
  readonly atDial: boolean
  /** The preset's beat; null: half the lifetime for a ticket, no beat for a lease. */
  readonly intervalMs: Ms | null
  /** How long a lease outlives its last good mint. */
  readonly graceMs: Ms
  readonly probe: { readonly firstMs: Ms; readonly capMs: Ms }
}

export interface LinkTraits {
  /** False: no socket; connected while the lease is held. */
  readonly link: boolean
  readonly ready: 'open' | 'frame'
  readonly closeCodes: readonly CodeRange[]
  readonly liveness: { readonly idleMs: Ms; readonly answerMs: Ms } | null
  /** A live link wants to see a renewed grant in a frame. */
  readonly shows: boolean
  /** A REST call can tell a refused grant from a broken network. */
  readonly verifies: boolean
  /** Infinity: never. */
  readonly pauseWhenHiddenMs: Ms
  /** Infinity: never. */
  readonly giveUpAfterMs: Ms
}

export interface CodeRange {
  readonly from: number
  readonly to: number
  readonly then: 'stop' | 'reauthorise' | 'retry'
}
