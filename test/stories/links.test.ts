import { describe, expect, it } from 'vitest'
import { definePreset } from '../../src/index.ts'
import type { Preset } from '../../src/index.ts'
import { canary } from '../canary/canaries.ts'
import {
  acceptsEverybody,
  answersTokens,
  closesWith,
  FakeProvider,
  hangsHandshake,
  neverReady,
  nothing,
  refuses,
  refusesHandshake,
  type Story,
  story,
  storyOf,
} from './backends.ts'

const url = 'wss://provider.test/live'

describe('the token leaves the page', () => {
  it('in a query parameter of any name', async () => {
    const it = await story({}, { placement: { in: 'query', name: 'ticket' } }).connected()
    expect(it.provider.upgrades[0]!.url.searchParams.get('ticket')).toBe(it.backend.tokens[0])
  })

  it('as a subprotocol', async () => {
    const it = await story(
      { tokens: answersTokens({ plain: true }) },
      { placement: { in: 'subprotocol', protocols: (token) => ['app', `token.${token}`] } },
    ).connected()
    expect(it.provider.upgrades[0]!.protocols).toEqual(['app', `token.${it.backend.tokens[0]}`])
    expect(it.provider.upgrades[0]!.url.search).toBe('')
  })

  it('in the first frame, before everything else, with the handle', async () => {
    const it = story(
      { tokens: answersTokens({ handle: 'tx-1' }) },
      { placement: { in: 'first-frame', frame: (token, handle) => ({ auth: token, handle }) } },
    )
    it.session.send({ hello: 1 })
    await it.connected()
    expect(it.provider.heard).toEqual([{ auth: it.backend.tokens[0], handle: 'tx-1' }, { hello: 1 }])
    expect(it.provider.upgrades[0]!.url.search).toBe('')
  })

  it('as the whole signed address', async () => {
    const signed = (): string => `wss://provider.test/signed?sig=${encodeURIComponent(canary())}`
    const it = await story({ tokens: answersTokens({ token: signed }) }, { placement: { in: 'url' } }).connected()
    expect(it.provider.upgrades[0]!.url.href).toBe(it.backend.tokens[0])
  })

  it('and stays at home when the signed address is none', async () => {
    const it = story({ tokens: answersTokens({ token: () => canary(true) }) }, { placement: { in: 'url' } })
    expect(await it.outcome(it.session.connect())).toBe('bad_configuration')
  })

  it('and stays at home when the signed address would show it', async () => {
    const it = story({ tokens: answersTokens({ token: () => `ws://provider.test/?sig=${canary()}` }) }, { placement: { in: 'url' } })
    expect(await it.outcome(it.session.connect())).toBe('bad_configuration')
  })
})

describe('a ticket', () => {
  it('is kept fresh in the background, so that a reconnect is one handshake', async () => {
    const it = await story().connected()
    await it.advance(400_000)
    expect(it.backend.mints).toBe(2)
    it.provider.drop()
    await it.advance(2000)
    expect([it.now, it.backend.mints, it.provider.token]).toEqual(['connected', 2, it.backend.tokens[1]])
  })

  it('that ran out leaves the live socket alone', async () => {
    const it = await story().connected()
    it.backend.now(refuses('key_refused'))
    await it.advance(3_600_000)
    expect([it.now, it.provider.upgrades.length]).toEqual(['connected(failing, key_refused)', 1])
    it.provider.drop()
    await it.world.settle()
    expect(it.now).toBe('paused(refused, key_refused)')
  })

  it('for one use is minted for each dial, and never in between', async () => {
    const it = await story({}, { use: 'single' }).connected()
    await it.advance(3_600_000)
    expect(it.backend.mints).toBe(1)
    it.provider.drop()
    await it.advance(2000)
    expect([it.now, it.backend.mints, it.provider.token]).toEqual(['connected', 2, it.backend.tokens[1]])
  })

  it('for one use is not used twice after a handshake that failed', async () => {
    const it = story({ provider: refusesHandshake() }, { use: 'single' })
    void it.session.connect()
    await it.advance(60_000)
    const used = it.provider.upgrades.map(({ url }) => url.searchParams.get('access_token'))
    expect(new Set(used).size).toBe(used.length)
  })

  it('with a short time to connect is minted at the dial, whoever says so: the endpoint or the preset', async () => {
    const preset = definePreset({ name: 'short', docs: '', url: () => url, token: { kind: 'ticket', connectByMs: 30_000 } })
    for (const it of [story({ tokens: answersTokens({ connectBy: 30 }) }), storyOf(preset)]) {
      await it.connected()
      it.provider.drop()
      await it.advance(2000)
      expect([it.now, it.backend.mints]).toEqual(['connected', 1])
      await it.advance(3_600_000)
      expect(it.backend.mints).toBe(1)
      it.provider.drop()
      await it.advance(2000)
      expect([it.now, it.provider.token]).toEqual(['connected', it.backend.tokens[1]])
    }
  })
})

