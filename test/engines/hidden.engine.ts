/** Hidden for minutes: engines let the timers of such a page run late, Chromium once a minute. A lease of a minute must outlive that. */
import { setTimeout as pass } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { LeaseReport } from './page/leases.ts'
import { startProxy } from './server.ts'
import { full, inEachEngine } from './stage.ts'

const minutes = 4
const frail = 'a beat, and a link that falls silent'

inEachEngine((stage) => {
  test(
    `P2 hidden for ${minutes} minutes: leases of a minute live, and a half-open link is found`,
    { timeout: 600_000 },
    async ({ task, skip, onTestFinished }) => {
      skip(!full, 'takes minutes of real time: part of the full run')
      const { engine, server, read, until } = stage
      server.life = 60
      const proxy = await startProxy(Number(new URL(server.url).port))
      onTestFinished(() => proxy.close())
      await engine.go(`${server.url}/leases.html?frail=${proxy.port}`)
      await until(
        'Object.values(report()).map(({ story }) => story.at(-1))',
        Array.from({ length: 4 }, () => 'connected'),
      )
      await engine.hide()
      await until('visibility()', 'hidden')
      // The waits of the suite that are for a time: how an engine throttles is counted in real minutes.
      await pass(60_000)
      const since = await read<number>('now()')
      proxy.silence()
      await pass((minutes - 1) * 60_000)
      const slowest = await read<number>('slowest()')
      const report = await read<Record<string, LeaseReport>>('report()')
      await engine.show()
      const silent = report[frail]!
      const found = (silent.times[silent.story.indexOf('reconnecting')] ?? Infinity) - since
      const told = Object.entries(report).map(
        ([name, { stats, late, story }]) =>
          `${name}: ${Math.round(stats.lateMs)} ms late at most, ${late.length} notices, ${stats.mints} mints, ${story.join()}`,
      )
      task.meta.measured = [
        `a repeating timer of the page came after ${(slowest / 1000).toFixed(1)} s at most`,
        `a half-open link was found after ${(found / 1000).toFixed(1)} s of 60 + 10`,
        ...told,
      ].join('; ')
      expect(found).toBeLessThan(130_000)
      for (const [name, { story, stats }] of Object.entries(report)) {
        expect(story).toEqual(['connecting', 'connected', ...(name === frail ? ['reconnecting', 'connected'] : [])])
        // A beat is half the life, less up to 10 %: eight or nine in four minutes, and the first grant.
        expect(stats.mints).toBeGreaterThanOrEqual(2 * minutes)
      }
      // Whether this proves anything: Chromium must have throttled the page.
      expect(engine.name === 'chromium' ? slowest : Infinity).toBeGreaterThan(30_000)
    },
  )
})
