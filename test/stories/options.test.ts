import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { build } from 'vite'
import { describe, expect, it } from 'vitest'
import * as heartwire from '../../src/index.ts'
import { createSession, createTokenSource, definePreset, fetchWith, messages, statsOf, traceOf } from '../../src/index.ts'
import { closesWith, isSilent, nothing, providerUrl, refuses, story } from './backends.ts'

describe('a mistake of the programmer is a TypeError at once', () => {
  const good = { url: providerUrl, tokenSource: '/api/token' }
  const preset = definePreset({ name: 'p', docs: '', url: () => providerUrl, token: { kind: 'ticket' } })
  const bad: [string, unknown][] = [
    ['no options', undefined],
    ['null', null],
    ['neither preset nor url', { tokenSource: '/api/token' }],
    ['both preset and url', { ...good, preset }],
    ['a preset that was not called', { tokenSource: '/api/token', preset: () => preset }],
    ['no tokenSource', { url: providerUrl }],
    ['a url that is none', { ...good, url: 'provider' }],
    ['a relative url', { ...good, url: '/live' }],
    ['an http url', { ...good, url: 'https://provider.test' }],
    ['a url in clear', { ...good, url: 'ws://provider.test' }],
    ['a url with a fragment', { ...good, url: `${providerUrl}#a` }],
    ['a url with a key', { ...good, url: `${providerUrl}?api_key=abc` }],
    ['a url with a token', { ...good, url: `${providerUrl}?access_token=abc` }],
    ['a url with a password', { ...good, url: 'wss://me:secret@provider.test' }],
    ['a url that is a number', { ...good, url: 7 }],
    ['a token as tokenSource', { ...good, tokenSource: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln' }],
    ['a live key as tokenSource', { ...good, tokenSource: 'sk_live_0123456789abcdef' }],
    ['another live key', { ...good, tokenSource: { url: 'ah_live_0123456789abcdef' } }],
    ['a key in the address of the endpoint', { ...good, tokenSource: '/api/token?api_key=abc' }],
    ['an empty tokenSource', { ...good, tokenSource: '' }],
    ['a tokenSource of words', { ...good, tokenSource: 'my token' }],
    ['a tokenSource without url', { ...good, tokenSource: {} }],
    ['a tokenSource that is a number', { ...good, tokenSource: 7 }],
    ['null as tokenSource', { ...good, tokenSource: null }],
    ['Basic in a header', { ...good, tokenSource: { url: '/t', headers: { Authorization: 'Basic abc' } } }],
    ['a live key in a header', { ...good, tokenSource: { url: '/t', headers: { authorization: 'Bearer sk_live_0123456789' } } }],
    ['a query parameter for keys', { ...good, placement: { in: 'query', name: 'api_key' } }],
    ['a kind that is none', { ...good, kind: 'leese' }],
    ['a use that is none', { ...good, use: 'often' }],
    ['a lease without heartbeat', { ...good, kind: 'lease' }],
    ['a heartbeat of nothing', { ...good, kind: 'lease', heartbeat: { intervalMs: 0 } }],
    ['pauseWhenHiddenMs 0', { ...good, pauseWhenHiddenMs: 0 }],
    ['giveUpAfterMs that is no number', { ...good, giveUpAfterMs: NaN }],
    ['a probe without end', { ...good, probe: { firstMs: 1000, capMs: Infinity } }],
    ['a probe whose cap is below its first', { ...good, probe: { firstMs: 1000, capMs: 10 } }],
    ['onReady that is no function', { ...good, onReady: true }],
    ['ready that is no function', { ...good, ready: 'open' }],
    ['a webSocket that is no constructor', { ...good, webSocket: 'ws' }],
    ['a fetch that is no function', { ...good, fetch: {} }],
    ['a placement that is none', { ...good, placement: { in: 'header' } }],
    ['liveness that never probes', { ...good, liveness: { idleMs: 0, probe: () => ({}) } }],
    ['liveness without a probe', { ...good, liveness: { idleMs: 1000 } }],
    ['closeCodes that are no list', { ...good, closeCodes: { from: 4000, to: 4999, then: 'stop' } }],
    ['rest that is no list', { ...good, rest: 'https://api.test' }],
  ]
  it.each(bad)('%s', (_what, options) => {
    expect(() => createSession(options as never)).toThrow(TypeError)
  })

  it('and says where it is, and about which option', () => {
    for (const [, options] of bad) expect(() => createSession(options as never)).toThrow(/^createSession: .|^tokenSource: ./)
  })

  it('and never repeats what may be a secret', () => {
    const said = bad.map(([, options]) => {
      try {
        return createSession(options as never).status.name
      } catch (error) {
        return String(error)
      }
    })
    expect(said.join()).not.toMatch(/sk_live_0|eyJh|:secret@|Basic abc/)
  })

  it('in createTokenSource and definePreset, too', () => {
    for (const where of ['', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', {}, 7, null])
      expect(() => createTokenSource(where as never)).toThrow(TypeError)
    expect(() => definePreset({ name: 'x', docs: '', url: () => '', token: { kind: 'lease' } })).toThrow(TypeError)
    expect(() => definePreset({ name: 'x', docs: '', token: { kind: 'ticket' } })).toThrow(TypeError)
    expect(() => definePreset({ ...preset, ready: 'frame' })).toThrow(TypeError)
  })

  it('in a session of a shared source that would have a socket or a fetch of its own', () => {
    const Socket = function () {}
    const tokenSource = createTokenSource('/api/token', { preset })
    expect(() => createSession({ preset, tokenSource, webSocket: Socket as never })).toThrow(TypeError)
    expect(() => createSession({ preset, tokenSource, fetch: () => Promise.reject(new Error('none')) })).toThrow(TypeError)
    const given = createTokenSource('/api/token', { preset, webSocket: Socket as never })
    expect(createSession({ preset, tokenSource: given, webSocket: Socket as never }).status.name).toBe('idle')
    expect(createSession({ preset, tokenSource: given }).status.name).toBe('idle')
  })

  it('in the functions that take a session', async () => {
    for (const take of [statsOf, traceOf]) expect(() => take({} as never)).toThrow(TypeError)
    await expect(fetchWith({} as never, 'https://api.test')).rejects.toThrow(TypeError)
  })

  it('but ws: on this very machine, and a function for the url, are fine', () => {
    for (const url of [
      'ws://localhost:8080/live',
      'ws://127.0.0.1/live',
      'ws://[::1]/live',
      'ws://app.localhost/live',
      () => providerUrl,
    ]) {
      expect(() => createSession({ url, tokenSource: '/api/token' })).not.toThrow()
    }
  })
})

it('touches nothing of its world at import and in a constructor', async () => {
  const root = join(import.meta.dirname, '../..')
  const entry = join(root, 'stories-entry.js')
  const application = `
    import { createSession, createTokenSource } from './src/index.ts'
    const session = createSession({ url: 'wss://provider.test', tokenSource: '/api/token' })
    session.on('status', () => {})
    createTokenSource('/api/token')
    globalThis.result = session.status.name
  `
  const built = (await build({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [{ name: 'entry', resolveId: (id) => (id === entry ? id : null), load: (id) => (id === entry ? application : null) }],
    build: { write: false, target: 'es2022', modulePreload: false, rolldownOptions: { input: entry, output: { format: 'iife' } } },
  })) as { output: { code: string }[] }
  // The language and its next neighbours, no network, clock or page: with any of those, this would be a ReferenceError.
  const world: Record<string, unknown> = { URL, AbortController, TextEncoder, TextDecoder }
  runInNewContext(built.output[0]!.code, world)
  expect(world['result']).toBe('idle')
})

it('offers what it offers', () => {
  expect(Object.keys(heartwire).sort()).toEqual([
    'SessionError',
    'createSession',
    'createTokenSource',
    'definePreset',
    'fetchWith',
    'messages',
    'statsOf',
    'traceOf',
  ])
})

describe('messages()', () => {
  it('yields what arrives and ends with the session', async () => {
    const it = await story<{ n: number }>().connected()
    const got: number[] = []
    const reading = (async () => {
      for await (const { n } of messages(it.session)) got.push(n)
    })()
    for (const n of [1, 2, 3]) it.provider.say({ n })
    await it.world.settle()
    void it.session.close()
    expect(await it.outcome(reading)).toBe('done')
    expect(got).toEqual([1, 2, 3])
    expect(await it.outcome(messages(it.session).next())).toBe('done')
  })

  it('keeps the newest for a slow reader and counts the rest', async () => {
    const it = await story<{ n: number }>().connected()
    const all = messages(it.session, { limit: 2 })
    for (const n of [1, 2, 3, 4]) it.provider.say({ n })
    await it.world.settle()
    expect([await all.next(), all.dropped]).toEqual([{ done: false, value: { n: 3 } }, 2])
    await all.return?.()
    expect(await all.next()).toEqual({ done: true, value: undefined })
  })

  it('serves two readers at once', async () => {
    const it = await story<{ n: number }>().connected()
    const all = messages(it.session)
    const both = Promise.all([all.next(), all.next()])
    it.provider.say({ n: 1 })
    it.provider.say({ n: 2 })
    expect(await it.outcome(both)).toBe('done')
    expect((await both).map(({ value }) => (value as { n: number }).n).sort((a, b) => a - b)).toEqual([1, 2])
  })

  it('ends when the session fails', async () => {
    const it = story({ provider: closesWith(4403) })
    const next = messages(it.session).next()
    void it.session.connect()
    expect(await it.outcome(next)).toBe('done')
  })
})

describe('statsOf and traceOf', () => {
  it('count mints, dials and lateness, and say when', async () => {
    const it = await story().connected()
    const at = it.host.wall()
    expect(statsOf(it.session)).toMatchObject({ mints: 1, dials: 1, lateMs: 0, roundTripMs: 0 })
    const { renewsAt, expiresAt } = statsOf(it.session)
    expect(renewsAt! - at).toBeGreaterThanOrEqual(270_000)
    expect(renewsAt! - at).toBeLessThanOrEqual(300_000)
    expect(expiresAt! - at).toBe(450_000)
    const idle = story({ tokens: isSilent() })
    expect(statsOf(idle.session)).toEqual({
      mints: 0,
      dials: 0,
      lateMs: 0,
      roundTripMs: undefined,
      renewsAt: undefined,
      expiresAt: undefined,
    })
  })

  it('record events, each trace for itself, and stop', async () => {
    const it = story()
    const [a, b] = [traceOf(it.session), traceOf(it.session, { limit: 3 })]
    await it.connected()
    expect(a.entries.map(({ event }) => event.is)).toEqual(['attach', 'connect', 'minted', 'dialled', 'opened'])
    expect(b.entries).toHaveLength(3)
    a.stop()
    it.session.pause()
    expect([a.entries.at(-1)?.event.is, b.entries.at(-1)?.event.is]).toEqual(['opened', 'pause'])
  })
})

describe('subscribe and getSnapshot', () => {
  it('fit useSyncExternalStore: bound, stable, and in step', async () => {
    const it = story()
    const { subscribe, getSnapshot } = it.session
    const seen: unknown[] = []
    const stop = subscribe(() => seen.push(getSnapshot()))
    expect(getSnapshot()).toBe(getSnapshot())
    await it.connected()
    expect(seen).toEqual([{ name: 'connecting' }, { name: 'connected', renewal: 'ok' }])
    expect(getSnapshot()).toBe(it.session.status)
    stop()
    await it.leftovers()
    expect(seen).toHaveLength(2)
  })

  it('show times by the clock on the wall', async () => {
    const it = story({ tokens: refuses('quota', { retryAfter: 100 }) })
    it.world.skewWall(1e10)
    await it.outcome(it.session.connect())
    expect(it.session.status).toEqual({ name: 'paused', reason: 'refused', code: 'quota', retryAt: it.host.wall() + 100_000 })
    expect(await it.leftovers()).toEqual(nothing)
  })
})