describe('a grant that the provider rejects', () => {
  it('is replaced by a fresh one at once', async () => {
    const it = await story().connected()
    it.provider.drop(4401)
    await it.advance(5000)
    expect([it.now, it.backend.mints, it.backend.asks[1]?.reason]).toEqual(['connected', 2, 'rejected'])
  })

  it('three times in a row is a refusal; from there on it costs one mint and one dial a probe', async () => {
    const it = story({ provider: closesWith(4401) })
    expect(await it.outcome(it.session.connect(), 60_000)).toMatch(/done|rejected/)
    await it.advance(3_540_000)
    expect(it.now).toBe('paused(refused, rejected)')
    expect(it.backend.mints).toBeLessThanOrEqual(18)
    expect(it.provider.upgrades.length).toBeLessThanOrEqual(18)
  })

  it('may be rejected by a frame', async () => {
    const it = await story<{ type: string }>({}, { control: ({ type }) => (type === 'error' ? { is: 'rejected' } : undefined) }).connected()
    it.provider.say({ type: 'error' })
    await it.advance(5000)
    expect([it.now, it.backend.mints, it.messages]).toEqual(['connected', 2, [{ type: 'error' }]])
  })

  it('before the socket opened costs one mint a streak, and is never a refusal', async () => {
    const it = story({ provider: refusesHandshake() })
    void it.session.connect()
    await it.advance(250_000)
    expect([it.now, it.backend.mints]).toEqual(['connecting', 2])
    it.provider.now(acceptsEverybody())
    await it.advance(30_000)
    expect(it.now).toBe('connected')
  })

  it('is found out by verify, where the preset has it, and that call dies with the session', async () => {
    const preset = definePreset({
      name: 'verifies',
      docs: '',
      url: () => url,
      token: { kind: 'ticket' },
      verify: { url: 'https://api.test/me' },
    })
    let status = 401
    const calls: (string | null)[] = []
    const it = storyOf(preset, { provider: refusesHandshake() })
    it.world.serve('https://api.test', (request) => {
      calls.push(request.headers.get('authorization'))
      return status === 0 ? new Promise(() => {}) : Promise.resolve(new Response(null, { status }))
    })
    void it.session.connect()
    await it.advance(20_000)
    expect(it.now).toBe('paused(refused, rejected)')
    expect(calls[0]).toBe(`Bearer ${it.backend.tokens[0]}`)
    const other = storyOf(preset, { provider: refusesHandshake(), world: it.world })
    status = 0
    void other.session.connect()
    await it.world.settle()
    void it.session.close()
    expect(await other.leftovers()).toEqual(nothing)
  })

  it.each(['200', '403', '500', 'a broken network', 'silence for 10 s'])('hears no verdict of verify in %s', async (answer) => {
    const verify = { url: 'https://api.test/me' }
    const preset = definePreset({ name: 'verifies', docs: '', url: () => url, token: { kind: 'ticket' }, verify })
    const it = storyOf(preset, { provider: refusesHandshake() })
    const signals: AbortSignal[] = []
    it.world.serve('https://api.test', ({ signal }) => {
      signals.push(signal)
      if (answer.startsWith('silence')) return new Promise(() => {})
      return answer.startsWith('a ')
        ? Promise.reject(new TypeError(answer))
        : Promise.resolve(new Response(null, { status: Number(answer) }))
    })
    void it.session.connect()
    await it.advance(10_000)
    expect(signals[0]!.aborted).toBe(answer.startsWith('silence'))
    await it.advance(50_000)
    expect([it.path, it.backend.mints]).toEqual([['connecting'], 2])
  })
})

