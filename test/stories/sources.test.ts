import { describe, expect, it, vi } from 'vitest'
import { createTokenSource, definePreset, fetchWith, SessionError, statsOf } from '../../src/index.ts'
import type { TokenEndpointOptions, TokenSource } from '../../src/index.ts'
import {
  acceptsEverybody,
  answersHtml,
  answersTokens,
  Backend,
  closesWith,
  FakeProvider,
  failsWith,
  hostOf,
  isSilent,
  nothing,
  providerUrl,
  refuses,
  see,
  Story,
  story,
  throwsLater,
  throwsSynchronously,
} from './backends.ts'
import { createTestWorld } from '../../src/testing/index.ts'

const ticket = definePreset({ name: 'ticket', docs: '', url: () => providerUrl, token: { kind: 'ticket' }, rest: ['https://api.test'] })
const lease = definePreset({
  name: 'lease',
  docs: '',
  url: () => providerUrl,
  token: { kind: 'lease' },
  heartbeat: { intervalMs: 60_000 },
  release: true,
})

/** One source and the sessions that are given it. */
function shared(
  behaviour = answersTokens(),
  preset = ticket,
): {
  source: TokenSource
  session: (preset?: typeof ticket) => Story
  backend: Backend
  provider: FakeProvider
  host: ReturnType<typeof hostOf>
} {
  const world = createTestWorld()
  const backend = new Backend(behaviour)
  const provider = new FakeProvider(acceptsEverybody())
  const host = hostOf(world, backend)
  const source = see('source', createTokenSource('/token', { host, preset }))
  const session = (own = preset): Story =>
    new Story({ world, backend, serves: provider }, (common) => ({ ...common, preset: own, tokenSource: source }))
  return { source, session, backend, provider, host }
}

