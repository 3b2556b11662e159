/** The gateway on a real port, with `ws` and with bare TCP. Nothing waits for a time to pass: each test waits for an event. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { attachGateway, createGateway, memoryStore } from '../../src/server/gateway/index.ts'
import type { AttachedGateway, AttachOptions, Gateway, GatewayOptions, Store } from '../../src/server/gateway/index.ts'
import { audience, breakable, key, origin, upstreamOf } from './kit.ts'
import type { Frame } from './kit.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Served {
  readonly gateway: Gateway
  readonly attached: AttachedGateway
  readonly server: Server
  readonly port: number
  readonly store: Store
}

async function serve(options: Partial<GatewayOptions> = {}, attach: AttachOptions = {}): Promise<Served> {
  const store = options.store ?? memoryStore()
  const gateway = createGateway({ audience, keys: [key], origins: [origin], onError: () => {}, ...options, store })
  const server = createServer((_, response) => response.end('the application'))
  if (attach.rest === true) server.removeAllListeners('request')
  const attached = attachGateway(server, gateway, attach)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets.splice(0)) socket.terminate()
    for (const socket of raws.splice(0)) socket.destroy()
    server.closeAllConnections()
    await attached.close()
    await store.close()
    await closed
  })
  return { gateway, attached, server, port: (server.address() as AddressInfo).port, store }
}

const sockets: WebSocket[] = []
const raws: Socket[] = []

const lease = async (gateway: Gateway, id = 'ann'): Promise<string> =>
  (await gateway.mint({ user: { id }, handle: undefined, fields: {}, signal: new AbortController().signal })).access_token

function open(port: number, options: { path?: string; headers?: Record<string, string> } = {}): WebSocket {
  const { path = '/socket', headers = { origin } } = options
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
  socket.on('error', () => {})
  sockets.push(socket)
  return socket
}

const heard = async (socket: WebSocket): Promise<Frame> => {
  const [data] = (await once(socket, 'message')) as [Buffer]
  return JSON.parse(data.toString()) as Frame
}
const closeOf = async (socket: WebSocket): Promise<unknown> => (await once(socket, 'close'))[0]

/** One that has said hello, and its ready frame. */
async function greeted({ gateway, port }: Served, user?: string): Promise<[WebSocket, Frame]> {
  const socket = open(port)
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'hello', version: 1, access_token: await lease(gateway, user) }))
  return [socket, await heard(socket)]
}

/** What a handshake is refused with. */
async function refusal(socket: WebSocket): Promise<IncomingMessage> {
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  response.resume()
  return response
}

