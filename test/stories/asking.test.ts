/** A source at work: wishes that end, requests that are out, answers that come late, and its one timer. */
import { describe, expect, it } from 'vitest'
import { createTokenSource, definePreset, SessionError, statsOf } from '../../src/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'
import {
  acceptsEverybody,
  answersTokens,
  Backend,
  type Behaviour,
  FakeProvider,
  failsWith,
  hostOf,
  isSilent,
  providerUrl,
  refuses,
  type Service,
  story,
  Story,
} from './backends.ts'

const ticket = definePreset({ name: 'ticket', docs: '', url: () => providerUrl, token: { kind: 'ticket' } })
const lease = definePreset({
  name: 'lease',
  docs: '',
  url: () => providerUrl,
  token: { kind: 'lease' },
  heartbeat: { intervalMs: 60_000 },
  release: true,
})

/** Sessions of one source. */
function shared(behaviour: Behaviour = answersTokens(), presets = [ticket, ticket]) {
  const world = createTestWorld()
  const backend = new Backend(behaviour)
  const serves = new FakeProvider(acceptsEverybody())
  const source = createTokenSource('/token', { host: hostOf(world, backend), preset: presets[0]! })
  const [a, b] = presets.map((preset) => new Story({ world, backend, serves }, (common) => ({ ...common, preset, tokenSource: source })))
  return { world, backend, source, a: a!, b: b! }
}

describe('a wish for a token', () => {
  it('ends with who had it: nothing is asked for any more', async () => {
    const { world, backend, source, a } = shared()
    await source.prefetch()
    source.reset()
    backend.now(isSilent())
    const given = a.session.accessToken()
    await world.settle()
    void a.session.close()
    expect(await a.outcome(given)).toBe('closed')
    expect([backend.mints, backend.asks[1]!.signal!.aborted, world.census.timers]).toEqual([2, true, 0])
    await a.advance(60_000)
    expect([backend.mints, world.census.timers]).toEqual([2, 0])
  })

  it('is not ended by another that ends before it', async () => {
    const { world, backend, a, b } = shared(isSilent())
    const [first, second] = [a.session.accessToken(), b.session.accessToken()]
    first.catch(() => {})
    await world.settle()
    void a.session.close()
    expect([backend.mints, backend.asks[0]!.signal!.aborted]).toEqual([1, false])
    void b.session.close()
    expect(await b.outcome(second)).toBe('closed')
    expect([backend.asks[0]!.signal!.aborted, world.census.timers]).toEqual([true, 0])
  })
})

describe('a request that is out', () => {
  it('is not disturbed by what happens meanwhile', async () => {
    const { world, backend, a, b } = shared(isSilent())
    void a.session.connect()
    await world.settle()
    void b.session.connect()
    world.page('online')
    b.session.pause()
    a.session.resume()
    await world.settle()
    expect([backend.mints, backend.asks[0]!.signal!.aborted]).toEqual([1, false])
  })

  it('is taken back with a reason that an application can read', async () => {
    const it = story({ asks: 'callback', tokens: isSilent() })
    void it.session.connect()
    await it.world.settle()
    it.session.pause()
    expect(it.backend.asks[0]!.signal!.reason).toEqual(new SessionError('aborted', 'this token request is no longer needed'))
  })

  it('is as long as it took, whenever it began', async () => {
    const it = story()
    await it.advance(10_000)
    await it.connected()
    expect(statsOf(it.session).roundTripMs).toBe(0)
  })
})