describe('the token request', () => {
  it('is a POST of JSON with our header, uncached and without redirects', async () => {
    const seen: RequestInit[] = []
    const it = new Story({}, ({ host }) => ({
      url: providerUrl,
      tokenSource: '/token',
      host: { ...host, fetch: (_url, init) => (seen.push(init), host.fetch('/token', init)) },
    }))
    await it.connected()
    expect(seen[0]).toMatchObject({ method: 'POST', cache: 'no-store', redirect: 'error', credentials: 'same-origin', keepalive: false })
    expect(Object.fromEntries(new Headers(seen[0]!.headers))).toEqual({
      accept: 'application/json',
      'content-type': 'application/json',
      'x-heartwire': '1',
    })
    expect(JSON.parse(seen[0]!.body as string)).toEqual({ reason: 'connect', attempt: 0 })
  })

  const withEndpoint = (own: Partial<TokenEndpointOptions>): Story =>
    new Story({}, ({ host }) => ({ url: providerUrl, host, tokenSource: { url: '/token', ...own } }))

  it('carries headers and body of the application, values or functions asked each time', async () => {
    let asked = 0
    const it = withEndpoint({ headers: async () => ({ 'x-csrf': `${++asked}` }), body: () => ({ room: asked }) })
    await it.connected()
    await it.advance(300_000)
    expect(it.backend.asks.map(({ headers }) => headers.get('x-csrf'))).toEqual(['1', '2'])
    expect(it.backend.asks.map(({ reason }) => reason)).toEqual(['connect', 'renew'])
    const plain = withEndpoint({ headers: { 'X-Csrf': 'a', 'Content-Type': 'text/plain' }, body: { room: 7, reason: 'mine' } })
    await plain.connected()
    expect(plain.backend.asks[0]).toMatchObject({ reason: 'connect', body: { room: 7 } })
    expect(plain.backend.asks[0]!.headers.get('content-type')).toBe('application/json')
  })

  it('fails when such a function throws, rejects or never answers; the next one is asked anew', async () => {
    let does: () => Promise<Record<string, string>> = () => {
      throw new Error('sync')
    }
    const it = withEndpoint({ headers: () => does() })
    void it.session.connect()
    await it.world.settle()
    expect(it.now).toBe('connecting(network)')
    does = () => new Promise(() => {})
    await it.advance(20_000)
    expect(it.now).toBe('connecting(timeout)')
    does = () => Promise.resolve({})
    await it.advance(30_000)
    expect(it.now).toBe('connected')
  })

  it('echoes the handle, so that a beat is no new billed session', async () => {
    const it = await story({ tokens: answersTokens({ handle: 'tx-1' }) }).connected()
    await it.advance(300_000)
    expect(it.backend.asks.map(({ handle }) => handle)).toEqual([undefined, 'tx-1'])
  })

  it('takes cookies along, or not, as the application says', async () => {
    for (const credentials of ['include', 'omit'] as const) {
      const seen: (RequestCredentials | undefined)[] = []
      const it = new Story({}, ({ host }) => ({
        url: providerUrl,
        tokenSource: { url: '/token', credentials },
        host: { ...host, fetch: (address, init) => (seen.push(init.credentials), host.fetch(address, init)) },
      }))
      await it.connected()
      expect(seen).toEqual([credentials])
    }
  })

  it('comes as often as the application lets it probe', async () => {
    const it = story({ tokens: refuses('key_refused'), random: () => 0 }, { probe: { firstMs: 10_000, capMs: 15_000 } })
    void it.session.connect()
    await it.advance(60_000)
    expect(it.backend.asks.map(({ at }) => at)).toEqual([0, 10_000, 25_000, 40_000, 55_000])
  })

  it('is answered by a grant that has to be JSON, whole and not too long', async () => {
    const grant = JSON.stringify({ access_token: 'good-00001', expires_in: 600 })
    const spaces = ' '.repeat(16_385 - grant.length)
    for (const [body, type, status] of [
      [grant, 'text/html', 'connecting(malformed)'],
      [grant, '', 'connecting(malformed)'],
      [grant.slice(1), 'application/json', 'connecting(malformed)'],
      [grant + spaces, 'application/json', 'connecting(malformed)'],
      [grant + spaces.slice(1), 'application/json', 'connected'],
      [grant, 'application/vnd.token+json; charset=utf-8', 'connected'],
    ]) {
      const it = story({ tokens: () => ({ status: 200, body, headers: { 'content-type': type! } }) })
      void it.session.connect()
      await it.world.settle()
      expect(it.now).toBe(status)
    }
  })

  const lives = (tokens: Partial<{ lifetimeMs: number; intervalMs: number }>): Story => {
    const { lifetimeMs, intervalMs } = tokens
    const preset = definePreset({
      ...ticket,
      token: { kind: intervalMs === undefined ? 'ticket' : 'lease', ...(lifetimeMs !== undefined && { lifetimeMs }) },
      ...(intervalMs !== undefined && { heartbeat: { intervalMs } }),
    })
    return new Story({ tokens: () => ({ status: 200, body: { access_token: 'endless-00001' } }) }, (common) => ({ ...common, preset }))
  }

  it('brings a grant that lives as long as the preset says where the endpoint does not: two beats, or 5 minutes', async () => {
    // Of a ticket, a quarter is kept for the handshake.
    for (const [it, seconds] of [
      [lives({}), 225],
      [lives({ lifetimeMs: 60_000 }), 45],
      [lives({ intervalMs: 40_000 }), 80],
      [lives({ intervalMs: 40_000, lifetimeMs: 100_000 }), 100],
    ] as const) {
      await it.connected()
      expect(statsOf(it.session).expiresAt! - it.host.wall()).toBe(seconds * 1000)
    }
  })

  it('for a grant that lives for a century sets no timer that would fire at once', async () => {
    const timers: number[] = []
    const it = story({
      tokens: answersTokens({ expiresIn: 3_155_760_000 }),
      host: (host) => ({ ...host, timer: (run, ms) => (timers.push(ms), host.timer(run, ms)) }),
    })
    await it.connected()
    await it.advance(86_400_000)
    expect([Math.max(...timers), it.backend.mints]).toEqual([2 ** 31 - 1, 1])
  })

  it('has a deadline; a late answer changes nothing', async () => {
    let late = (_response: Response): void => {}
    const it = new Story({}, ({ host }) => ({
      url: providerUrl,
      tokenSource: '/token',
      host: { ...host, fetch: () => new Promise<Response>((resolve) => (late = resolve)) },
    }))
    void it.session.connect()
    await it.advance(10_001)
    expect(it.now).toBe('connecting(timeout)')
    late(Response.json({ access_token: 'too-late-00001', expires_in: 600 }))
    await it.world.settle()
    expect([it.now, it.world.census.sockets]).toEqual(['connecting(timeout)', 0])
  })

  it('reads a response without streams, as React Native gives it', async () => {
    const it = new Story({}, ({ host }) => ({
      url: providerUrl,
      tokenSource: '/token',
      host: {
        ...host,
        fetch: () =>
          Promise.resolve({
            ok: true,
            status: 200,
            headers: new Headers({ 'content-type': 'application/json' }),
            text: () => Promise.resolve('{"access_token":"native-00001","expires_in":600}'),
          } as Response),
      },
    }))
    await it.connected()
    expect(it.provider.token).toBe('native-00001')
  })
})

