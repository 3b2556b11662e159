/** What a plan allows; `Infinity` is no limit. */
export interface Plan {
  /** Requests a minute and key. */
  readonly perMinute: number
  /** Requests a day and key. */
  readonly perDay: number
  /** Real messages a month. */
  readonly messagesPerMonth: number
  /** Channels connected at a time. */
  readonly channels: number
}

/** Free and Pro as documented (rate-limits page; messages and channels: FAQ, which says nothing of Pro's). */
export const plans = {
  free: { perMinute: 100, perDay: 10_000, messagesPerMonth: 1000, channels: 2 },
  pro: { perMinute: 1000, perDay: 100_000, messagesPerMonth: Infinity, channels: Infinity },
} as const satisfies Record<string, Plan>

/** A plan by name, or Enterprise with its custom numbers: whatever is left out has no limit. */
export type PlanOption = keyof typeof plans | (Pick<Plan, 'perMinute'> & Partial<Plan>)

/**
 * The plan in an environment. Test keys are "free and unlimited for development": in the sandbox neither the day nor the
 * month counts. The minute does (ours), because its headers are on every response and "responses mirror production".
 */
export function planOf(option: PlanOption, environment: 'live' | 'sandbox'): Plan {
  const plan = typeof option === 'string' ? plans[option] : { perDay: Infinity, messagesPerMonth: Infinity, channels: Infinity, ...option }
  return environment === 'live' ? plan : { ...plan, perDay: Infinity, messagesPerMonth: Infinity }
}

const minute = 60_000
const day = 86_400_000

/**
 * What a key has used. Windows are minutes and days of the clock in UTC (ours; the documented resets are full minutes), and a
 * refused request costs nothing (ours). Times are epoch ms.
 */
export class Usage {
  readonly #plan: Plan
  #minute = { at: 0, used: 0 }
  #day = { at: 0, used: 0 }

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** Takes one request and answers 0; if there is none, answers the seconds until there is. */
  take(now: number): number {
    if (this.#left(now) <= 0) return Math.ceil((this.#resetAt(now) - now) / 1000)
    this.#minute.used++
    this.#day.used++
    return 0
  }

  /** The three headers. When the day is used up, they speak of the day (ours). */
  headers(now: number): Record<string, string> {
    return {
      'x-ratelimit-limit': String(this.#plan.perMinute),
      'x-ratelimit-remaining': String(this.#left(now)),
      'x-ratelimit-reset': String(this.#resetAt(now) / 1000),
    }
  }

  #left(now: number): number {
    if (this.#minute.at !== startOf(now, minute)) this.#minute = { at: startOf(now, minute), used: 0 }
    if (this.#day.at !== startOf(now, day)) this.#day = { at: startOf(now, day), used: 0 }
    return Math.min(this.#plan.perMinute - this.#minute.used, this.#plan.perDay - this.#day.used)
  }

  #resetAt(now: number): number {
    const spent = this.#left(now) <= 0 && this.#day.used >= this.#plan.perDay
    return spent ? startOf(now, day) + day : startOf(now, minute) + minute
  }
}

const startOf = (now: number, length: number): number => now - (now % length)
