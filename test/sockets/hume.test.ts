/** Hume's ticket over real HTTP and real sockets, and beside it what Hume's own client does in the same places. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve as serveHono } from '@hono/node-server'
import { Hono } from 'hono'
import { HumeClient } from 'hume'
import { describe, expect, test, vi } from 'vitest'
import { createHume, type HumeOptions, type KeyPair } from '../../src/emulator/hume.ts'
import { createSession } from '../../src/index.ts'
import { humeEvi } from '../../src/presets/hume.ts'
import { createTokenEndpoint, humeMint } from '../../src/server/index.ts'
import { toNodeHandler } from '../../src/server/node.ts'
import { connect, eventually } from '../emulator/client.ts'
import { emulatorWorld, recordingWebSocket, station, stillJitter, undoLater, watch } from './backend.ts'

type Endpoint = (request: Request) => Promise<Response>

/** The token endpoint on a server as developers write them. Gives its address. */
const mounts: Record<string, (endpoint: Endpoint) => Promise<string>> = {
  async 'node:http'(endpoint) {
    const server = createServer(toNodeHandler(endpoint))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    undoLater(() => new Promise<void>((resolve) => (server.closeAllConnections(), server.close(() => resolve()))))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/hume/token`
  },
  hono(endpoint) {
    const app = new Hono()
    app.all('/api/hume/token', (c) => endpoint(c.req.raw))
    return new Promise((resolve) => {
      const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
        resolve(`http://127.0.0.1:${port}/api/hume/token`),
      )
      undoLater(() => new Promise((done) => server.close(done)))
    })
  },
}

async function scene(options: HumeOptions = {}, mount = mounts['node:http']!) {
  const hume = createHume({ world: emulatorWorld(), ...options })
  const provider = await station(hume)
  let pair = hume.installed[0]!
  const mint = humeMint({ credentials: () => pair, host: provider.url })
  const tokenSource = await mount(createTokenEndpoint({ mint, onError: () => {} }))
  const { WebSocket, dialled } = recordingWebSocket()
  const session = createSession({
    preset: humeEvi({ host: provider.wsUrl }),
    tokenSource,
    webSocket: WebSocket,
    probe: { firstMs: 100, capMs: 200 },
  })
  const watched = watch(session)
  const types = () => watched.messages.map((message) => (message as { type?: string }).type)
  return { hume, provider, session, dialled, types, install: (next: KeyPair) => void (pair = next), ...watched }
}

const tokensOf = (dialled: readonly URL[]) => dialled.map((url) => url.searchParams.get('access_token'))

describe.each(Object.entries(mounts))('a chat, with the token endpoint on %s', (_, mount) => {
  test('connects, is asked and answers, and says good-bye', async () => {
    const { hume, session, trail, types, when } = await scene({}, mount)
    // Before the link is ready: it waits, and is not lost.
    const connecting = session.connect()
    expect(session.send({ type: 'user_input', text: 'Hello' })).toBe('queued')
    await connecting
    await when(() => types().includes('assistant_end'))
    expect(session.send({ type: 'user_input', text: 'And you?' })).toBe('sent')
    await when(() => types().filter((type) => type === 'assistant_end').length === 2)
    await session.close()
    await eventually(() => hume.chats[0]?.status).toBe('USER_ENDED')
    expect(hume.chats[0]?.closeCode).toBe(1000)
    expect(trail).toEqual(['connecting', 'connected', 'closed'])
    expect(hume.counts).toMatchObject({ mints: 1, upgrades: 1, chats: 1 })
  })
})

describe('renewal', () => {
  test('keeps the ticket fresh in the background; the chat stays on its one socket', async () => {
    const { hume, session, trail, dialled } = await scene({ tokenTtlSeconds: 1 })
    await session.connect()
    await eventually(() => hume.counts.mints).toBeGreaterThanOrEqual(4)
    expect(trail.slice(trail.indexOf('connected'))).toEqual(['connected'])
    expect(dialled).toHaveLength(1)
    expect(hume.counts).toMatchObject({ upgrades: 1, refusedUpgrades: 0, chats: 1 })
  })

  test('that is refused cuts nothing: the chat outlives its ticket, and only a drop shows the verdict', async () => {
    stillJitter()
    const { hume, session, trail, until, types, when, install } = await scene({ tokenTtlSeconds: 1 })
    await session.connect()
    hume.refuseMints(401)
    await until('connected failing')
    hume.expireTokens()
    session.send({ type: 'user_input', text: 'Hello' })
    await when(() => types().includes('assistant_end'))
    expect(hume.counts).toMatchObject({ upgrades: 1, refusedUpgrades: 0, chats: 1 })
    hume.dropSockets(1012)
    await until('paused refused key_refused')
    hume.refuseMints(null)
    install(hume.regenerateKeys())
    await until('connected')
    expect(trail.slice(0, 3)).toEqual(['connecting', 'connected', 'connected failing'])
    expect(new Set(hume.chats.map((chat) => chat.chat_group_id)).size).toBe(1)
  })
})

