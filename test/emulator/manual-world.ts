import type { World } from '../../src/emulator/provider.ts'

export interface ManualWorld extends World {
  /** Lets `ms` pass: timers run in order at their own time, and whatever they started has settled before the next. */
  pass(ms: number): Promise<void>
  readonly timers: number
}

/** Time that passes only when told to. Starts at a round hour, in epoch ms; chance is a fixed sequence. */
export function manualWorld(start = Date.UTC(2026, 10, 22, 12)): ManualWorld {
  let now = start
  let seed = 1
  const timers = new Set<{ run: () => void; at: number }>()
  const settle = () => new Promise<void>((resolve) => void setImmediate(resolve))
  return {
    now: () => now,
    random: () => (seed = (seed * 16807) % 2147483647) / 2147483647,
    timer(run, ms) {
      const timer = { run, at: now + Math.max(ms, 0) }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async pass(ms) {
      const end = now + ms
      await settle()
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        now = Math.max(now, next.at)
        timers.delete(next)
        next.run()
        await settle()
      }
      now = end
    },
    get timers() {
      return timers.size
    },
  }
}