describe('an answer', () => {
  it('that brings a ticket whose time is over is none in time', async () => {
    const it = new Story({ tokens: answersTokens({ expiresIn: 4 }) }, ({ host, tokenSource }) => ({
      url: providerUrl,
      tokenSource,
      host: { ...host, fetch: (url, init) => new Promise((resolve) => host.timer(() => resolve(host.fetch(url, init)), 3500)) },
    }))
    void it.session.connect()
    await it.advance(3500)
    expect([it.now, it.world.census.sockets]).toEqual(['connecting(timeout)', 0])
  })

  it('with the token that came last is no grant, and its handle is not echoed', async () => {
    let handle = 'first'
    const it = await story({ tokens: (ask, backend) => answersTokens({ handle, token: () => 'same-00001' })(ask, backend) }).connected()
    handle = 'second'
    await it.advance(300_000)
    expect(it.now).toBe('connected(failing, malformed)')
    expect(it.backend.asks.slice(1).map((ask) => ask.handle)).toEqual(it.backend.asks.slice(1).map(() => 'first'))
  })

  it('leaves the token of a handshake that is under way in its place', async () => {
    const slowly: Service = (upgrade, provider) =>
      new Promise((resolve) => it.world.world.timer(() => resolve(acceptsEverybody()(upgrade, provider) as never), 7000))
    const it: Story = story(
      { provider: slowly },
      { kind: 'lease', heartbeat: { intervalMs: 5000 }, placement: { in: 'first-frame', frame: (token) => ({ auth: token }) } },
    )
    void it.session.connect()
    await it.advance(7000)
    await it.world.settle()
    expect([it.now, it.backend.mints, it.provider.heard]).toEqual(['connected', 2, [{ auth: it.backend.tokens[0] }]])
  })
})

describe('release', () => {
  const one = (tokens: Behaviour): Story => new Story({ tokens }, (common) => ({ ...common, preset: lease }))

  it('says nothing where there is no handle', async () => {
    const it = await one(answersTokens()).connected()
    expect(await it.outcome(it.session.close())).toBe('done')
    expect(it.backend.released).toEqual([])
  })

  it('takes no verdict back: who closes a refused session and connects again is still refused', async () => {
    const it = await one(answersTokens({ handle: 'tx-1' })).connected()
    it.backend.now(refuses('key_refused'))
    await it.until('paused(refused, key_refused)', 60_250)
    expect(await it.outcome(it.session.close())).toBe('done')
    void it.session.connect()
    await it.advance(5000)
    expect(it.backend.asks.at(-1)).toMatchObject({ reason: 'probe', attempt: 1, handle: undefined })
    expect(it.backend.released).toEqual(['tx-1'])
  })
})

describe('one of several sessions', () => {
  it('may be closed by a listener of another before it is told', async () => {
    const { world, backend, a, b } = shared()
    await a.connected()
    await b.connected()
    a.session.on('notice', () => void b.session.close())
    backend.now(failsWith(500))
    await world.advance(300_000)
    expect([a.now, b.now, b.notices, world.census.reported]).toEqual(['connected(failing, unavailable)', 'closed', [], []])
  })

  it('may pause itself in its url function, and no socket is opened for it alone', async () => {
    const pausing = definePreset({ ...ticket, url: () => (b.session.pause(), providerUrl) })
    const { world, a, b }: ReturnType<typeof shared> = shared(answersTokens(), [ticket, pausing])
    await a.connected()
    void b.session.connect()
    await world.settle()
    expect([a.now, b.now, world.census.sockets]).toEqual(['connected', 'paused(asked)', 1])
  })
})

describe('the one timer', () => {
  it('is set once for as long as its time stands', async () => {
    let timers = 0
    const it = await story({ host: (host) => ({ ...host, timer: (run, ms) => (timers++, host.timer(run, ms)) }) }).connected()
    timers = 0
    for (let i = 0; i < 100; i++) it.session.resume()
    expect(timers).toBe(0)
  })

  it('may be 2 s late before anybody is told; the worst of it is kept', async () => {
    let late = 2000
    const it = story(
      { host: (host) => ({ ...host, timer: (run, ms) => host.timer(run, ms + late) }), random: () => 0 },
      { kind: 'lease', heartbeat: { intervalMs: 60_000 } },
    )
    await it.connected()
    await it.advance(62_000)
    expect([it.backend.mints, it.notices, statsOf(it.session).lateMs]).toEqual([2, [], 2000])
    late = 2001
    await it.advance(62_001)
    late = 0
    await it.advance(120_000)
    expect([it.notices, statsOf(it.session).lateMs]).toEqual([[{ name: 'late', byMs: 2001 }], 2001])
  })
})