describe('a token callback', () => {
  it('is told why, the attempt, the handle and a signal', async () => {
    const it = await story({ asks: 'callback', tokens: answersTokens({ handle: 'h' }) }).connected()
    await it.advance(300_000)
    expect(it.backend.asks.map(({ reason, attempt, handle }) => ({ reason, attempt, handle }))).toEqual([
      { reason: 'connect', attempt: 0, handle: undefined },
      { reason: 'renew', attempt: 0, handle: 'h' },
    ])
  })

  it('may refuse by throwing a SessionError', async () => {
    for (const code of ['login_required', 'key_refused', 'revoked', 'quota'] as const) {
      const it = new Story({}, ({ host }) => ({
        url: providerUrl,
        host,
        tokenSource: () => {
          throw new SessionError(code)
        },
      }))
      expect(await it.outcome(it.session.connect())).toBe(code)
      expect(it.now).toBe(`paused(refused, ${code})`)
    }
  })

  it('may throw what it likes: getters, proxies, nothing, its own token', async () => {
    const answers = [
      () => {
        throw undefined as unknown as Error
      },
      () => ({
        get access_token(): string {
          throw new Error('getter')
        },
      }),
      () =>
        new Proxy({} as { access_token: string }, {
          get() {
            throw new Error('proxy')
          },
          has() {
            throw new Error('has')
          },
        }),
    ]
    for (const tokenSource of answers) {
      const it = new Story({}, ({ host }) => ({ url: providerUrl, host, tokenSource: tokenSource as never }))
      void it.session.connect()
      await it.world.settle()
      expect(it.now).toBe('connecting(unavailable)')
    }
  })

  it('that never settles is evicted and asked again', async () => {
    const it = story({ asks: 'callback', tokens: isSilent() })
    void it.session.connect()
    await it.advance(60_000)
    expect(it.backend.mints).toBeGreaterThan(2)
    expect(it.backend.asks[0]!.signal!.aborted).toBe(true)
    it.backend.now(answersTokens())
    await it.advance(60_000)
    expect(it.now).toBe('connected')
  })
})

describe('a shared source', () => {
  it('mints once for two sessions', async () => {
    const { session, backend, provider } = shared()
    const [a, b] = [session(), session()]
    void a.session.connect()
    void b.session.connect()
    await a.world.settle()
    expect([a.now, b.now, backend.mints, provider.peers.size]).toEqual(['connected', 'connected', 1, 2])
    void a.session.close()
    await a.advance(400_000)
    expect([b.now, backend.mints]).toEqual(['connected', 2])
  })

  it('goes on for the others when one pauses', async () => {
    const { session, backend } = shared()
    const [a, b] = [await session().connected(), await session().connected()]
    a.session.pause()
    await a.advance(300_000)
    expect([a.now, b.now, backend.mints]).toEqual(['paused(asked)', 'connected', 2])
  })

  it('refuses a second session where a grant serves one', async () => {
    const { host } = shared()
    for (const preset of [
      lease,
      definePreset({ ...ticket, token: { kind: 'ticket', use: 'single' } }),
      definePreset({ ...ticket, token: { kind: 'ticket', placement: { in: 'url' } } }),
    ]) {
      const source = createTokenSource('/token', { host, preset })
      const [a, b] = [0, 1].map(() => new Story({ world: createTestWorld() }, (common) => ({ ...common, preset, tokenSource: source })))
      void a!.session.connect()
      expect(() => b!.session.connect()).toThrow(TypeError)
      void a!.session.close()
      expect(() => b!.session.connect()).not.toThrow()
      void b!.session.close()
    }
  })

  it('serves several sessions with a lease, where its preset says so', async () => {
    const { session, backend } = shared(answersTokens(), definePreset({ ...lease, token: { kind: 'lease', scope: 'shared' } }))
    const [a, b] = [await session().connected(), await session().connected()]
    expect([a.now, b.now, backend.mints]).toEqual(['connected', 'connected', 1])
  })

  it('leaves no abort listener where connect() throws', () => {
    const { host } = shared()
    const source = createTokenSource('/token', { host, preset: lease })
    const [a, b] = [0, 1].map(
      () => new Story({ world: createTestWorld() }, (common) => ({ ...common, preset: lease, tokenSource: source })),
    )
    void a!.session.connect()
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    expect(() => b!.session.connect({ signal })).toThrow(TypeError)
    expect(add).not.toHaveBeenCalled()
    void a!.session.close()
  })

  it('refuses a preset of another audience', () => {
    const { session } = shared()
    expect(() => session(definePreset({ ...ticket, name: 'another' }))).toThrow(TypeError)
  })
})

