/** What is left of many sessions: real sockets over loopback, one after another. */
import { expect, test } from 'vitest'
import { eventually, full, inEachEngine, type Stage } from './stage.ts'

const cycles = full ? 10_000 : 300
const many = cycles.toLocaleString('en')
const timeout = 1_200_000
/** Of a few hundred cycles the heap's own granularity is most of what is seen. */
const bytesAtMost = full ? 100 : 1000

async function warmedUp({ engine, server, read, until }: Stage): Promise<number> {
  const times = cycles / 10
  await engine.go(`${server.url}/cycles.html`)
  await until('typeof globalThis.cycles', 'function')
  // Code is compiled and caches are filled.
  await read(`cycles(${times})`)
  return times
}

inEachEngine((stage) => {
  test(`${many} sessions opened and closed: nothing is left`, { timeout }, async ({ task }) => {
    const { faults, closes } = stage.server
    const before = await warmedUp(stage)
    const start = Date.now()
    await stage.read(`cycles(${cycles})`)
    task.meta.measured = `${((Date.now() - start) / cycles).toFixed(1)} ms a cycle`
    await stage.until('open', { timers: 0, sockets: 0, requests: 0, listeners: 0 })
    await eventually(() => faults.open).toBe(0)
    expect(faults.upgrades).toBe(before + cycles)
    expect(new Set(closes)).toEqual(new Set([1000]))
  })

  test(`${many} sessions opened and closed: no heap grows`, { timeout }, async ({ task, skip }) => {
    const { memory } = stage.engine
    skip(!memory, 'its protocol neither collects garbage nor tells the size of the heap')
    await warmedUp(stage)
    const before = await memory!()
    await stage.read(`cycles(${cycles})`)
    const after = await memory!()
    const bytes = (after.bytes - before.bytes) / cycles
    task.meta.measured = `${bytes.toFixed(0)} bytes a cycle, ${after.listeners - before.listeners} listeners`
    expect(bytes).toBeLessThanOrEqual(bytesAtMost)
    expect(after.listeners).toBeLessThanOrEqual(before.listeners)
  })
})
