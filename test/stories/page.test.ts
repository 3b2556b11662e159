import { describe, expect, it } from 'vitest'
import { definePreset } from '../../src/index.ts'
import type { Host } from '../../src/index.ts'
import { acceptsEverybody, answersTokens, failsWith, isSilent, nothing, providerUrl, refuses, story, storyOf } from './backends.ts'
import type { Story } from './backends.ts'

const beat = { kind: 'lease', heartbeat: { intervalMs: 60_000, graceMs: 300_000 } } as const
const leaseOnly = definePreset({
  name: 'lease only',
  docs: '',
  token: { kind: 'lease', lifetimeMs: 300_000 },
  heartbeat: { intervalMs: 60_000, graceMs: 300_000 },
})

describe('a page that is put away', () => {
  it('closes its socket at once and comes back with one', async () => {
    const it = await story().connected()
    it.world.page('away')
    expect([it.now, it.world.census.openSockets]).toEqual(['paused(hidden)', 0])
    await it.advance(600_000)
    it.world.page('back')
    it.world.page('visible')
    await it.advance(1000)
    expect([it.now, it.provider.upgrades.length, it.provider.most]).toEqual(['connected', 2, 1])
    expect(it.provider.closed).toEqual([1000])
  })

  it('stays paused where the application paused it', async () => {
    const it = await story().connected()
    it.session.pause()
    it.world.page('away')
    it.world.page('back')
    await it.advance(60_000)
    expect(it.now).toBe('paused(asked)')
    it.session.resume()
    await it.world.settle()
    expect(it.now).toBe('connected')
  })

  it('waits for its return when it is resumed meanwhile', async () => {
    const it = await story().connected()
    it.session.pause()
    it.world.page('away')
    it.session.resume()
    expect(it.now).toBe('paused(hidden)')
    it.world.page('back')
    await it.world.settle()
    expect(it.now).toBe('connected')
  })

  it('is heard of exactly while a session lives', async () => {
    const it = story()
    expect(it.world.census.pageListeners).toBe(0)
    await it.connected()
    expect(it.world.census.pageListeners).toBe(1)
    await it.leftovers()
    expect(it.world.census.pageListeners).toBe(0)
    it.world.page('away')
    await it.connected()
  })

  it('twenty times costs twenty sockets and few mints', async () => {
    const it = await story().connected()
    for (let i = 0; i < 20; i++) {
      it.world.page('away')
      await it.advance(100)
      it.world.page('back')
      await it.advance(100)
    }
    expect([it.now, it.world.census.sockets, it.backend.mints, it.world.census.openSockets]).toEqual(['connected', 21, 1, 1])
  })
})

describe('a hidden page', () => {
  it('changes nothing by default', async () => {
    const it = await story().connected()
    it.world.page('hidden')
    await it.advance(3_600_000)
    expect(it.path).toEqual(['connecting', 'connected'])
  })

  it('is paused after pauseWhenHiddenMs, and comes back when it is seen', async () => {
    const it = await story({}, { pauseWhenHiddenMs: 60_000 }).connected()
    it.world.page('hidden')
    await it.advance(59_000)
    it.world.page('visible')
    it.world.page('hidden')
    await it.advance(59_000)
    expect(it.now).toBe('connected')
    await it.advance(1001)
    expect([it.now, it.world.census.openSockets]).toEqual(['paused(hidden)', 0])
    it.world.page('visible')
    await it.world.settle()
    expect(it.now).toBe('connected')
  })
})

describe('hints', () => {
  it('online and visible bring a retry forward; offline decides nothing', async () => {
    for (const hint of ['online', 'visible'] as const) {
      const it = story({ tokens: failsWith(500) })
      void it.session.connect()
      await it.advance(300_000)
      it.backend.now(answersTokens())
      it.world.page('offline')
      it.world.page(hint)
      await it.advance(5000)
      expect(it.now).toBe('connected')
    }
    const it = await story().connected()
    it.world.page('offline')
    await it.advance(60_000)
    expect(it.now).toBe('connected')
  })

  it('never get below the bucket or a Retry-After, however many there are', async () => {
    const it = story({ tokens: refuses('quota', { retryAfter: 300 }) })
    void it.session.connect()
    for (let i = 0; i < 290; i++) {
      it.world.page('online')
      it.session.resume()
      void it.session.connect()
      await it.advance(1000)
    }
    expect(it.backend.mints).toBe(1)
    const other = story({ tokens: failsWith(500) })
    void other.session.connect()
    for (let i = 0; i < 100; i++) {
      other.world.page('online')
      await other.advance(1000)
    }
    expect(other.backend.mints).toBeLessThanOrEqual(3 + 100 / 5 + 1)
  })
})