/** A WebSocket handshake over bare TCP: afterwards whatever comes is only read, and nothing is ever said. */
async function silent(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  raws.push(socket)
  socket.on('error', () => {})
  const handshake = ['GET /socket HTTP/1.1', 'host: 127.0.0.1', 'upgrade: websocket', 'connection: upgrade', `origin: ${origin}`]
  socket.write([...handshake, 'sec-websocket-version: 13', 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==', '', ''].join('\r\n'))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toContain('101')
  return socket
}

test('hello, ready, an event, and a goodbye', async () => {
  const served = await serve()
  const [socket, ready] = await greeted(served)
  expect(ready).toMatchObject({ type: 'ready', resumed: false })
  const event = heard(socket)
  await served.gateway.publish({ id: 'e1' }, ['ann'])
  expect(await event).toMatchObject({ type: 'event', event: { id: 'e1' } })
  socket.close(1000)
  expect([await closeOf(socket), served.gateway.connections]).toEqual([1000, 0])
})

test('a handshake is refused as HTTP: 403, 429, 503; never a redirect', async () => {
  const store = breakable(memoryStore())
  const { port, gateway } = await serve({ store, limits: { connectsPerAddressAndMinute: 2 } })
  const forbidden = await refusal(open(port, { headers: { origin: 'https://evil.test' } }))
  const nobody = await refusal(open(port, { headers: {} }))
  await Promise.all([once(open(port), 'open'), once(open(port), 'open')])
  const limited = await refusal(open(port))
  store.away = true
  const away = await refusal(open(port))
  gateway.drain()
  const draining = await refusal(open(port))
  const all = [forbidden, nobody, limited, away, draining]
  expect(all.map(({ statusCode }) => statusCode)).toEqual([403, 403, 429, 503, 503])
  expect(all.map(({ headers }) => headers.location)).toEqual(all.map(() => undefined))
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0)
})

test('a Host that is none is 400, and a store that breaks inside is 500', async () => {
  const throws = (): never => {
    throw new Error('the address is not to be had')
  }
  const { port } = await serve({ address: throws })
  expect((await refusal(open(port, { headers: { origin, host: 'a b' } }))).statusCode).toBe(400)
  expect((await refusal(open(port))).statusCode).toBe(500)
})

test('§5.2 a peer that never answers a ping is cut; one that does stays', async () => {
  const served = await serve({ limits: { helloMs: 60_000 } }, { pingMs: 400 })
  const socket = await silent(served.port)
  const lively = open(served.port)
  await once(lively, 'open')
  let pings = 0
  const pinged = new Promise<void>((resolve) => lively.on('ping', () => void (++pings === 2 && resolve())))
  await once(socket, 'close')
  await pinged
  // The client may hear of the end before the gateway has counted it.
  await vi.waitFor(() => expect(served.gateway.connections).toBe(1))
  expect(lively.readyState).toBe(WebSocket.OPEN)
})

test('a frame of more than 1 MiB is 1009, and the gateway goes on', async () => {
  const served = await serve()
  const [socket] = await greeted(served)
  const code = closeOf(socket)
  socket.send('x'.repeat(1024 * 1024 + 1))
  expect(await code).toBe(1009)
  expect((await greeted(served))[1].type).toBe('ready')
})

test('a binary frame is 1003', async () => {
  const [socket] = await greeted(await serve())
  const code = closeOf(socket)
  socket.send(new Uint8Array([1]))
  expect(await code).toBe(1003)
})

test('close() drains: goaway, 1012, and it resolves when the sockets are gone; a handshake under way is 503', async () => {
  let onTake = (): void => {}
  const memory = memoryStore()
  const store: Store = {
    ...memory,
    take(limit, who) {
      if (limit.name === 'addresses') onTake()
      return memory.take(limit, who)
    },
  }
  const served = await serve({ store })
  const [first] = await greeted(served)
  const [second] = await greeted(served, 'bob')
  const goodbye = Promise.all([first, second].map(async (socket) => [await heard(socket), await closeOf(socket)]))
  let closing: Promise<void> | undefined
  onTake = () => {
    closing = served.attached.close({ spreadMs: 40_000 })
  }
  const late = await refusal(open(served.port))
  expect(await goodbye).toEqual([
    [{ type: 'goaway', spread_ms: 40_000 }, 1012],
    [{ type: 'goaway', spread_ms: 40_000 }, 1012],
  ])
  await closing
  expect([late.statusCode, served.gateway.connections]).toEqual([503, 0])
})

test('path: other handshakes are left to whoever else listens', async () => {
  const served = await serve({}, { path: '/socket' })
  const others: unknown[] = []
  served.server.on('upgrade', (incoming: IncomingMessage, socket) => {
    if (incoming.url === '/socket?a=1') return
    others.push(incoming.url)
    socket.end('HTTP/1.1 418 Other\r\n\r\n')
  })
  const other = await refusal(open(served.port, { path: '/other' }))
  const own = open(served.port, { path: '/socket?a=1' })
  await once(own, 'open')
  expect([other.statusCode, others]).toEqual([418, ['/other']])
})

test('rest: REST calls and webhooks of the same server; by default they are the application’s', async () => {
  const ask = async (port: number, headers: Record<string, string> = {}): Promise<unknown> => {
    const sent = request({ port, host: '127.0.0.1', path: '/v2/contacts', headers: { origin, ...headers } })
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    return response.statusCode
  }
  const upstream = upstreamOf()
  const served = await serve({ upstream, lease: { scopes: () => ['contacts:read'] } }, { rest: true })
  const token = await lease(served.gateway)
  expect([
    await ask(served.port, { authorization: `Bearer ${token}` }),
    await ask(served.port, { authorization: 'Bearer nothing' }),
  ]).toEqual([200, 401])
  expect(upstream.reached).toHaveLength(1)
  const plain = await serve({ upstream })
  expect(await ask(plain.port)).toBe(200)
  expect(upstream.reached).toHaveLength(1)
})

test('a hundred sockets hear one event, once each', async () => {
  const served = await serve()
  const users = Array.from({ length: 100 }, (_, i) => `user-${i}`)
  const clients = await Promise.all(users.map((user) => greeted(served, user)))
  const frames = clients.map(([socket]) => heard(socket))
  const bystander = await greeted(served, 'bystander')
  await served.gateway.publish({ id: 'e1' }, users)
  expect((await Promise.all(frames)).map(({ event }) => event)).toEqual(users.map(() => ({ id: 'e1' })))
  const more: unknown[] = []
  for (const [socket] of [...clients, bystander]) socket.on('message', (data) => more.push(data))
  await Promise.all(clients.map(([socket]) => (socket.ping(), once(socket, 'pong'))))
  expect([more, served.gateway.connections]).toEqual([[], 101])
})
