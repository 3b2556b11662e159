import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createTokenEndpoint } from '../../src/server/index.ts'
import type { Mint } from '../../src/server/index.ts'
import { remoteAddress, toFastifyHandler, toNodeHandler } from '../../src/server/node.ts'
import { bodyOf, never } from './requests.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
})

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise<void>((resolve) => (server.closeAllConnections(), server.close(() => resolve()))))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const mint: Mint = ({ fields }) => ({ access_token: `token-for-${String(fields['room'])}`, expires_in: 60 })
const headers = { 'content-type': 'application/json', 'x-heartwire': '1' }
const post = (base: string, body: string, more: Record<string, string> = {}) =>
  fetch(`${base}/api/token`, { method: 'POST', body, headers: { ...headers, ...more } })

async function honoServer(): Promise<string> {
  const app = new Hono()
  const endpoint = createTokenEndpoint({ mint, origins: ['https://shop.example'] })
  app.all('/api/token', (c) => endpoint(c.req.raw))
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(`http://127.0.0.1:${port}`))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
  })
}
const nodeServer = () => listening(toNodeHandler(createTokenEndpoint({ mint, origins: ['https://shop.example'] })))

describe.each([
  ['hono', honoServer],
  ['node:http', nodeServer],
])('mounted on %s, over real sockets', (_, start) => {
  test('it mints', async () => {
    const response = await post(await start(), '{"room":"blue"}')
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({ access_token: 'token-for-blue', token_type: 'Bearer', expires_in: 60 })
  })

  test('it refuses a GET, a foreign page, 1 MB', async () => {
    const base = await start()
    expect((await fetch(`${base}/api/token`)).status).toBe(405)
    expect((await post(base, '{}', { origin: 'https://evil.example' })).status).toBe(403)
    const large = await post(base, JSON.stringify({ a: 'x'.repeat(1 << 20) }))
    expect([large.status, (await bodyOf(large)).error]).toEqual([413, 'bad_request'])
  })

  test('it answers a preflight', async () => {
    const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'POST' }
    const response = await fetch(`${await start()}/api/token`, { method: 'OPTIONS', headers: preflight })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, 'https://shop.example'])
  })
})

describe('toNodeHandler', () => {
  /** Sends `size` bytes of body before it reads anything; answers what it then reads, and whether it was cut off. */
  const rudely = (base: string, size: number) =>
    new Promise<{ text: string; sent: number }>((resolve) => {
      const end = () => resolve({ text, sent })
      let [text, sent] = ['', 0]
      const socket = connect(Number(new URL(base).port), '127.0.0.1').pause()
      const send = (): void => {
        if (sent >= size) return void socket.resume()
        socket.write(Buffer.alloc(64 * 1024, ' '), (error) => {
          if (error) return
          sent += 64 * 1024
          send()
        })
      }
      socket.on('error', end).on('close', end)
      socket.on('data', (data: Buffer) => ((text += data.toString()), socket.destroy()))
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`POST / HTTP/1.1\r\nhost: a\r\n${lines.join('')}content-length: ${size}\r\n\r\n`, send)
    })

  test('a caller that first sends its 1 MB still gets its 413', async () => {
    expect((await rudely(await nodeServer(), 1 << 20)).text).toMatch(/^HTTP\/1.1 413 /)
  })

  test('a caller that sends and sends is cut off', async () => {
    expect((await rudely(await nodeServer(), 1 << 30)).sent).toBeLessThan(1 << 26)
  })

  test('a body of 1 MB without a declared length is answered before it is over', async () => {
    const base = await nodeServer()
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = httpRequest(`${base}/api/token`, { method: 'POST', headers }, resolve).on('error', reject)
      for (let n = 0; n < 16; n++) outgoing.write(' '.repeat(64 * 1024))
      // Never ended.
    })
    expect(response.statusCode).toBe(413)
    response.destroy()
  })

  test('a caller that hangs up aborts the mint', async () => {
    let seen: AbortSignal | undefined
    const started = new Promise<void>((resolve) => {
      const hanging: Mint = ({ signal }) => ((seen = signal), resolve(), never())
      void listening(toNodeHandler(createTokenEndpoint({ mint: hanging }))).then((base) => {
        const caller = new AbortController()
        void fetch(`${base}/api/token`, { method: 'POST', body: '{}', headers, signal: caller.signal }).catch(() => {})
        void started.then(() => caller.abort())
      })
    })
    await started
    await vi.waitFor(() => expect(seen?.aborted).toBe(true), { interval: 5 })
  })

  test('takes a body that Express has parsed, and Express’s address', async () => {
    const handler = toNodeHandler(async (request) => Response.json([request.url, await request.text()]))
    const base = await listening((req, res) => {
      let text = ''
      req.on('data', (chunk: Buffer) => (text += chunk.toString()))
      req.on('end', () => {
        const parsed = Object.assign(req, { body: JSON.parse(text) as unknown, originalUrl: req.url, url: '/' })
        handler(parsed, res)
      })
    })
    expect(await (await post(base, '{ "room": "blue" }')).json()).toEqual([`${base}/api/token`, '{"room":"blue"}'])
  })

  test('says at once that a body was read by somebody who kept it', async () => {
    const onError = vi.fn<(error: Error) => void>()
    const handler = toNodeHandler(createTokenEndpoint({ mint, onError }))
    const base = await listening((req, res) => void req.resume().once('end', () => handler(req, res)))
    expect((await post(base, '{}')).status).toBe(503)
    expect(onError.mock.calls[0]?.[0].cause).toEqual(new TypeError('the body of the request was read before the token endpoint got it'))
  })

  test('knows the address of the peer', async () => {
    const base = await listening(toNodeHandler(async (request) => new Response(remoteAddress(request))))
    expect(await (await fetch(base)).text()).toBe('127.0.0.1')
  })

  test('keeps cookies apart, and answers when the endpoint itself fails', async () => {
    const cookies = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
    const base = await listening(toNodeHandler(async () => new Response(null, { headers: cookies })))
    expect((await fetch(base)).headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    const failing = await listening(toNodeHandler(() => Promise.reject(new Error('x'))))
    expect((await fetch(failing)).status).toBe(500)
  })

  test.each([
    ['TRACE / HTTP/1.1\r\nhost: a\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nhost: a b\r\n\r\n', 400],
    ['GET //evil.example/x HTTP/1.1\r\nhost: a\r\n\r\n', 200],
    ['GET http://evil.example/x HTTP/1.1\r\nhost: a\r\n\r\n', 200],
  ])('%j is %i, and the process lives', async (raw, status) => {
    const seen: string[] = []
    const base = await listening(toNodeHandler(async (request) => (seen.push(new URL(request.url).host), new Response('ok'))))
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(base).port), '127.0.0.1', () => socket.write(raw))
      socket.once('data', (data) => (resolve(data.toString()), socket.destroy()))
    })
    expect(answer).toContain(`HTTP/1.1 ${status}`)
    expect(seen.filter((host) => host !== 'a')).toEqual([])
  })
})