describe('a device that sleeps', () => {
  it('checks its lease at once on waking and holds what is sent until then', async () => {
    const it = await story({}, beat).connected()
    await it.world.sleep(120_000)
    const mints = it.backend.mints
    it.backend.now(isSilent())
    expect(it.session.send({ n: 1 })).toBe('queued')
    await it.world.settle()
    expect([it.now, it.backend.mints, it.provider.heard]).toEqual(['connected', mints + 1, []])
    it.backend.now(answersTokens())
    await it.advance(9000)
    expect(it.provider.heard).toEqual([])
    await it.advance(60_000)
    expect([it.now, it.provider.heard]).toEqual(['connected', [{ n: 1 }]])
  })

  it('sends what was held as soon as the lease is confirmed, on the same socket', async () => {
    const it = await story({}, beat).connected()
    await it.world.sleep(120_000)
    it.session.send({ n: 1 })
    await it.world.settle()
    expect([it.provider.heard, it.provider.upgrades.length]).toEqual([[{ n: 1 }], 1])
  })

  it('drops the socket of a lease that nobody confirms within 10 s, and dials only after a good mint', async () => {
    const it = await story({}, beat).connected()
    it.backend.now(isSilent())
    await it.world.sleep(120_000)
    it.world.page('back')
    await it.advance(10_001)
    expect(it.world.census.openSockets).toBe(0)
    await it.advance(60_000)
    expect(it.provider.upgrades.length).toBe(1)
    it.backend.now(answersTokens())
    await it.advance(60_000)
    expect([it.now, it.provider.upgrades.length]).toEqual(['connected', 2])
  })

  it('tells of a late timer only when the sleep is known: what a listener then sends waits', async () => {
    let late = 0
    const host = (given: Host): Host => ({ ...given, timer: (run, ms) => given.timer(run, ms + late) })
    const it = await story({ host }, { ...beat, liveness: { idleMs: 300_000, probe: () => ({}) } }).connected()
    late = 5000
    await it.advance(60_000)
    const sent: string[] = []
    it.session.on('notice', ({ name }) => name === 'late' && sent.push(it.session.send({ n: 1 })))
    it.backend.now(isSilent())
    it.provider.say({ still: 'here' })
    await it.world.sleep(120_000)
    await it.advance(65_000)
    expect(sent[0]).toBe('queued')
  })

  /** A lease that nobody renews, on a page whose timers come a minute late from its 100th second on. */
  async function withLateTimers(): Promise<Story> {
    let late = 0
    const host = (given: Host): Host => ({ ...given, timer: (run, ms) => given.timer(run, ms + late) })
    const it = await story({ host }, beat).connected()
    it.backend.now(isSilent())
    await it.advance(100_000)
    late = 60_000
    return it
  }

  it('sends nothing on a lease that is over, and whose timer is late, and hands out no token of it', async () => {
    const it = await withLateTimers()
    await it.advance(199_000)
    expect([it.now, it.session.send({ n: 1 })]).toEqual(['connected(failing, timeout)', 'sent'])
    await it.advance(2000)
    expect([it.now, it.session.send({ n: 2 })]).toEqual(['connected(failing, timeout)', 'queued'])
    await expect(it.session.accessToken()).rejects.toMatchObject({ code: 'timeout' })
    expect(it.now).toBe('paused(expired, timeout)')
  })

  it('tells no frame of a lease whose end it notices with that frame', async () => {
    const it = await withLateTimers()
    await it.advance(201_000)
    it.world.skewWall(60_000)
    it.provider.say({ m: 1 })
    await it.world.settle()
    expect([it.now, it.messages]).toEqual(['paused(expired, timeout)', []])
  })

  it('keeps to the Retry-After of an answer that came over the sleep', async () => {
    let answer = (_response: Response): void => {}
    let asked = 0
    const fetch = (): Promise<Response> => (asked++, new Promise((resolve) => (answer = resolve)))
    const it = story({ host: (host) => ({ ...host, fetch }) }, beat)
    void it.session.connect()
    await it.world.settle()
    it.world.skewWall(60_000)
    answer(new Response('{}', { status: 503, headers: { 'retry-after': '30' } }))
    await it.advance(29_900)
    expect(asked).toBe(1)
    await it.advance(6000)
    expect(asked).toBe(2)
  })

  it('notices it with an answer that nobody waits for any more, too', async () => {
    let answer: ((response: Response) => void) | undefined
    let hangs = false
    const hung = (): Promise<Response> => new Promise((resolve) => (answer = resolve))
    const host = (given: Host): Host => ({ ...given, fetch: (url, init) => (hangs ? hung() : given.fetch(url, init)) })
    const it = await story({ host }, beat).connected()
    hangs = true
    await it.advance(70_500)
    hangs = false
    it.world.skewWall(60_000)
    const mints = it.backend.mints
    answer?.(new Response('{}', { status: 503 }))
    await it.world.settle()
    expect(it.backend.mints).toBe(mints + 1)
  })

  it('notices it with the first frame, too', async () => {
    const it = await story({}, beat).connected()
    const mints = it.backend.mints
    await it.world.sleep(30_000)
    it.provider.say({ type: 'still here' })
    await it.world.settle()
    expect(it.backend.mints).toBe(mints + 1)
  })

  it('has nothing to fear for a ticket', async () => {
    const it = await story().connected()
    await it.world.sleep(250_000)
    expect(it.session.send({ n: 1 })).toBe('sent')
    await it.world.settle()
    expect([it.now, it.backend.mints]).toEqual(['connected', 1])
  })

  it('may have a clock that is ten years off, and set while it runs', async () => {
    for (const years of [-10, 10]) {
      const it = story({}, beat)
      it.world.skewWall(years * 365 * 86_400_000)
      await it.connected()
      await it.advance(3_600_000)
      expect(it.path).toEqual(['connecting', 'connected'])
      expect(it.backend.mints).toBeLessThanOrEqual(68)
    }
    const it = await story().connected()
    for (let i = 0; i < 10; i++) {
      it.world.skewWall((i % 2 ? 1 : -1) * i * 86_400_000)
      await it.advance(10_000)
    }
    expect([it.path, it.backend.mints]).toEqual([['connecting', 'connected'], 1])
  })
})