describe('prefetch', () => {
  it('mints once before anybody asks, and never renews', async () => {
    const { source, session, backend } = shared()
    const it = session()
    expect(await it.outcome(source.prefetch())).toBe('done')
    await it.advance(200_000)
    expect(backend.mints).toBe(1)
    await it.connected()
    expect(backend.mints).toBe(1)
    expect(await it.outcome(source.prefetch())).toBe('done')
    expect(backend.mints).toBe(1)
  })

  it('is done whatever the answer is, and leaves nothing', async () => {
    for (const behaviour of [
      refuses('key_refused'),
      refuses('forbidden'),
      answersHtml(),
      isSilent(),
      throwsLater(),
      throwsSynchronously(),
    ]) {
      const { source, session } = shared(behaviour)
      const it = session()
      expect(await it.outcome(source.prefetch(), 10_001)).toBe('done')
      expect(await it.outcome(source.prefetch(), 40_001)).toBe('done')
      expect(it.world.census).toMatchObject(nothing)
    }
  })

  it('needs to know the preset', () => {
    expect(() => createTokenSource('/token').prefetch()).toThrow(TypeError)
  })
})

describe('reset, when the user changes', () => {
  it('never lets a grant of A serve B', async () => {
    const { source, session, backend, provider } = shared()
    const [a, b] = [await session().connected(), await session().connected()]
    const ofA = backend.tokens[0]
    source.reset()
    await a.world.settle()
    expect([a.now, b.now, backend.mints]).toEqual(['connected', 'connected', 2])
    expect(provider.upgrades.slice(2).map(({ url }) => url.searchParams.get('access_token'))).toEqual([
      backend.tokens[1],
      backend.tokens[1],
    ])
    expect(backend.tokens[1]).not.toBe(ofA)
    expect(provider.peers.size).toBe(2)
  })

  it('drops socket, queue, continuity and handle at once, and tells of it after', async () => {
    const it = await story({ tokens: answersTokens({ handle: 'of A' }) }).connected()
    const { source, session, backend } = shared(answersTokens({ handle: 'of A' }))
    const other = session()
    void other.session.connect()
    await other.world.settle()
    other.session.pause()
    other.session.send({ from: 'A' })
    const seen: unknown[] = []
    other.session.on('notice', (notice) => seen.push(notice, other.session.send({ from: 'B' })))
    source.reset()
    expect(seen).toEqual([{ name: 'dropped', message: { from: 'A' }, reason: 'reset' }, 'queued'])
    other.session.resume()
    await other.world.settle()
    expect(other.provider.heard).toEqual([{ from: 'B' }])
    expect(backend.asks.at(-1)?.handle).toBeUndefined()
    expect(it.now).toBe('connected')
  })

  it('aborts the request that is out, and its answer is nobody’s', async () => {
    const { source, session, backend } = shared(isSilent())
    const it = session()
    void it.session.connect()
    await it.world.settle()
    backend.now(answersTokens())
    source.reset()
    expect(backend.asks[0]!.signal!.aborted).toBe(true)
    await it.world.settle()
    expect([it.now, backend.mints]).toEqual(['connected', 2])
  })

  it('forgets a verdict', async () => {
    const { source, session, backend } = shared(refuses('revoked'))
    const it = session()
    await it.outcome(it.session.connect())
    backend.now(answersTokens())
    source.reset()
    await it.world.settle()
    expect(it.now).toBe('connected')
  })

  it('leaves a pause a pause', async () => {
    const { source, session, backend } = shared()
    const it = await session().connected()
    it.session.pause()
    source.reset()
    await it.advance(60_000)
    expect([it.now, backend.mints]).toEqual(['paused(asked)', 1])
  })
})