describe('toFastifyHandler', () => {
  async function fastifyServer(endpoint: (request: Request) => Promise<Response>): Promise<string> {
    const app = Fastify()
    app.addHook('onSend', async (_, reply) => void reply.header('x-frame-options', 'DENY'))
    app.all('/api/token', toFastifyHandler(endpoint))
    closers.push(() => (app.server.closeAllConnections(), app.close()))
    return app.listen({ port: 0, host: '127.0.0.1' })
  }

  test('takes the body that Fastify has parsed, the query and the address', async () => {
    const base = await fastifyServer(async (request) =>
      Response.json([request.url, await request.text(), request.headers.get('content-length'), remoteAddress(request)]),
    )
    const answer = await fetch(`${base}/api/token?a=1`, { method: 'POST', body: '{ "room": "blue" }', headers })
    expect(await answer.json()).toEqual([`${base}/api/token?a=1`, '{"room":"blue"}', null, '127.0.0.1'])
  })

  test('keeps status, headers and cookies of the endpoint, and the headers of Fastify’s hooks', async () => {
    const cookies: [string, string][] = [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]
    const answer = await post(await fastifyServer(async () => new Response('teapot', { status: 418, headers: cookies })), '{}')
    expect([answer.status, answer.headers.getSetCookie(), await answer.text()]).toEqual([418, ['a=1', 'b=2'], 'teapot'])
    expect(answer.headers.get('x-frame-options')).toBe('DENY')
  })

  test('answers a HEAD and a preflight without a body', async () => {
    const base = await fastifyServer(createTokenEndpoint({ mint, origins: ['https://shop.example'] }))
    expect((await fetch(`${base}/api/token`, { method: 'HEAD' })).status).toBe(405)
    const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'POST' }
    const answer = await fetch(`${base}/api/token`, { method: 'OPTIONS', headers: preflight })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, 'https://shop.example'])
  })

  test('a caller that hangs up aborts the mint', async () => {
    const page = new AbortController()
    const aborted = new Promise<void>((resolve) => {
      const hanging: Mint = ({ signal }) => (signal.addEventListener('abort', () => resolve()), page.abort(), never())
      void fastifyServer(createTokenEndpoint({ mint: hanging })).then((base) =>
        fetch(`${base}/api/token`, { method: 'POST', body: '{}', headers, signal: page.signal }).catch(() => {}),
      )
    })
    await aborted
  })
})
