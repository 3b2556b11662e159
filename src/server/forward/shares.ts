import type { RateReport } from './rate-report.ts'

export interface Budget {
  /** Calls in one window. */
  readonly limit: number
  /** Length of a window, in ms. Default 60 000. */
  readonly perMs?: number
}

/** What one user sees of his share. */
export interface ShareView {
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
}

export interface Shares {
  /** Counts a wish; to be called once a request, before `may`. */
  wants(user: string, now: number): void
  may(user: string, now: number): boolean
  /** Returns the call's number, for `ended`. */
  take(user: string): number
  /** A call that was wanted and taken, and never made. */
  giveBack(user: string): void
  /** A call has ended, with what the provider said of the window, if it did. */
  ended(call: number, now: number, report: RateReport | undefined): void
  /** Nobody may before `until`. */
  block(until: number): void
  /** When it is worth asking again. */
  nextAt(now: number): number
  /** Is anything known of the budget? Until then everybody may. */
  known(): boolean
  view(user: string, now: number): ShareView | undefined
}

interface Window {
  limit: number
  left: number
  endsAt: number
  stamp: number
  /** Ended by our clock: what is reported under this stamp is about calls of before. */
  over: boolean
}

/** Users that are counted while nothing is known of the budget. */
const mostUnknown = 10_000

const count = (counts: ReadonlyMap<string, number>, user: string): number => counts.get(user) ?? 0

/**
 * Shares one key's budget between users, by their wishes in this window and the one before (max-min fairness).
 *
 * - A tenth of the window is kept for those who have had less than their share: somebody new always finds something.
 * - A share is what is left of the limit, divided by the users of this window and the last; at least 1.
 * - What a user wanted lately, up to his share, is kept for him while others want more than theirs.
 * - What nobody wants may be had by anybody.
 *
 * Never takes more than the provider has left: what is in flight, or ended in silence, counts as used until a later answer
 * says better.
 */
export function sharedBudget(configured: Budget | undefined): Shares {
  const lengthMs = configured?.perMs ?? 60_000
  let window: Window | undefined
  let pending = 0
  /** Calls that ended without a report that counts, and that no later call has reported on. */
  let silent = 0
  let lastCall = 0
  let coveredBy = 0
  let blockedUntil = -Infinity
  let rollAt = Infinity
  /** The end of this round of shares is our own guess, until an answer tells it. */
  let guessed = true
  let used = new Map<string, number>()
  let wanted = new Map<string, number>()
  let wantedBefore = new Map<string, number>()

  const pass = (now: number): void => {
    if (window === undefined) {
      if (configured !== undefined)
        window = { limit: configured.limit, left: configured.limit, endsAt: now + lengthMs, stamp: 0, over: false }
      rollAt = window?.endsAt ?? Infinity
    }
    if (window === undefined || now < rollAt) return
    wantedBefore = now - rollAt < lengthMs ? wanted : new Map<string, number>()
    used = new Map()
    wanted = new Map()
    if (now >= window.endsAt) {
      window = { ...window, left: window.limit, endsAt: now + lengthMs, over: true }
      silent = 0
    }
    rollAt = window.endsAt
    guessed = true
  }

  const shareOf = (user: string, limit: number): number => {
    const active = new Set([...wantedBefore.keys(), ...wanted.keys(), user]).size
    return Math.max(1, Math.floor((limit - Math.floor(limit / 10)) / active))
  }

  /** Less than there is, never more: what is in flight, and what ended in silence, may have been counted already or not. */
  const available = (left: number): number => left - pending - silent

  /** What must be left for the others. */
  const keptFrom = (user: string, share: number): number => {
    let kept = 0
    for (const other of new Set([...wantedBefore.keys(), ...wanted.keys()])) {
      if (other === user) continue
      const wish = Math.max(count(wantedBefore, other), count(wanted, other))
      kept += Math.max(0, Math.min(share, wish) - count(used, other))
    }
    return kept
  }

  /** How many calls must be left before this user may have one. */
  const needs = (user: string, limit: number): number => {
    const share = shareOf(user, limit)
    const mine = count(used, user)
    if (mine < Math.min(share, count(wantedBefore, user))) return 1
    return keptFrom(user, share) + (mine < share ? 0 : Math.floor(limit / 10)) + 1
  }

  const learn = (report: RateReport, now: number): boolean => {
    const { limit, remaining, resetMs, stamp, slack } = report
    const later = window === undefined || stamp > window.stamp + slack
    if (window !== undefined && !later) {
      if (window.over || stamp < window.stamp - slack) return false
      window.left = Math.min(window.left, remaining)
      return true
    }
    window = { limit, left: remaining, endsAt: now + resetMs, stamp, over: false }
    if (guessed) rollAt = window.endsAt
    guessed = false
    return true
  }

  const nextAt = (now: number): number => (now < blockedUntil ? blockedUntil : (window?.endsAt ?? now))

  return {
    wants(user, now) {
      pass(now)
      if (window !== undefined) wanted.set(user, count(wanted, user) + 1)
    },
    may(user, now) {
      pass(now)
      if (now < blockedUntil) return false
      return window === undefined || available(window.left) >= needs(user, window.limit)
    },
    take(user) {
      pending++
      if (window === undefined && used.size > mostUnknown) used.clear()
      used.set(user, count(used, user) + 1)
      return ++lastCall
    },
    giveBack(user) {
      pending--
      used.set(user, Math.max(0, count(used, user) - 1))
      wanted.set(user, Math.max(0, count(wanted, user) - 1))
    },
    ended(call, now, report) {
      pass(now)
      pending--
      if (report === undefined || !learn(report, now)) {
        if (window !== undefined) silent++
        coveredBy = lastCall
      } else if (call > coveredBy) silent = 0
    },
    block(until) {
      blockedUntil = Math.max(blockedUntil, until)
    },
    nextAt(now) {
      pass(now)
      return nextAt(now)
    },
    known: () => window !== undefined || configured !== undefined,
    view(user, now) {
      pass(now)
      if (window === undefined) return undefined
      const limit = shareOf(user, window.limit)
      const remaining = Math.max(0, Math.min(limit - count(used, user), available(window.left)))
      return { limit, remaining: now < blockedUntil ? 0 : remaining, resetMs: Math.max(0, nextAt(now) - now) }
    },
  }
}