describe('a wall clock', () => {
  it('that is set back costs a lease nothing, nor does one that drifts by 5 s', async () => {
    const it = await story({}, beat).connected()
    const mints = it.backend.mints
    for (const skew of [5000, 0, -60_000, -86_400_000]) {
      it.world.skewWall(skew)
      expect(it.session.send({ skew })).toBe('sent')
      await it.advance(1000)
    }
    expect([it.path, it.backend.mints]).toEqual([['connecting', 'connected'], mints])
    it.world.skewWall(-86_400_000 + 5001)
    expect(it.session.send({})).toBe('queued')
  })
})

describe('a throttled page', () => {
  it('is told how late its timer was', async () => {
    let late = 0
    const it = story({ host: (host) => ({ ...host, timer: (run, ms) => host.timer(run, ms + late) }) }, beat)
    await it.connected()
    late = 45_000
    await it.advance(300_000)
    const notices = it.notices.filter(({ name }) => name === 'late') as { byMs: number }[]
    expect(notices.length).toBeGreaterThan(0)
    expect(Math.max(...notices.map(({ byMs }) => byMs))).toBeCloseTo(45_000, -2)
    expect(it.now).toBe('connected')
  })
})

describe('a lease', () => {
  it('keeps its socket over a long life, beat by beat', async () => {
    const it = await story({}, beat).connected()
    await it.advance(3_600_000)
    expect([it.now, it.provider.upgrades.length]).toEqual(['connected', 1])
    expect(it.backend.mints).toBeGreaterThanOrEqual(60)
    expect(it.backend.mints).toBeLessThanOrEqual(68)
  })

  it('ends at once when they say no, and comes back by itself when they say yes', async () => {
    for (const [error, code] of [
      ['key_refused', 'key_refused'],
      ['revoked', 'revoked'],
      ['login_required', 'login_required'],
    ] as const) {
      const it = await story({}, beat).connected()
      it.backend.now(refuses(error))
      await it.advance(60_001)
      expect([it.now, it.world.census.openSockets]).toEqual([`paused(refused, ${code})`, 0])
      it.backend.now(answersTokens())
      await it.advance(30_000)
      expect(it.now).toBe('connected')
    }
  })

  it('outlives an outage by its grace, and then waits without a socket', async () => {
    const it = await story({}, beat).connected()
    it.backend.now(failsWith(503))
    await it.advance(295_000)
    expect(it.now).toBe('connected(failing, unavailable)')
    await it.advance(65_000)
    expect([it.now, it.world.census.openSockets]).toEqual(['paused(expired, unavailable)', 0])
    it.backend.now(answersTokens())
    await it.advance(60_000)
    expect([it.now, it.path.slice(-2)]).toEqual(['connected', ['reconnecting', 'connected']])
  })

  it('shows a renewed grant on the live link, where the provider wants to see it', async () => {
    type In = { type: string }
    const preset = definePreset<In, unknown>({
      name: 'shows',
      docs: '',
      url: () => providerUrl,
      token: { kind: 'lease' },
      heartbeat: { intervalMs: 60_000, show: (token) => ({ renewed: token }) },
      control: ({ type }) => (type === 'ack' ? { is: 'ack' } : undefined),
    })
    const it = await storyOf(preset).connected()
    await it.advance(60_001)
    expect(it.provider.heard).toEqual([{ renewed: it.backend.tokens[1] }])
    it.provider.say({ type: 'ack' })
    await it.advance(30_000)
    expect(it.provider.upgrades.length).toBe(1)
    await it.advance(60_000)
    expect(it.provider.upgrades.length, 'no ack: a new socket').toBe(2)
  })

  it('without a socket is connected exactly while it is held', async () => {
    const it = storyOf(leaseOnly)
    await it.connected()
    await it.advance(600_000)
    expect([it.now, it.world.census.sockets]).toEqual(['connected', 0])
    it.backend.now(refuses('key_refused'))
    await it.until('paused(refused, key_refused)', 60_250)
    it.backend.now(answersTokens())
    await it.until('connected', 30_250)
    expect(it.path).toEqual(['connecting', 'connected', 'paused(refused, key_refused)', 'connected'])
    expect(await it.leftovers()).toEqual(nothing)
  })

  it('is used for one thing at a time: a paused session neither beats nor keeps a timer', async () => {
    const it = await storyOf(leaseOnly).connected()
    it.session.pause()
    await it.advance(3_600_000)
    expect([it.backend.mints, it.world.census.timers]).toEqual([1, 0])
    it.session.resume()
    await it.world.settle()
    expect([it.now, it.backend.mints]).toEqual(['connected', 2])
  })
})

describe('giveUpAfterMs', () => {
  it('fails a session that is not connected for that long, and connect() starts anew', async () => {
    const it = story({ tokens: failsWith(500) }, { giveUpAfterMs: 60_000 })
    expect(await it.outcome(it.session.connect(), 60_001)).toBe('gave_up')
    expect(await Promise.resolve(it.world.census)).toMatchObject(nothing)
    it.backend.now(answersTokens())
    expect(await it.outcome(it.session.connect(), 60_000)).toBe('done')
    await it.advance(3_600_000)
    it.provider.now(() => new Response(null, { status: 503 }))
    it.provider.drop()
    await it.advance(59_000)
    expect(it.now).toBe('reconnecting')
    await it.advance(2000)
    expect(it.now).toBe('failed(gave_up)')
  })

  it('does not count while paused', async () => {
    const it: Story = story({ tokens: failsWith(500) }, { giveUpAfterMs: 60_000 })
    void it.session.connect()
    it.session.pause()
    await it.advance(600_000)
    expect(it.now).toBe('paused(asked)')
    it.provider.now(acceptsEverybody())
  })
})
