/** bitHuman's lease over real HTTP and real sockets. Beats are as short as the mint bucket lets them be: two a second. */
import { describe, expect, test, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { createBithuman, type Bithuman, type BithumanOptions } from '../../src/emulator/bithuman.ts'
import { createSession, type PresetSessionOptions } from '../../src/index.ts'
import { bitHuman, type BitHumanOptions } from '../../src/presets/bithuman.ts'
import { bithumanMint, createTokenEndpoint } from '../../src/server/index.ts'
import { eventually } from '../emulator/client.ts'
import { emulatorWorld, recordingWebSocket, routeOf, station, stillJitter, undoLater, watch } from './backend.ts'

type Frame = { readonly type: string }

/** The emulator, a backend that holds its secret, and a session of a page. */
async function scene(preset: BitHumanOptions<Frame> = {}, emulator: BithumanOptions = {}) {
  const bithuman = createBithuman({ world: emulatorWorld(), fps: 50, tokenTtlSeconds: 60, ...emulator })
  const provider = await station(bithuman)
  let secret = bithuman.secret
  const mint = bithumanMint({ secret: () => secret, host: provider.url })
  const backend = await station(routeOf(createTokenEndpoint({ mint, limit: false, onError: () => {} })))
  const { WebSocket, dialled } = recordingWebSocket()
  const runtime = `${provider.wsUrl}/v1/runtime/A1`
  const begin = (more: Partial<PresetSessionOptions<Frame, unknown>> = {}, own: BitHumanOptions<Frame> = { url: runtime }) => {
    const session = createSession({
      preset: bitHuman<Frame>({ beatMs: 100, graceMs: 60_000, ...own, ...preset }),
      tokenSource: `${backend.url}/token`,
      webSocket: WebSocket,
      probe: { firstMs: 100, capMs: 200 },
      ...more,
    })
    return { session, ...watch(session) }
  }
  return { bithuman, provider, backend, dialled, begin, install: (key: string) => void (secret = key), runtime }
}

/** Beats need no socket to be seen: the emulator counts them. */
const beats = (bithuman: Bithuman, count: number) => eventually(() => bithuman.counts.mints).toBeGreaterThanOrEqual(count)

describe('a runtime socket', () => {
  test('is one socket and one billed session however many beats', async () => {
    const { bithuman, begin, dialled } = await scene()
    const { session, trail, when, messages } = begin()
    await session.connect()
    await beats(bithuman, 5)
    const before = bithuman.counts.frames
    await when(() => messages.length > before)
    expect(trail.slice(trail.indexOf('connected'))).toEqual(['connected'])
    expect(dialled).toHaveLength(1)
    expect(bithuman.counts).toMatchObject({ upgrades: 1, sessions: 1, refusedMints: 0 })
    expect(bithuman.liveSockets).toBe(1)
  })

  test('pauses as refused when the key is rotated, frames stop, and it comes back by itself with the new key', async () => {
    const { bithuman, backend, begin, install } = await scene()
    const { session, trail, until, messages, when } = begin()
    await session.connect()
    await when(() => messages.length > 2)
    const next = bithuman.rotate()
    await until('paused refused key_refused')
    const { frames } = bithuman.counts
    await eventually(() => bithuman.liveSockets).toBe(0)
    // Two probes later there is still no frame and no handshake.
    const asked = backend.faults.requests
    await eventually(() => backend.faults.requests).toBeGreaterThan(asked + 1)
    expect(bithuman.counts).toMatchObject({ frames, upgrades: 1, refusedMints: 1 })
    install(next)
    await until('connected')
    await when(() => messages.length > frames + 2)
    expect(trail.slice(trail.indexOf('connected'))).toEqual(['connected', 'paused refused key_refused', 'connected'])
    expect(bithuman.counts.upgrades).toBe(2)
    expect(bithuman.liveSockets).toBe(1)
  })

  test('lives on while nothing answers, pauses as expired when the grace is over, and comes back when it is healed', async () => {
    const { provider, backend, begin, dialled, bithuman } = await scene({ graceMs: 900 })
    const { session, trail, until } = begin()
    await session.connect()
    backend.faults.silence(true)
    provider.faults.silence(true)
    await until('paused expired timeout')
    expect(dialled).toHaveLength(1)
    backend.faults.heal()
    provider.faults.heal()
    await until('connected')
    // How long each part takes is a matter of the stories in virtual time; a starved machine may lose so short a grace twice.
    expect(trail.slice(trail.indexOf('connected')).slice(0, 3)).toEqual(['connected', 'paused expired timeout', 'reconnecting'])
    expect(dialled.length).toBeGreaterThanOrEqual(2)
    await eventually(() => bithuman.liveSockets).toBe(1)
  })

  test('takes one forced mint when the handshake is refused, and no more', async () => {
    stillJitter()
    const { provider, bithuman, begin, dialled } = await scene({ beatMs: 60_000 })
    provider.faults.refuseUpgrades(401, 1)
    const { session, trail } = begin()
    await session.connect()
    expect(trail.slice(trail.indexOf('connected'))).toEqual(['connected'])
    // (The second dial does not wait for it: which token it takes, the stories in virtual time say.)
    await eventually(() => bithuman.counts.mints).toBe(2)
    expect(dialled).toHaveLength(2)
    expect(bithuman.counts.sessions).toBe(1)
  })

  test('goes on dialling with the same token when the forced mint did not help', async () => {
    stillJitter()
    const { provider, bithuman, begin, dialled } = await scene({ beatMs: 60_000 })
    provider.faults.refuseUpgrades(401, 4)
    const { session } = begin()
    await session.connect()
    expect(dialled).toHaveLength(5)
    expect(bithuman.counts.mints).toBe(2)
  })

  test('a half-open link is noticed by its silence and replaced', async () => {
    stillJitter()
    const { provider, begin, dialled } = await scene({ liveness: { idleMs: 100, answerMs: 100, probe: () => ({ type: 'ping' }) } })
    const { session, until } = begin()
    await session.connect()
    provider.faults.silence(true)
    await until('reconnecting')
    provider.faults.heal()
    await until('connected')
    expect(dialled.length).toBeGreaterThan(1)
    await eventually(() => provider.faults.open).toBe(1)
  })

  test.each([undefined, 1001, 1011, 1012, 4401])('is dialled again after a close with %s', async (code) => {
    stillJitter()
    const { bithuman, begin, dialled } = await scene({ beatMs: 60_000 })
    const { session, until } = begin()
    await session.connect()
    const lost = until('reconnecting')
    bithuman.dropSockets(code)
    await lost
    await until('connected')
    expect(dialled).toHaveLength(2)
    // 4401 says that the grant is bad, so it costs a mint; the others do not.
    expect(bithuman.counts.mints).toBe(code === 4401 ? 2 : 1)
    expect(bithuman.counts.sessions).toBe(1)
  })
})

describe('close()', () => {
  test('settles with the farewell, tells the provider that the session is over, and leaves nothing', async () => {
    const { bithuman, provider, backend, begin } = await scene()
    const { session } = begin()
    await session.connect()
    await session.close()
    expect(session.status).toEqual({ name: 'closed' })
    expect(provider.faults.open).toBe(0)
    const { requests } = backend.faults
    const { mints } = bithuman.counts
    // A release is the last that the backend hears.
    expect(requests).toBe(mints + 1)
  })

  test('settles after 2 s whatever the peer does', async () => {
    const { provider, backend, begin } = await scene()
    const { session } = begin()
    await session.connect()
    provider.faults.silence(true)
    backend.faults.silence(true)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    undoLater(() => vi.useRealTimers())
    let closed = false
    const closing = session.close().then(() => (closed = true))
    expect(session.status).toEqual({ name: 'closed' })
    await vi.advanceTimersByTimeAsync(1999)
    expect(closed).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await closing
  })

  test('during the first mint opens no socket', async () => {
    const { backend, begin, dialled } = await scene()
    const { session } = begin()
    backend.faults.slow(50)
    const connecting = session.connect()
    await eventually(() => backend.faults.requests).toBe(1)
    await session.close()
    await expect(connecting).rejects.toMatchObject({ code: 'closed' })
    expect(dialled).toEqual([])
  })
})

describe('the lease alone', () => {
  /** No engine of ours: whoever constructs a socket fails the test. */
  const never = function () {
    throw new Error('a socket was constructed')
  } as unknown as typeof WebSocket
  const leaseOnly = async (preset: BitHumanOptions<Frame> = {}) => {
    const parts = await scene(preset)
    return { ...parts, ...parts.begin({ webSocket: never }, {}) }
  }

  test('is connected while it is held, and hands out its token', async () => {
    const { session, trail, bithuman } = await leaseOnly()
    await session.connect()
    expect(bithuman.secrets()).toContain(await session.accessToken())
    await beats(bithuman, 4)
    expect(trail.slice(trail.indexOf('connected'))).toEqual(['connected'])
    expect(bithuman.counts).toMatchObject({ sessions: 1, upgrades: 0 })
    expect(() => session.send('x')).toThrow(TypeError)
  })

  test('pauses when the key is rotated and comes back with the new one', async () => {
    const { session, until, trail, bithuman, install } = await leaseOnly()
    await session.connect()
    const next = bithuman.rotate()
    await until('paused refused key_refused')
    await expect(session.accessToken()).rejects.toMatchObject({ code: 'key_refused' })
    install(next)
    await until('connected')
    expect(trail.slice(trail.indexOf('connected'))).toEqual(['connected', 'paused refused key_refused', 'connected'])
  })

  test('pauses when the grace is over and comes back when it is healed', async () => {
    const { session, until, backend } = await leaseOnly({ graceMs: 900 })
    await session.connect()
    backend.faults.silence(true)
    await until('paused expired timeout')
    backend.faults.heal()
    await until('connected')
  })
})
