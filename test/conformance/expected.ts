/** What has to happen, read from a preset's traits and from nothing else. One table; no provider has a row of its own. */
import type { Preset } from '../../src/index.ts'

export interface Kind {
  /** `ticket`: checked at the handshake. `beating`: a lease with a heartbeat. `single`: a lease that lives as long as its one socket. */
  readonly right: 'ticket' | 'beating' | 'single'
  readonly link: boolean
  readonly liveness: boolean
  readonly continuity: 'none' | 'query' | 'cursor' | 'replace'
  readonly signedBy: 'provider' | 'backend'
}

export const kindOf = (preset: Preset<never, never>, signedBy: Kind['signedBy']): Kind => ({
  right: preset.token.kind === 'ticket' ? 'ticket' : preset.token.use === 'single' ? 'single' : 'beating',
  link: preset.url !== undefined,
  liveness: preset.liveness !== undefined,
  continuity: preset.continuity?.kind ?? 'none',
  signedBy,
})

export type Deed = 'renew' | 'expire' | 'rotate' | 'revoke' | 'silence'

/**
 * The status that a deed leads to, and stays at; null: nothing can be seen of it while the socket lives. `dropped`: the
 * status after that, when the socket is lost and what was held is of no use any more.
 */
export interface Outcome {
  readonly status: string
  readonly dropped?: string
}

const failing = (code: string): string => `connected failing ${code}`

export function outcomeOf(deed: Deed, { right, signedBy }: Kind): Outcome {
  const rights: Record<Deed, Record<Kind['right'], Outcome>> = {
    renew: { ticket: { status: 'connected' }, beating: { status: 'connected' }, single: { status: 'connected' } },
    // The backend cannot renew until the grant's life is over.
    expire: {
      ticket: { status: failing('unavailable') },
      beating: { status: 'paused expired unavailable' },
      single: { status: 'paused expired unavailable' },
    },
    rotate: {
      ticket: { status: failing('key_refused'), dropped: 'paused refused key_refused' },
      beating: { status: 'paused refused key_refused' },
      single: { status: 'connected', dropped: 'paused refused key_refused' },
    },
    revoke: {
      ticket: { status: failing('revoked'), dropped: 'paused refused revoked' },
      beating: { status: 'paused refused revoked' },
      single: { status: 'connected', dropped: 'paused refused revoked' },
    },
    // Socket and token endpoint accept everything and answer nothing.
    silence: {
      ticket: { status: failing('timeout') },
      beating: { status: 'paused expired timeout' },
      single: { status: 'connected' },
    },
  }
  // A key that only our own backend signs with is rotated without anybody noticing.
  if (deed === 'rotate' && signedBy === 'backend') return { status: 'connected' }
  return rights[deed][right]
}

/** What the session says when a socket was lost and another one is there. */
export function noticesAfterDrop({ continuity }: Kind): string[] {
  return continuity === 'replace' ? ['session-replaced', 'gap'] : []
}

/** Whether `onReady` is told that the conversation goes on. */
export const resumes = ({ continuity }: Kind): boolean => continuity === 'query' || continuity === 'cursor'