describe('a link', () => {
  it('that never opens is given up after 10 s', async () => {
    const it = story({ provider: hangsHandshake() })
    void it.session.connect()
    await it.advance(9999)
    expect(it.world.census.openSockets).toBe(1)
    await it.advance(2)
    expect(it.world.census.openSockets).toBe(0)
    it.provider.now(acceptsEverybody())
    await it.advance(30_000)
    expect(it.now).toBe('connected')
  })

  it('that is never ready is a failed attempt after 10 s, not a rejection', async () => {
    const it = story({ provider: neverReady() }, { ready: () => false })
    void it.session.connect()
    await it.advance(120_000)
    expect([it.now, it.backend.mints]).toEqual(['connecting', 1])
    expect(it.provider.most).toBe(1)
  })

  it('closed with a code that means stop fails the session', async () => {
    const it = await story().connected()
    it.provider.drop(4403)
    await it.world.settle()
    await it.advance(600_000)
    expect([it.now, it.provider.upgrades.length]).toEqual(['failed(stopped)', 1])
  })

  it('comes back at its own pace after a drop: at once if it was stable, later each time', async () => {
    const it = await story().connected()
    await it.advance(61_000)
    it.provider.drop()
    await it.world.settle()
    await it.advance(0)
    expect(it.now).toBe('connected')
    it.provider.now((_upgrade, provider) => ({
      open: (peer) => {
        const conversation = provider.talk(peer, [])
        peer.terminate()
        return conversation
      },
    }))
    it.provider.drop()
    await it.advance(3_600_000)
    expect(it.provider.upgrades.length).toBeLessThan(400)
  })

  it('spreads its return over the window that the server told', async () => {
    const dials: number[] = []
    for (let seed = 1; seed <= 20; seed++) {
      const it = await story<{ goaway?: number }>(
        { seed },
        { control: ({ goaway }) => (goaway ? { is: 'goaway', spreadMs: goaway } : undefined) },
      ).connected()
      await it.advance(61_000)
      it.provider.say({ goaway: 20_000 })
      await it.world.settle()
      it.provider.drop(1001)
      const at = it.clock()
      for (let i = 0; i < 25 && it.provider.upgrades.length < 2; i++) await it.advance(1000)
      dials.push(it.clock() - at)
    }
    expect(Math.max(...dials)).toBeGreaterThan(10_000)
    expect(Math.max(...dials)).toBeLessThanOrEqual(20_000)
    expect(Math.min(...dials)).toBeLessThan(5000)
  })

  it('spreads its return over the window that it was told with its ready frame, if it breaks unannounced', async () => {
    const preset = definePreset<object, unknown>({
      name: 'spreads',
      docs: '',
      url: () => url,
      token: { kind: 'ticket' },
      ready: 'frame',
      control: () => ({ is: 'ready', spreadMs: 20_000 }),
    })
    const it = await storyOf(preset, { provider: acceptsEverybody({}), random: () => 0.5 }).connected()
    await it.advance(61_000)
    it.provider.drop()
    await it.advance(9_999)
    expect(it.now).toBe('reconnecting')
    await it.advance(1)
    expect(it.now).toBe('connected')
  })

  it('is one of at most six that open at a time to one host; each gets its 10 s', async () => {
    const serves = new FakeProvider(hangsHandshake())
    const first = story({ serves })
    const all = [first, ...Array.from({ length: 8 }, () => story({ serves, world: first.world }))]
    for (const { session } of all) void session.connect()
    await first.world.settle()
    expect(first.world.census.openSockets).toBe(6)
    serves.now(acceptsEverybody())
    await first.advance(10_001)
    expect(all.map(({ now }) => now).filter((now) => now === 'connected')).toHaveLength(3)
    await first.advance(60_000)
    expect(new Set(all.map(({ now }) => now))).toEqual(new Set(['connected']))
    for (const { session } of all) void session.close()
    await first.advance(2001)
    expect(first.world.census).toMatchObject(nothing)
  })

  it('that waits in the queue leaves it when the session closes', async () => {
    const serves = new FakeProvider(hangsHandshake())
    const first = story({ serves })
    const all = [first, ...Array.from({ length: 7 }, () => story({ serves, world: first.world }))]
    for (const { session } of all) void session.connect()
    await first.world.settle()
    void all[7]!.session.close()
    await first.advance(30_000)
    expect(serves.upgrades.length).toBeGreaterThan(6)
    expect(all[7]!.now).toBe('closed')
    for (const { session } of all) void session.close()
    await first.advance(2001)
    expect(first.world.census).toMatchObject(nothing)
  })

  it('that is silent is probed, and given up without a sign of life', async () => {
    const it = await story({}, { liveness: { idleMs: 20_000, probe: () => ({ type: 'ping' }) } }).connected()
    await it.advance(15_000)
    it.provider.say({ type: 'anything' })
    await it.advance(15_000)
    expect(it.provider.heard).toEqual([])
    await it.advance(5001)
    expect(it.provider.heard).toEqual([{ type: 'ping' }])
    it.provider.say({ type: 'pong' })
    await it.advance(20_001)
    expect(it.now).toBe('connected')
    await it.advance(10_001)
    expect(it.path).toEqual(['connecting', 'connected', 'reconnecting', 'connected'])
  })

  it('asks for its address at each dial, and tells the attempt and what is to be continued', async () => {
    const asked: object[] = []
    const preset = definePreset<{ id?: string }, unknown>({
      name: 'asks',
      docs: '',
      url: (attempt) => (asked.push(attempt), url),
      token: { kind: 'ticket' },
      ready: 'frame',
      control: ({ id }) => (id === undefined ? undefined : { is: 'ready', continuity: id }),
    })
    const it = await storyOf(preset, { provider: acceptsEverybody({ id: 'c1' }) }).connected()
    it.provider.drop()
    await it.advance(5000)
    expect(asked).toEqual([
      { attempt: 0, continuity: undefined },
      { attempt: 1, continuity: 'c1' },
    ])
  })

  it('never has two sockets at once, whatever happens', async () => {
    const it = await story().connected()
    for (let i = 0; i < 20; i++) {
      it.session.pause()
      it.session.resume()
      it.provider.drop(i % 2 ? 1006 : 4401)
      await it.advance(1500)
    }
    expect(it.world.census.openSockets).toBeLessThanOrEqual(1)
  })
})

