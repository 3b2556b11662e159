/** How late this process runs: a busy machine widens every bound in time, and is no violation. */
export interface Lag {
  /** The worst lateness of the last 30 s, in ms. */
  readonly recentMs: number
  readonly worstMs: number
  stop(): void
}

const everyMs = 100
const rememberMs = 30_000

export function watchLag(): Lag {
  const late: { readonly at: number; readonly ms: number }[] = []
  let worst = 0
  let due = performance.now() + everyMs
  const timer = setInterval(() => {
    const now = performance.now()
    const ms = Math.max(0, now - due)
    due = now + everyMs
    worst = Math.max(worst, ms)
    while (late[0] && now - late[0].at > rememberMs) late.shift()
    if (ms > 20) late.push({ at: now, ms })
  }, everyMs)
  return {
    get recentMs() {
      // Where nothing ran until just now, the timer has not told of it yet.
      return Math.max(performance.now() - due, 0, ...late.map(({ ms }) => ms))
    },
    get worstMs() {
      return worst
    },
    stop: () => clearInterval(timer),
  }
}
