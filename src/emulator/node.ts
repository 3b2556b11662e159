import { createServer as createHttpServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { Readable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { WebSocketServer, type WebSocket } from 'ws'
import { Unreachable } from './faults.ts'
import type { HoldablePeer } from './line.ts'
import type { Accepted, Provider } from './provider.ts'

export { mount } from './mount.ts'
export { realWorld } from './world.ts'

/** Largest request body and largest WebSocket message, in bytes. */
const limit = 10 * 2 ** 20

export interface ServeOptions {
  /** Default: 0, any free port. */
  readonly port?: number
  /** Default: `127.0.0.1`. */
  readonly host?: string
  /** PEM texts; with them the server speaks https and wss only. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

export interface Served {
  readonly port: number
  /** `http://host:port`, or https. */
  readonly url: string
  /** `ws://host:port`, or wss. */
  readonly wsUrl: string
  /** Cuts every connection and frees the port; settles at once, whatever the peers do. */
  close(): Promise<void>
}

/** Carries a provider over real HTTP and WebSocket. Rejects if the port is taken. */
export async function serve(provider: Provider, options: ServeOptions = {}): Promise<Served> {
  const { port: wanted = 0, host = '127.0.0.1', tls } = options
  const listener = nodeListener(provider)
  const server = tls ? createHttpsServer(tls, listener.request) : createHttpServer(listener.request)
  server.on('upgrade', listener.upgrade)
  const connections = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(wanted, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    port,
    url: `${tls ? 'https' : 'http'}://${at}`,
    wsUrl: `${tls ? 'wss' : 'ws'}://${at}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of connections) socket.destroy()
      await closed
    },
  }
}

export interface NodeListener {
  readonly request: (incoming: IncomingMessage, outgoing: ServerResponse) => void
  readonly upgrade: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Cuts the sockets that it holds, open or in their handshake. The server is its owner's. */
  readonly close: () => void
}

/** A provider as two listeners, for `request` and `upgrade` of a server that others use as well. */
export function nodeListener(provider: Provider): NodeListener {
  const chosen = new WeakMap<IncomingMessage, string>()
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limit,
    handleProtocols: (_, incoming) => chosen.get(incoming) ?? false,
  })
  const handshakes = new Set<Duplex>()

  async function upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer) {
    const url = addressOf(incoming, 'ws')
    if (!url) return refuse(socket, new Response('bad address', { status: 400 }))
    const headers = headersOf(incoming)
    const protocols = (headers.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim())
    const outcome = await provider.upgrade({ url, headers, protocols: protocols.filter(Boolean) })
    if (socket.destroyed) return
    if (!('open' in outcome)) return refuse(socket, outcome)
    if (outcome.protocol !== undefined) chosen.set(incoming, outcome.protocol)
    server.handleUpgrade(incoming, socket, head, (webSocket) => converse(webSocket, outcome))
  }

  return {
    request(incoming, outgoing) {
      respond(provider, incoming, outgoing).catch((error: unknown) => {
        if (error instanceof Unreachable || outgoing.headersSent || outgoing.destroyed) return void outgoing.destroy()
        outgoing.writeHead(500, { 'content-type': 'text/plain' }).end(`the emulator failed: ${String(error)}`)
      })
    },
    upgrade(incoming, socket, head) {
      handshakes.add(socket)
      // Without a listener, a client that resets the connection while it waits would end the process.
      socket.on('error', () => socket.destroy())
      upgrade(incoming, socket, head)
        .catch((error: unknown) => {
          if (error instanceof Unreachable) socket.destroy()
          else return refuse(socket, new Response(`the emulator failed: ${String(error)}`, { status: 500 }))
        })
        .finally(() => handshakes.delete(socket))
    },
    close() {
      for (const socket of handshakes) socket.destroy()
      for (const webSocket of server.clients) webSocket.terminate()
    },
  }
}

function converse(webSocket: WebSocket, accepted: Accepted): void {
  const peer: HoldablePeer = {
    send: (data) => {
      if (webSocket.readyState === webSocket.OPEN) webSocket.send(data)
    },
    close: (code, reason) => {
      // These three are never on the wire: 1005 is a close frame without a code, the others are no frame at all.
      if (code === 1006 || code === 1015) webSocket.terminate()
      else if (code === 1005) webSocket.close()
      else webSocket.close(code, reason)
    },
    terminate: () => webSocket.terminate(),
    hold: (on) => {
      if (on) webSocket.pause()
      else webSocket.resume()
    },
  }
  /** A fault of the emulator itself is shown to the client as 1011, not to the process as an uncaught exception. */
  const guarded = (act: () => void) => {
    try {
      act()
    } catch (error) {
      webSocket.close(1011, String(error).slice(0, 40))
    }
  }
  webSocket.on('error', () => webSocket.terminate())
  guarded(() => {
    const conversation = accepted.open(peer)
    webSocket.on('message', (data: Buffer, isBinary) => {
      guarded(() => void conversation.message(isBinary ? new Uint8Array(data) : data.toString()))
    })
    webSocket.on('close', (code, reason) => guarded(() => conversation.closed(code, reason.toString())))
  })
}

async function respond(provider: Provider, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController()
  outgoing.on('close', () => gone.abort())
  const url = addressOf(incoming, 'http')
  if (!url) return void outgoing.writeHead(400).end()
  const length = Number(incoming.headers['content-length'] ?? 0)
  const body = { left: limit, tooLarge: length > limit }
  if (body.tooLarge) return void outgoing.writeHead(413, { connection: 'close' }).end()
  const init: RequestInit & { duplex: 'half' } = { headers: headersOf(incoming), signal: gone.signal, duplex: 'half' }
  const method = incoming.method ?? 'GET'
  if (method === 'TRACE') return void outgoing.writeHead(405).end()
  if (method !== 'GET' && method !== 'HEAD') init.body = capped(incoming, body)
  const answer = provider.fetch(new Request(url, { ...init, method }))
  const response = await answer.catch((error: unknown) => {
    if (body.tooLarge) return new Response(null)
    throw error
  })
  if (outgoing.destroyed) return
  if (body.tooLarge) return void outgoing.writeHead(413, { connection: 'close' }).end()
  outgoing.writeHead(response.status, headerPairs(response.headers))
  // A client that waits for a stream's first bytes wants the headers now.
  outgoing.flushHeaders()
  if (method === 'HEAD') await response.body?.cancel()
  if (method === 'HEAD' || !response.body) return void outgoing.end()
  await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing)
}

/** The request's body as a web stream that fails when more than the limit has come. */
function capped(incoming: IncomingMessage, body: { left: number; tooLarge: boolean }): ReadableStream<Uint8Array> {
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      body.left -= chunk.byteLength
      body.tooLarge = body.left < 0
      if (body.tooLarge) controller.error(new RangeError('the request is too large'))
      else controller.enqueue(chunk)
    },
  })
  return (Readable.toWeb(incoming) as ReadableStream<Uint8Array>).pipeThrough(counted)
}

/** A refused handshake as the HTTP answer that it is; `ws` and curl show its status, browsers hide it behind 1006. */
async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  const headers = { ...headerPairs(response.headers), 'content-length': String(body.byteLength), connection: 'close' }
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`))
  const status = `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}`
  // The server allows half-open connections: without this a client that does not hang up would keep it.
  socket.once('finish', () => socket.destroy())
  socket.end(Buffer.concat([Buffer.from([status, ...lines, '', ''].join('\r\n'), 'latin1'), body]))
}

function addressOf(incoming: IncomingMessage, scheme: 'http' | 'ws'): URL | null {
  const secure = 'encrypted' in incoming.socket ? 's' : ''
  const path = incoming.url?.startsWith('/') ? incoming.url : '/'
  return URL.canParse(`${scheme}${secure}://${incoming.headers.host}${path}`)
    ? new URL(`${scheme}${secure}://${incoming.headers.host}${path}`)
    : null
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) headers.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '')
  return headers
}

/** Plain pairs, with each cookie in a line of its own. */
function headerPairs(headers: Headers): Record<string, string | string[]> {
  const cookies = headers.getSetCookie()
  return { ...Object.fromEntries(headers), ...(cookies.length > 0 && { 'set-cookie': cookies }) }
}
