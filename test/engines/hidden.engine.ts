/** Hidden for minutes: engines let the timers of such a page run late, Chromium once a minute. A lease of a minute must outlive that. */
import { setTimeout as pass } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { LeaseReport } from './page/leases.ts'
import { full, inEachEngine } from './stage.ts'

const minutes = 4

inEachEngine((stage) => {
  test(`P2 hidden for ${minutes} minutes: leases of a minute live`, { timeout: 600_000 }, async ({ task, skip }) => {
    skip(!full, 'takes minutes of real time: part of the full run')
    const { engine, server, read, until } = stage
    server.life = 60
    await engine.go(`${server.url}/leases.html`)
    await until('Object.values(report()).map(({ story }) => story.at(-1))', ['connected', 'connected', 'connected'])
    await engine.hide()
    await until('visibility()', 'hidden')
    // The one wait of the suite that is for a time: how an engine throttles is counted in real minutes.
    await pass(minutes * 60_000)
    const slowest = await read<number>('slowest()')
    const report = await read<Record<string, LeaseReport>>('report()')
    await engine.show()
    const told = Object.entries(report).map(
      ([name, { stats, late, story }]) =>
        `${name}: ${Math.round(stats.lateMs)} ms late at most, ${late.length} notices, ${stats.mints} mints, ${story.join()}`,
    )
    task.meta.measured = [`a repeating timer of the page came after ${(slowest / 1000).toFixed(1)} s at most`, ...told].join('; ')
    for (const { story, stats } of Object.values(report)) {
      expect(story).toEqual(['connecting', 'connected'])
      // A beat is half the life, less up to 10 %: eight or nine in four minutes, and the first grant.
      expect(stats.mints).toBeGreaterThanOrEqual(2 * minutes)
    }
    // Whether this proves anything: Chromium must have throttled the page.
    expect(engine.name === 'chromium' ? slowest : Infinity).toBeGreaterThan(30_000)
  })
})