describe('accessToken', () => {
  it('hands out the current token, minted if need be', async () => {
    const it = story()
    const given = it.session.accessToken()
    await it.world.settle()
    expect(await given).toBe(it.backend.tokens[0])
    await it.connected()
    expect(await it.session.accessToken()).toBe(it.backend.tokens[0])
    expect(it.backend.mints).toBe(1)
  })

  it('takes back the last one that it handed out', async () => {
    const it = await story().connected()
    await it.session.accessToken()
    const fresh = it.session.accessToken({ rejected: true })
    await it.world.settle()
    expect(await fresh).toBe(it.backend.tokens[1])
  })

  it('gives a fresh one for a ticket that is minted at the dial, while the link is up', async () => {
    for (const own of [{ use: 'single' as const }, {}]) {
      const it = await story({ tokens: answersTokens({ connectBy: 10 }) }, own).connected()
      await it.advance(30_000)
      const given = it.session.accessToken()
      await it.world.settle()
      expect(await given).toBe(it.backend.tokens[1])
      expect(it.now).toBe('connected')
      it.backend.now(failsWith(500))
      await it.advance(30_000)
      expect(await it.outcome(it.session.accessToken())).toBe('unavailable')
    }
  })

  it('rejects while paused, closed or failed, and with the next refusal', async () => {
    const it = await story().connected()
    it.session.pause()
    expect(await it.outcome(it.session.accessToken())).toBe('paused')
    void it.session.close()
    expect(await it.outcome(it.session.accessToken())).toBe('closed')
    const refused = story({ tokens: refuses('key_refused') })
    expect(await refused.outcome(refused.session.accessToken())).toBe('key_refused')
    const failed = story({ provider: closesWith(4403) })
    await failed.outcome(failed.session.connect())
    expect(await failed.outcome(failed.session.accessToken())).toBe('stopped')
  })

  it('rejects for an idle session whose one mint failed, instead of waiting for ever', async () => {
    for (const [behaviour, code] of [
      [failsWith(500), 'unavailable'],
      [isSilent(), 'timeout'],
      [refuses('forbidden'), 'forbidden'],
    ] as const) {
      const it = story({ tokens: behaviour })
      expect(await it.outcome(it.session.accessToken(), 10_001)).toBe(code)
      expect(await it.outcome(it.session.accessToken(), 20_001)).toBe(code)
    }
  })

  it('rejects when the session closes meanwhile, inside a listener too', async () => {
    const it = story({ tokens: isSilent() })
    it.session.on('status', ({ name }) => {
      if (name === 'connecting') void it.session.close()
    })
    const given = it.session.accessToken()
    void it.session.connect()
    expect(await it.outcome(given)).toBe('closed')
  })
})

describe('fetchWith', () => {
  const api = (it: Story, answer: (token: string | null) => number): { calls: (string | null)[] } => {
    const calls: (string | null)[] = []
    it.world.serve('https://api.test', (request) => {
      const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? null
      calls.push(token)
      return Promise.resolve(new Response('{}', { status: answer(token) }))
    })
    return { calls }
  }

  it('sends the token as Bearer, to listed origins only', async () => {
    const it = story({}, { rest: ['https://api.test'] })
    const { calls } = api(it, () => 200)
    const response = await fetchWith(it.session, '/v1/chats')
    expect([response.status, calls]).toEqual([200, [it.backend.tokens[0]]])
    for (const url of ['https://evil.test/', 'https://api.test.evil.test/', 'http://api.test/', '//evil.test/x']) {
      expect(await it.outcome(fetchWith(it.session, url))).toMatch(/^TypeError/)
    }
  })

  it('goes below an address that is listed with a path, and not beside it', async () => {
    const it = story({}, { rest: ['https://api.test/forward/'] })
    const paths: string[] = []
    it.world.serve('https://api.test', ({ url }) => (paths.push(new URL(url).pathname), Promise.resolve(new Response())))
    for (const url of ['/v2/contacts', 'https://api.test/forward/v2/contacts']) await fetchWith(it.session, url)
    expect(paths).toEqual(['/forward/v2/contacts', '/forward/v2/contacts'])
    for (const url of ['https://api.test/', 'https://api.test/forwarded/v2', '/../v2', '/%2e%2e/v2'])
      expect(await it.outcome(fetchWith(it.session, url))).toMatch(/^TypeError/)
    expect(paths).toHaveLength(2)
  })

  it('answers a 401 with one forced renewal and one more try', async () => {
    const it = story({}, { rest: ['https://api.test'] })
    const first = await it.session.accessToken()
    const { calls } = api(it, (token) => (token === first ? 401 : 200))
    expect((await fetchWith(it.session, 'https://api.test/a')).status).toBe(200)
    expect([calls, it.backend.mints]).toEqual([[first, it.backend.tokens[1]], 2])
    const never = story({}, { rest: ['https://api.test'] })
    const all = api(never, () => 401)
    expect((await fetchWith(never.session, 'https://api.test/a')).status).toBe(401)
    expect([all.calls.length, never.backend.mints]).toEqual([2, 2])
  })

  it('gives back the generation that was refused, not one that came meanwhile', async () => {
    const it = story({}, { rest: ['https://api.test'] })
    await it.connected()
    const old = it.backend.tokens[0]
    let answer = (_response: Response): void => {}
    it.world.serve('https://api.test', (request) =>
      request.headers.get('authorization') === `Bearer ${old}`
        ? new Promise((resolve) => (answer = resolve))
        : Promise.resolve(new Response()),
    )
    const slow = fetchWith(it.session, 'https://api.test/slow')
    await it.advance(300_000)
    await it.session.accessToken()
    answer(new Response(null, { status: 401 }))
    expect((await slow).status).toBe(200)
    expect(it.backend.mints).toBe(2)
  })

  it('follows no redirect, whatever it is told, and sends no stream twice', async () => {
    const it = story({}, { rest: ['https://api.test'] })
    const inits: RequestInit[] = []
    const spied = new Story({}, (common) => ({
      url: providerUrl,
      rest: ['https://api.test'],
      ...common,
      host: {
        ...common.host,
        fetch: (url, init) =>
          url === '/token' ? common.host.fetch(url, init) : (inits.push(init), Promise.resolve(new Response(null, { status: 401 }))),
      },
    }))
    await fetchWith(spied.session, 'https://api.test/', { redirect: 'follow' })
    expect(inits.map(({ redirect }) => redirect)).toEqual(['error', 'error'])
    await fetchWith(spied.session, 'https://api.test/', { method: 'POST', body: new ReadableStream() })
    expect(inits).toHaveLength(3)
    expect(it.now).toBe('idle')
  })
})

