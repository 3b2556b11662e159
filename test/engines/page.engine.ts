/** The life of a page: away and back, hidden, without a network, mounted twice. */
import { expect, test } from 'vitest'
import { eventually, inEachEngine } from './stage.ts'

inEachEngine((stage) => {
  test('P1 back and forth 20 times: 21 sockets, each closed in time', async ({ task }) => {
    const { url, faults, closes, mints } = stage.server
    await stage.open()
    for (let times = 1; times <= 20; times++) {
      await stage.engine.go(`${url}/elsewhere.html`)
      await stage.until('location.pathname', '/elsewhere.html')
      // Before the page comes back, or it would be billed meanwhile.
      await eventually(() => faults.open).toBe(0)
      await stage.engine.back()
      await stage.until('page.session.status.name', 'connected')
    }
    await eventually(() => faults.open).toBe(1)
    const cached = await stage.read<number>("page.story.filter((one) => one === 'pageshow true').length")
    // Firefox closes the sockets of a page that it is about to leave. If the page hears of it in time, it dials once more, for as
    // long as it is still there.
    expect(faults.upgrades).toBeLessThanOrEqual(stage.engine.name === 'firefox' ? 41 : 21)
    expect(closes).toHaveLength(faults.upgrades - 1)
    // 1000: the session said farewell. 1001: the engine did, or it destroyed the page. A socket dialled in the last moment is cut.
    const others = closes.filter((code) => code !== 1000 && code !== 1001)
    expect(others.filter((code) => code !== 1006)).toEqual([])
    expect(others.length).toBeLessThanOrEqual(faults.upgrades - 21)
    // A page that is loaded anew has no grant; one out of the cache still has its own.
    expect(mints).toHaveLength(cached > 0 ? 1 : 21)
    expect([0, 20]).toContain(cached)
    task.meta.measured = `${faults.upgrades} sockets, ${cached} returns out of the cache; closed with ${[...new Set(closes)].join()}`
  })

  // Before the freeze: a page that Chromium was told to freeze and to thaw is never hidden again.
  test('P2 hidden and shown again: the same socket', async () => {
    const { engine, server } = stage
    await stage.open()
    await engine.hide()
    await stage.latest('hidden')
    expect(await stage.read('page.exchange(50)')).toBe(true)
    await engine.show()
    await stage.latest('visible')
    expect(await stage.read('page.exchange(50)')).toBe(true)
    expect([server.faults.upgrades, server.mints.length]).toEqual([1, 1])
  })

  test.for(['ticket', 'lease'])('P1 frozen and resumed, with a %s', async (kind, { task, skip }) => {
    const { faults, mints } = stage.server
    const { freeze } = stage.engine
    skip(!freeze, 'no command of its protocol freezes a page')
    await stage.open({ lease: kind === 'lease' })
    const start = Date.now()
    await freeze!(true)
    // The server knows it before the page is thawed.
    await eventually(() => faults.open).toBe(0)
    const told = Date.now() - start
    await freeze!(false)
    await stage.latest('connected')
    await eventually(() => faults.open).toBe(1)
    expect([faults.upgrades, mints.length]).toEqual([2, kind === 'lease' ? 2 : 1])
    expect((await stage.read<string[]>('page.story')).filter((one) => one.startsWith('paused'))).toEqual(['paused hidden'])
    task.meta.measured = `the server knew after ${told} ms`
  })

  test('P3 offline and online', async ({ task, skip, onTestFinished }) => {
    const { engine, server } = stage
    skip(!engine.offline, 'no command of its protocol takes the network away; T6 does it from outside')
    const liveness = { idleMs: 20_000, answerMs: 5000 }
    await stage.open({ pace: 10, liveness })
    onTestFinished(() => engine.offline!(false))
    await engine.offline!(true)
    await stage.until("page.story.includes('offline')", true)
    // Only new connections may be concerned, so the server cuts this one. Whoever cannot hear of that finds it half-open.
    server.faults.drop()
    await stage.latest('reconnecting')
    const { upgrades } = server.faults
    await engine.offline!(false)
    const start = Date.now()
    await stage.latest('connected')
    const took = Date.now() - start
    expect(await stage.read('page.session.status.name')).toBe('connected')
    await eventually(() => server.faults.open).toBe(1)
    task.meta.measured = `${(await stage.read<number[]>('page.codes()'))[0] ?? 'no code'} at once, ${upgrades} handshakes while offline, back in ${took} ms`
  })

  test('P4 mounted twice by StrictMode: one socket', async () => {
    const { url, faults, mints } = stage.server
    await stage.engine.go(`${url}/mounted.html`)
    await stage.until("document.querySelector('output')?.textContent", 'connected')
    expect(await stage.read('effects')).toEqual({ begun: 2, ended: 1 })
    await eventually(() => faults.open).toBe(1)
    expect([faults.upgrades, mints.length]).toEqual([1, 1])
  })
})
