/** What stands between the doctor and an answer: each is told apart, and ends in time. */
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { generate } from 'selfsigned'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { failureOf } from '../../src/cli/doctor/failure.ts'
import { knock } from '../../src/cli/doctor/handshake.ts'
import { latch } from '../emulator/latch.ts'
import { backend, cookie } from './backend.ts'
import { ran } from './terminal.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(closers.splice(0).map((close) => close()))
})

async function listening(server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket: { destroy(): void }) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

const http = async (listener: RequestListener): Promise<string> => `http://127.0.0.1:${await listening(createServer(listener))}/api/token`

/** The first complaint of the doctor, by itself. */
async function complaint(url: string, more: string[] = []): Promise<string> {
  const { code, out } = await ran(['doctor', '--url', url, ...more])
  expect(code).toBe(1)
  return /^problem +(.*)$/m.exec(out)?.[1] ?? ''
}

test('nothing listens', async () => {
  const server = createServer()
  const port = await listening(server)
  await closers.pop()?.()
  expect(await complaint(`http://127.0.0.1:${port}/`)).toBe('reach: refused: nothing listens on that port')
})

test('a certificate that is not valid', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])
  const port = await listening(createHttpsServer({ key, cert }))
  expect(await complaint(`https://127.0.0.1:${port}/`)).toMatch(/^reach: TLS/)
})

test('https asked of a server that speaks http', async () => {
  const url = await http((_, res) => res.end())
  expect(await complaint(url.replace('http:', 'https:'))).toMatch(/^reach: TLS/)
})

test('a connection that is cut', async () => {
  expect(await complaint(await http((req) => req.socket.destroy()))).toMatch(/^reach: cut/)
})

test('silence ends with the deadline of a page', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const asked = latch()
  const url = await http(() => asked.open())
  const answer = complaint(url)
  await asked.opened
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await answer).toBe('reach: timeout: no answer in time')
})

test('a body that never ends is silence, too', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const asked = latch()
  const url = await http((_, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).write('{', () => asked.open())
  })
  const answer = complaint(url)
  await asked.opened
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await answer).toBe('reach: timeout: no answer in time')
})

test.each([
  ['ENOTFOUND', /^DNS/],
  ['EAI_AGAIN', /^DNS/],
  ['UND_ERR_CONNECT_TIMEOUT', /^timeout/],
  ['EHOSTUNREACH', /^unreachable/],
  ['CERT_HAS_EXPIRED', /^TLS/],
  ['EPIPE', /^cut/],
])('%s', (code, how) => {
  // What `fetch` throws, as Node words it.
  const error = new TypeError('fetch failed', { cause: Object.assign(new Error('secret.example'), { code }) })
  expect(failureOf(error).how).toMatch(how)
})

test('plain http to another machine is a problem, and the rest is still looked at', async () => {
  const patient = await backend()
  closers.push(patient.close)
  const at = (input: string | URL | Request, init?: RequestInit) => {
    const headers = new Headers(init?.headers)
    if (headers.get('origin') === 'http://app.example') headers.set('origin', new URL(patient.url).origin)
    return fetch(String(input instanceof Request ? input.url : input).replace('http://app.example/', new URL('/', patient.url).href), {
      ...init,
      headers,
    })
  }
  const { code, out } = await ran(['doctor', '--url', 'http://app.example/api/token', '--header', `cookie: ${cookie}`], { fetch: at })
  expect(code).toBe(1)
  expect(out.match(/^problem .*$/gm)).toEqual(['problem  address: the endpoint is asked over plain http'])
  expect(out).toContain('ok       token: POST answered 200 with a token')
})

describe('a WebSocket', () => {
  const limits = { origin: 'http://app.example', deadlineMs: 10_000, settleMs: 1_500 }

  /** A pong shows that the other side is open, too. */
  const afterPong = (socket: WebSocket, then: () => void): void => {
    socket.once('pong', then)
    socket.ping()
  }

  async function sockets(greet: (server: WebSocketServer) => void): Promise<URL> {
    const server = createServer()
    const port = await listening(server)
    const webSockets = new WebSocketServer({ server })
    greet(webSockets)
    return new URL(`ws://127.0.0.1:${port}/`)
  }

  test('that never answers the handshake', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const asked = latch()
    const port = await listening(createTcpServer((socket) => void socket.once('data', () => asked.open())))
    const outcome = knock({ ...limits, url: new URL(`ws://127.0.0.1:${port}/`) })
    await asked.opened
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await outcome).toMatchObject({ is: 'failure', kind: 'timeout' })
  })

  test('that opens and says nothing is open', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const isOpen = latch()
    const url = await sockets((server) => server.on('connection', (socket) => afterPong(socket, isOpen.open)))
    const outcome = knock({ ...limits, url })
    await isOpen.opened
    await vi.advanceTimersByTimeAsync(1_500)
    expect(await outcome).toEqual({ is: 'accepted', closes: true })
  })

  test('that opens, and refuses by a close', async () => {
    const url = await sockets((server) => server.on('connection', (socket) => socket.close(4401)))
    expect(await knock({ ...limits, url })).toEqual({ is: 'refused', how: 'by a close with 4401' })
  })

  test('that takes the token in the first frame', async () => {
    const url = await sockets((server) =>
      server.on('connection', (socket) => socket.once('message', (frame: Buffer) => socket.send(`welcome ${frame.toString()}`))),
    )
    expect(await knock({ ...limits, url, firstFrame: 'ada' })).toEqual({ is: 'accepted', closes: true })
  })

  test('that does not answer a close', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const deaf = latch()
    const url = await sockets((server) =>
      server.on('connection', (socket, request) => {
        afterPong(socket, () => {
          // The close frame stays in the buffer.
          request.socket.pause()
          deaf.open()
        })
      }),
    )
    const outcome = knock({ ...limits, url })
    await deaf.opened
    await vi.advanceTimersByTimeAsync(1_500)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await outcome).toEqual({ is: 'accepted', closes: false })
  })
})

test('plain ws to another machine is a problem, and no token goes there', async () => {
  const patient = await backend()
  closers.push(patient.close)
  const { out } = await ran(['doctor', '--url', patient.url, '--ws', 'ws://live.example/', '--header', `cookie: ${cookie}`])
  expect(out).toContain('problem  ws-address: live.example is asked over plain ws')
})
