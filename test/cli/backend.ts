/** A developer's backend on `node:http` and `ws`, with mistakes that can be switched on one at a time. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { createTokenEndpoint } from '../../src/server/index.ts'
import type { MintAnswer } from '../../src/server/index.ts'
import { toNodeHandler } from '../../src/server/node.ts'

/** A session cookie that the backend knows. */
export const cookie = 'session=canary-cookie-4711'
/** A key of the environment that some mistakes show. */
export const apiKey = 'canary0key1in2the3environment4of5the6backend7'

export type Mistake = keyof typeof mistakes

/** Each names the finding that it must be, and does its harm in one place. */
export const mistakes = {
  'cached route': 'fresh',
  'open CORS': 'cors',
  'wildcard CORS': 'cors',
  'no Origin check': 'origin',
  'Origin null allowed': 'null-origin',
  'GET mints': 'get',
  'mints without the header': 'header',
  'long-lived key by its shape': 'long-lived-key',
  'long-lived key of the environment': 'long-lived-key',
  'key beside the token': 'long-lived-key',
  'no expires_in': 'expires-in',
  'expires_in of zero': 'expires-in',
  'expires_at instead': 'absolute-time',
  'expires_in as a time of day': 'absolute-time',
  'token of three seconds': 'lifetime',
  'expires_in longer than the JWT': 'jwt-life',
  'unsigned JWT': 'jwt-alg',
  'no no-store': 'no-store',
  'content type text': 'content-type',
  'clock off by an hour': 'clock',
  'login page': 'html',
  'redirect 302': 'redirect',
  'redirect 307': 'redirect',
  'answer without a token': 'token',
  'error with a stack': 'leak',
  'error with a key': 'leak',
  'upgrade redirected': 'ws-redirect',
  'no Origin check on the upgrade': 'ws-origin',
  'null allowed on the upgrade': 'ws-null-origin',
  'no token check on the upgrade': 'ws-token',
  'fresh tokens refused on the upgrade': 'ws-token',
} as const

/** Works, and should be better. */
export const flaws = {
  'text/plain mints': 'body-type',
  'HEAD mints': 'head',
  'large body accepted': 'large-body',
  '__proto__ accepted': 'prototype',
  'errors in words of its own': 'errors',
  'everybody gets a token': 'anybody',
  'token of two hours': 'lifetime',
  'JWT without expires_in': 'expires-in',
  'clock off by a minute': 'clock',
} as const
export type Flaw = keyof typeof flaws

export interface Backend {
  readonly url: string
  readonly ws: string
  /** Every token given out. */
  readonly tokens: readonly string[]
  close(): Promise<void>
}

