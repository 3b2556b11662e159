/**
 * The way to the server goes wrong in each of its ways. Deadlines are scaled by a host whose time runs faster, not waited for, but
 * for one of each figure that is given in seconds.
 */
import { expect, test } from 'vitest'
import { startProxy } from './server.ts'
import { eventually, inEachEngine } from './stage.ts'

/** One real second is ten of the session's. */
const pace = 10
/** How much later than its deadline a thing may happen, by the session's clock: a busy machine wakes a page up to a second late. */
const slackMs = 1000 * pace

inEachEngine((stage) => {
  test('T1 handshake 401: one forced mint, then backoff', async ({ task }) => {
    const { faults, mints } = stage.server
    faults.refuseUpgrades(401)
    await stage.open({ pace }, 'connecting')
    await eventually(() => faults.upgrades).toBeGreaterThanOrEqual(4)
    expect(await stage.read('page.session.status.name')).toBe('connecting')
    expect(mints).toHaveLength(2)
    faults.heal()
    await stage.latest('connected')
    expect(mints).toHaveLength(2)

    // The same for a session that was connected.
    const before = faults.upgrades
    faults.refuseUpgrades(401)
    faults.drop()
    await eventually(() => faults.upgrades).toBeGreaterThanOrEqual(before + 3)
    expect(await stage.read('page.session.status.name')).toBe('reconnecting')
    faults.heal()
    await stage.latest('connected')
    expect(mints).toHaveLength(3)
    expect(new Set(await stage.read<string[]>('page.story'))).toEqual(new Set(['connecting', 'connected', 'reconnecting']))
    task.meta.measured = `${faults.upgrades} handshakes, ${mints.length} mints, codes ${[...new Set(await stage.read<number[]>('page.codes()'))].join()}`
  })

  test('T2 handshake never answered: given up after 10 s', async ({ task }) => {
    const { faults } = stage.server
    faults.hangUpgrades(true)
    await stage.open({ pace }, 'connecting')
    await eventually(() => stage.read<number>('page.held.length')).toBeGreaterThanOrEqual(2)
    const held = await stage.read<number[]>('page.held')
    for (const ms of held) {
      expect(ms).toBeGreaterThanOrEqual(10_000)
      expect(ms).toBeLessThan(10_000 + slackMs)
    }
    faults.heal()
    await stage.latest('connected')
    // What was given up is over, on both ends.
    await eventually(() => faults.open).toBe(1)
    await stage.until('page.open.sockets', 1)
    task.meta.measured = `given up after ${held.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ')}`
  })

  test('T2 handshake never answered, in real time', async ({ task }) => {
    const { faults } = stage.server
    faults.hangUpgrades(true)
    await stage.open({}, 'connecting')
    await eventually(() => stage.read<number>('page.held.length')).toBe(1)
    const [ms] = await stage.read<[number]>('page.held')
    expect(ms).toBeGreaterThanOrEqual(10_000)
    // A busy machine wakes a page a little late.
    expect(ms).toBeLessThan(11_500)
    faults.heal()
    await stage.latest('connected')
    task.meta.measured = `given up after ${(ms / 1000).toFixed(2)} s`
  })

  test.each([
    ['retry', [1000, 1001, 1005, 1006, 1011, 1012, 1013, 3001, 4000, 4402, 4999], 0],
    ['reauthorise', [1008, 3000, 4401], 1],
  ])('T3 close codes that ask to %s', async (_then, codes, mintsEach) => {
    const { faults, mints } = stage.server
    await stage.open({ pace })
    for (const [times, code] of codes.entries()) {
      // 1006 is what a connection that was cut looks like.
      faults.drop(code === 1006 ? undefined : code)
      await eventually(() => faults.upgrades).toBe(times + 2)
      await stage.until('page.story.filter((one) => one === "connected").length', times + 2)
      expect(mints, `after ${code}`).toHaveLength(1 + (times + 1) * mintsEach)
    }
    // WebKitGTK tells a page nothing of the codes that came after RFC 6455.
    const untold = stage.engine.name === 'webkit' ? [1012, 1013] : []
    expect(await stage.read('page.codes()')).toEqual(codes.map((code) => (untold.includes(code) ? 1006 : code)))
    expect(faults.open).toBe(1)
  })

  test.each([3003, 4403])('T3 close code %i, which stops', async (code) => {
    const { faults, mints } = stage.server
    await stage.open({ pace })
    faults.drop(code)
    await stage.latest('failed')
    await stage.until('page.open', { timers: 0, sockets: 0, requests: 0, listeners: 0 })
    expect([faults.upgrades, mints.length]).toEqual([1, 1])
  })

  test('T6 half-open behind a proxy: found by liveness', async ({ task, onTestFinished }) => {
    const proxy = await startProxy(Number(new URL(stage.server.url).port))
    onTestFinished(() => proxy.close())
    const liveness = { idleMs: 30_000, answerMs: 30_000 }
    await stage.open({ pace, port: proxy.port, liveness })
    const since = await stage.read<number>('page.now()')
    proxy.silence()
    await stage.until("page.story.includes('reconnecting')", true)
    await stage.latest('connected')
    const found = (await stage.read<number>("page.times[page.story.indexOf('reconnecting')]")) - since
    expect(found).toBeLessThan(liveness.idleMs + liveness.answerMs + slackMs)
    // A link that is silent because nobody has anything to say answers its probes, and stays.
    await eventually(() => stage.read<number>("page.messages.filter(({ is }) => is === 'probe').length")).toBeGreaterThanOrEqual(3)
    expect(stage.server.faults.upgrades).toBe(2)
    // No close was told for the first socket: the engine still waits for it.
    expect(await stage.read('page.codes()')).toEqual([])
    task.meta.measured = `found after ${(found / 1000).toFixed(1)} s: 30 s of silence, 30 s for the answer`
  })

  test('T7 close() that the peer never answers: settles in 2 s', async ({ task }) => {
    const { faults } = stage.server
    const close = '(async (start) => (await page.session.close(), performance.now() - start))(performance.now())'
    await stage.open()
    const answered = await stage.read<number>(close)
    await eventually(() => faults.open).toBe(0)
    await stage.open()
    faults.silence(true)
    const unanswered = await stage.read<number>(close)
    expect(answered).toBeLessThan(1900)
    expect(unanswered).toBeGreaterThan(1900)
    expect(unanswered).toBeLessThan(3000)
    // The engine still has the socket; the session has nothing.
    expect(await stage.read('[page.session.status.name, page.open.timers]')).toEqual(['closed', 0])
    faults.heal()
    await stage.until('page.open.sockets', 0)
    task.meta.measured = `${Math.round(answered)} ms answered, ${Math.round(unanswered)} ms unanswered`
  })

  test('T14 a redirected handshake: what the engine does with it', async ({ task }) => {
    const { moved } = stage.server
    // A session that waits for the server's own word is never connected to another place.
    await stage.open({ pace, path: '/moved', ready: true }, 'connecting')
    await eventually(() => stage.read<number>('page.held.length + page.codes().length')).toBeGreaterThanOrEqual(2)
    expect(await stage.read('page.session.status.name')).toBe('connecting')
    const follows = moved.arrived > 0
    // Without a ready frame, whoever opens is taken for the server: the engine does not say that it went elsewhere.
    await stage.open({ pace, path: '/moved' }, follows ? 'connected' : 'connecting')
    task.meta.measured = follows ? 'follows it' : 'refuses it (1006)'
  })
})