describe('a conversation', () => {
  type In = { type: string; id?: string }
  const ready = (message: In): { is: 'ready'; continuity?: string } | undefined =>
    message.type === 'ready' ? { is: 'ready', ...(message.id !== undefined && { continuity: message.id }) } : undefined
  const continues: Preset<In> = definePreset<In, unknown>({
    name: 'continues',
    docs: '',
    url: () => url,
    token: { kind: 'ticket' },
    ready: 'frame',
    control: ready,
    continuity: { kind: 'query', name: 'resume' },
  })
  const offered = (it: Story<In>): string | null => it.provider.upgrades.at(-1)!.url.searchParams.get('resume')

  it('goes on where the provider takes it up, queue and all', async () => {
    const told: boolean[] = []
    const it = await storyOf(
      continues,
      { provider: acceptsEverybody({ type: 'ready', id: 'c1' }) },
      { onReady: ({ resumed }) => told.push(resumed) },
    ).connected()
    expect(offered(it)).toBeNull()
    it.provider.drop()
    await it.world.settle()
    it.session.send({ n: 1 })
    await it.advance(5000)
    expect([offered(it), told, it.notices, it.provider.heard]).toEqual(['c1', [false, true], [], [{ n: 1 }]])
  })

  it('offers its cursor in the query where the token does not go out in a frame', async () => {
    const receive = (_cursor: string | undefined, frame: unknown) => ({ is: 'next', cursor: (frame as In).id! }) as const
    const it = await storyOf(
      definePreset<In, unknown>({ ...continues, ready: 'open', continuity: { kind: 'cursor', name: 'resume', receive } }),
    ).connected()
    it.provider.say({ type: 'event', id: 's.6' })
    await it.world.settle()
    it.provider.drop()
    await it.advance(5000)
    expect([it.messages, offered(it)]).toEqual([[{ type: 'event', id: 's.6' }], 's.6'])
  })

  it('that is denied is a gap, and what was queued for it is dropped', async () => {
    const it = await storyOf(continues, { provider: acceptsEverybody({ type: 'ready', id: 'c1' }) }).connected()
    it.provider.now(acceptsEverybody({ type: 'ready', id: 'c2' }))
    it.provider.drop()
    await it.world.settle()
    it.session.send({ n: 1 })
    await it.advance(5000)
    expect(it.notices).toEqual([
      { name: 'gap', reason: 'continuity-denied' },
      { name: 'dropped', message: { n: 1 }, reason: 'continuity-denied' },
    ])
    it.provider.drop()
    await it.advance(30_000)
    expect(offered(it)).toBe('c2')
  })

  it('of which nothing goes on begins anew at each link, and nobody misses anything', async () => {
    const told: boolean[] = []
    const it = await story({}, { onReady: ({ resumed }) => told.push(resumed) }).connected()
    it.provider.drop()
    await it.advance(5000)
    expect([told, it.notices, it.provider.upgrades.at(-1)!.url.search.includes('resume')]).toEqual([[false, false], [], false])
  })

  it('survives a pause, and is over after close()', async () => {
    const it = await storyOf(continues, { provider: acceptsEverybody({ type: 'ready', id: 'c1' }) }).connected()
    it.session.pause()
    it.session.resume()
    await it.world.settle()
    expect(offered(it)).toBe('c1')
    await it.leftovers()
    await it.connected()
    expect(offered(it)).toBeNull()
  })

  it('that cannot go on is replaced, and that is said', async () => {
    const it = await storyOf(definePreset({ ...continues, continuity: { kind: 'replace' } }), {
      provider: acceptsEverybody({ type: 'ready' }),
    }).connected()
    it.provider.drop()
    await it.world.settle()
    it.session.send({ n: 1 })
    await it.advance(5000)
    expect(it.notices.map(({ name }) => name)).toEqual(['session-replaced', 'gap', 'dropped'])
    expect(it.provider.heard).toEqual([])
  })
})