export async function backend(mistake?: Mistake | Flaw): Promise<Backend> {
  const has = (...some: readonly (Mistake | Flaw)[]): boolean => mistake !== undefined && some.includes(mistake)
  const tokens: string[] = []
  let fresh = 0

  const mint = (): MintAnswer => {
    const token = tokenWith(has, ++fresh)
    tokens.push(token)
    return { access_token: token, expires_in: 60, handle: 'canary-handle-of-one-session' }
  }
  const authorize = (request: Request): { id: string } | null =>
    request.headers.get('cookie') === cookie || has('everybody gets a token') ? { id: 'ada' } : null
  const endpoint = createTokenEndpoint({ mint, authorize, limit: false, onError: () => {} })

  const server: Server = createServer((req, res) => {
    if (mistake === undefined) return toNodeHandler(endpoint)(req, res)
    void bad(req, res).catch(() => res.destroy())
  })

  /** The good endpoint behind what a careless developer puts around it. */
  const bad = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { origin } = req.headers
    const body = await bodyOf(req)
    if (has('clock off by an hour')) res.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString())
    if (has('clock off by a minute')) res.setHeader('date', new Date(Date.now() + 60_000).toUTCString())
    if (has('login page')) return void res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>')
    if (has('redirect 302', 'redirect 307')) {
      return void res.writeHead(has('redirect 302') ? 302 : 307, { location: '/login?next=canary-next-value-1' }).end()
    }
    const broken = body === '{"reason":'
    if (broken && has('error with a stack')) return void res.writeHead(500).end(new Error('boom').stack)
    if (broken && has('error with a key')) {
      return void res
        .writeHead(503, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: 'unavailable', upstream: `key ${apiKey}` }))
    }
    if (broken && has('errors in words of its own'))
      return void res.writeHead(400, { 'content-type': 'application/json' }).end('{"message":"no"}')
    const response = await endpoint(asked(req, body, has))
    const answer = response.status === 204 ? '' : ((await response.json()) as Record<string, unknown>)
    if (typeof answer === 'object' && response.ok) garble(answer, has)
    if (has('no no-store')) response.headers.delete('cache-control')
    if (has('content type text') && response.ok) response.headers.set('content-type', 'text/plain')
    const isOpen = has('open CORS') && origin !== undefined
    if (isOpen) response.headers.set('access-control-allow-origin', origin)
    if (isOpen) response.headers.set('access-control-allow-credentials', 'true')
    if (has('wildcard CORS')) response.headers.set('access-control-allow-origin', '*')
    res.writeHead(response.status, Object.fromEntries(response.headers)).end(answer === '' ? '' : JSON.stringify(answer))
  }

  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(req.url ?? '/', `http://${req.headers.host}`)
    const refuse = (line: string): void => void socket.end(`HTTP/1.1 ${line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    if (has('upgrade redirected')) return refuse('302 Found\r\nlocation: /elsewhere')
    const { origin } = req.headers
    const admitted =
      origin === url.origin || has('no Origin check on the upgrade') || (origin === 'null' && has('null allowed on the upgrade'))
    if (!admitted) return refuse('403 Forbidden')
    const known = tokens.includes(url.searchParams.get('access_token') ?? '')
    if (has('fresh tokens refused on the upgrade') || (!known && !has('no token check on the upgrade'))) return refuse('401 Unauthorized')
    sockets.handleUpgrade(req, socket, head, (webSocket) => webSocket.send('{"type":"hello"}'))
  })

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/api/token`,
    ws: `ws://127.0.0.1:${port}/live`,
    tokens,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Has = (...some: readonly (Mistake | Flaw)[]) => boolean

/** What the good endpoint is told, where this backend does not look. */
function asked(req: IncomingMessage, body: string, has: Has): Request {
  const headers = new Headers(Object.entries(req.headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string'))
  const { host, origin } = req.headers
  const waved =
    has('open CORS', 'no Origin check') ||
    (has('Origin null allowed') && origin === 'null') ||
    (has('wildcard CORS') && req.method !== 'OPTIONS')
  if (waved) headers.delete('origin')
  if (has('mints without the header')) headers.set('x-heartwire', '1')
  if (has('text/plain mints') && headers.get('content-type') === 'text/plain') headers.set('content-type', 'application/json')
  headers.delete('content-length')
  const mintsAnyway = (has('GET mints') && req.method === 'GET') || (has('HEAD mints') && req.method === 'HEAD')
  if (mintsAnyway) headers.set('content-type', 'application/json')
  const method = mintsAnyway ? 'POST' : (req.method ?? 'GET')
  const tolerant =
    mintsAnyway || (has('large body accepted') && body.length > 16_384) || (has('__proto__ accepted') && body.includes('__proto__'))
  const text = tolerant ? '{}' : body
  return new Request(`http://${host}${req.url}`, { method, headers, ...(method === 'POST' && { body: text }) })
}

/** What this backend makes of a good answer. */
function garble(answer: Record<string, unknown>, has: Has): void {
  if (has('no expires_in', 'JWT without expires_in', 'expires_at instead')) delete answer['expires_in']
  if (has('expires_at instead')) answer['expires_at'] = new Date(Date.now() + 60_000).toISOString()
  if (has('expires_in of zero')) answer['expires_in'] = 0
  if (has('expires_in as a time of day')) answer['expires_in'] = Math.floor(Date.now() / 1000) + 60
  if (has('token of three seconds')) answer['expires_in'] = 3
  if (has('token of two hours')) answer['expires_in'] = 7200
  if (has('expires_in longer than the JWT')) answer['expires_in'] = 600
  if (has('key beside the token')) answer['provider'] = { apiKey }
  if (has('answer without a token')) answer['access_token'] = null
  // The good endpoint refuses to hand these out itself.
  if (has('long-lived key by its shape')) answer['access_token'] = `sk_live_canary${'0'.repeat(20)}${Math.random().toString(36).slice(2)}`
  if (has('long-lived key of the environment')) answer['access_token'] = apiKey
}

const isJwt = ['expires_in longer than the JWT', 'unsigned JWT', 'JWT without expires_in'] as const

function tokenWith(has: Has, fresh: number): string {
  if (has('cached route')) return 'canary-token-number-1-of-the-cache'
  if (!has(...isJwt)) return `canary-token-number-${fresh}-${Math.random().toString(36).slice(2)}`
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(Date.now() / 1000)
  const alg = has('unsigned JWT') ? 'none' : 'HS256'
  return `${part({ alg, typ: 'JWT' })}.${part({ jti: `canary-${fresh}`, iat, exp: iat + 60 })}.${alg === 'none' ? '' : 'c2lnbmF0dXJl'}`
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