describe('release', () => {
  const released = (): Story => new Story({ tokens: answersTokens({ handle: 'tx-1' }) }, (common) => ({ ...common, preset: lease }))

  it('tells the backend on close, and close() waits for it', async () => {
    const it = await released().connected()
    expect(await it.outcome(it.session.close())).toBe('done')
    expect(it.backend.released).toEqual(['tx-1'])
    expect(it.world.census).toMatchObject(nothing)
  })

  it('comes from the last session of a source alone, and outlives the page', async () => {
    const { session, backend } = shared(answersTokens({ handle: 'tx-1' }), definePreset({ ...ticket, release: true }))
    const keepalive: (boolean | undefined)[] = []
    const ask = backend.fetch.bind(backend)
    backend.fetch = (init) => (keepalive.push(init.keepalive), ask(init))
    const [a, b] = [await session().connected(), await session().connected()]
    await a.session.close()
    expect(backend.released).toEqual([])
    await b.session.close()
    expect([backend.released, keepalive]).toEqual([['tx-1'], [false, true]])
  })

  it('waits at most 2 s', async () => {
    const it = new Story({ tokens: answersTokens({ handle: 'tx-1' }) }, (common) => ({
      ...common,
      preset: lease,
      host: {
        ...common.host,
        fetch: (url, init) => ((init.body as string).includes('release') ? new Promise(() => {}) : common.host.fetch(url, init)),
      },
    }))
    await it.connected()
    const closing = it.session.close()
    expect(await it.outcome(closing, 1999)).toBe('pending')
    expect(await it.outcome(closing, 1)).toBe('done')
  })

  it('gives up after 10 s, with the session long closed', async () => {
    const signals: (AbortSignal | null | undefined)[] = []
    const it = new Story({ tokens: answersTokens({ handle: 'tx-1' }) }, (common) => ({
      ...common,
      preset: lease,
      host: {
        ...common.host,
        fetch: (url, init) =>
          (init.body as string).includes('release') ? (signals.push(init.signal), new Promise(() => {})) : common.host.fetch(url, init),
      },
    }))
    await it.connected()
    void it.session.close()
    await it.advance(9_999)
    expect(signals.map((signal) => signal?.aborted)).toEqual([false])
    await it.advance(1)
    expect(signals.map((signal) => signal?.aborted)).toEqual([true])
  })

  it('never uses again what was given back', async () => {
    const it = await released().connected()
    await it.leftovers()
    await it.connected()
    expect(it.provider.token).toBe(it.backend.tokens[1])
    expect(it.backend.asks[1]).toMatchObject({ reason: 'connect', handle: undefined })
  })
})