describe('the plain form', () => {
  it('delivers messages as they come: JSON and binary', async () => {
    const it = await story().connected()
    it.provider.say({ any: ['thing'] })
    for (const peer of it.provider.peers) peer.send(new Uint8Array([1, 2, 3]))
    await it.world.settle()
    expect(it.messages).toEqual([{ any: ['thing'] }, new Uint8Array([1, 2, 3]).buffer])
  })

  it('checks both ways with a schema, keeps the socket and says what was wrong', async () => {
    const text = (value: unknown) =>
      typeof (value as { text?: unknown } | null)?.text === 'string'
        ? { value: value as { text: string } }
        : { issues: [{ message: 'needs a text', path: ['text'] }] }
    const schema = { '~standard': { version: 1, vendor: 'test', validate: text } } as const
    const it = await story<{ text: string }, { text: string }>({}, { schemas: { inbound: schema, outbound: schema } }).connected()
    it.provider.say({ text: 'hello' })
    it.provider.say({ secret: 'bye' })
    it.provider.say('{')
    await it.world.settle()
    expect(it.messages).toEqual([{ text: 'hello' }])
    expect(it.notices).toEqual([
      { name: 'bad-frame', issue: 'text: needs a text', bytes: 16 },
      { name: 'bad-frame', issue: 'not JSON', bytes: 1 },
    ])
    expect(() => it.session.send({ txt: 'no' } as never)).toThrow(new TypeError('send: text: needs a text'))
    expect(it.now).toBe('connected')
  })

  it('throws a TypeError for a message that is nested too deeply to be written', async () => {
    const it = await story().connected()
    let deep: object = {}
    for (let depth = 0; depth < 100_000; depth++) deep = { deep }
    expect(() => it.session.send(deep as never)).toThrow(new TypeError('send: the message is too long, or nested too deeply'))
    expect(it.now).toBe('connected')
  })

  it('gives its options to the session: lease, ready, close codes', async () => {
    const it = story<{ type: string }>(
      { provider: acceptsEverybody({ type: 'welcome' }) },
      {
        kind: 'lease',
        heartbeat: { intervalMs: 10_000 },
        ready: ({ type }) => type === 'welcome',
        closeCodes: [{ from: 4000, to: 4000, then: 'stop' }],
      },
    )
    await it.connected()
    await it.advance(60_000)
    expect(it.backend.mints).toBeGreaterThanOrEqual(6)
    it.provider.drop(4000)
    await it.world.settle()
    expect(it.now).toBe('failed(stopped)')
  })

  it.each([1008, 3000, 4401, 3003, 4403])('reads the codes that most servers mean: %d', async (code) => {
    const it = await story().connected()
    it.provider.drop(code)
    await it.advance(5000)
    const stops = code === 3003 || code === 4403
    expect([it.now, it.backend.mints]).toEqual(stops ? ['failed(stopped)', 1] : ['connected', 2])
  })
})