/** One drop, after the token that opened the chat has died. The two clients meet the same emulator in the same moment. */
describe('a drop after the first token has expired', () => {
  test('costs a Heartwire session one fresh token, and it goes on with the same chat group', async () => {
    stillJitter()
    const { hume, session, trail, until, dialled, types } = await scene({ tokenTtlSeconds: 1 })
    await session.connect()
    const [first] = tokensOf(dialled)
    // The ticket was renewed in the background: the first one is over by itself.
    await eventually(() => hume.counts.mints).toBeGreaterThanOrEqual(3)
    const lost = until('reconnecting')
    hume.dropSockets(1012)
    await lost
    await until('connected')
    expect(tokensOf(dialled)).toHaveLength(2)
    expect(tokensOf(dialled)[1]).not.toBe(first)
    expect(hume.counts).toMatchObject({ refusedUpgrades: 0, chats: 2 })
    expect(new Set(hume.chats.map((chat) => chat.chat_group_id)).size).toBe(1)
    expect(hume.chats[1]?.resumed).toBe(true)
    expect(trail).toEqual(['connecting', 'connected', 'reconnecting', 'connected'])
    expect(types().filter((type) => type === 'chat_metadata')).toHaveLength(2)
  })

  test('even one that nobody could foresee: the handshake is refused once, one mint is forced', async () => {
    stillJitter()
    const { hume, session, until, dialled, trail } = await scene()
    await session.connect()
    hume.expireTokens()
    const lost = until('reconnecting')
    hume.dropSockets(1012)
    await lost
    await until('connected')
    expect(hume.counts).toMatchObject({ mints: 2, refusedUpgrades: 1, chats: 2 })
    expect(new Set(tokensOf(dialled)).size).toBe(2)
    expect(new Set(hume.chats.map((chat) => chat.chat_group_id)).size).toBe(1)
    expect(trail).toEqual(['connecting', 'connected', 'reconnecting', 'connected'])
  })

  test('ends a chat of the official SDK: it dials once more with the dead token, reports 1000, and stays away', async () => {
    const { hume, provider } = await scene()
    const handshakes: (string | null)[] = []
    const { upgrade } = hume
    hume.upgrade = (request) => {
      handshakes.push(request.url.searchParams.get('access_token'))
      return upgrade(request)
    }
    const { apiKey, secretKey } = hume.installed[0]!
    const response = await fetch(`${provider.url}/oauth2-cc/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${apiKey}:${secretKey}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const { access_token: accessToken } = (await response.json()) as { access_token: string }
    // The SDK waits 1 to 5 s before it comes back: time passes in steps, with a turn of the real network after each.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    undoLater(() => vi.useRealTimers())
    const socket = new HumeClient({ accessToken, environment: provider.url }).empathicVoice.chat.connect()
    undoLater(() => socket.close())
    const heard: string[] = []
    socket.on('message', ({ type }) => heard.push(type as string))
    socket.on('close', ({ code }) => heard.push(`close ${code}`))
    socket.on('error', () => heard.push('error'))
    const passUntil = async (isSo: () => boolean) => {
      while (!isSo()) {
        await vi.advanceTimersByTimeAsync(50)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await passUntil(() => heard.includes('chat_metadata'))
    hume.expireTokens()
    hume.dropSockets(1012)
    await passUntil(() => heard.includes('close 1000'))
    expect(heard.slice(0, 3)).toEqual(['chat_metadata', 'close 1012', 'close 1000'])
    await vi.advanceTimersByTimeAsync(3_600_000)
    // A round trip of our own: a dial that was begun before it would have arrived.
    await fetch(provider.url)
    expect(handshakes).toEqual([accessToken, accessToken])
    expect(hume.counts).toMatchObject({ mints: 1, upgrades: 1, refusedUpgrades: 1, chats: 1 })
  })
})

describe('a handshake', () => {
  test('is refused beside a hono server too, which puts its own Response in the global place', async () => {
    const before = globalThis.Response
    const { provider, hume } = await scene({}, mounts['hono'])
    expect([before, globalThis.Response].some((one) => !(Response.json({}) instanceof one))).toBe(true)
    const { refused } = connect(`${provider.wsUrl}/v0/evi/chat?access_token=none`)
    expect(await refused).toBe(401)
    expect(hume.counts).toMatchObject({ upgrades: 0, refusedUpgrades: 1 })
  })

  test('that is refused with 401 forces one mint', async () => {
    stillJitter(0.3)
    const { hume, session, trail, dialled } = await scene()
    hume.refuseHandshakes(401, 1)
    await session.connect()
    expect(new Set(tokensOf(dialled)).size).toBe(2)
    expect(hume.counts).toMatchObject({ mints: 2, upgrades: 1, refusedUpgrades: 1 })
    expect(trail.slice(trail.indexOf('connected'))).toEqual(['connected'])
  })

  test('that opens and says nothing is not connected', async () => {
    stillJitter()
    const { hume, session, trail, provider } = await scene()
    hume.withholdMetadata(true)
    const connecting = session.connect()
    await eventually(() => provider.faults.open).toBe(1)
    expect(session.status.name).toBe('connecting')
    hume.withholdMetadata(false)
    hume.dropSockets(1011)
    await connecting
    expect(trail.at(-1)).toBe('connected')
  })
})
