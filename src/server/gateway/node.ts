import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { toNodeHandler } from '../node.ts'
import type { Accepted, Handshake } from './front.ts'
import type { Gateway } from './gateway.ts'

export interface AttachOptions {
  /** Only handshakes of this path; others are left to whoever else listens. Default: all. */
  readonly path?: string
  /** Also answer REST calls and webhooks of the server. Default: false, for servers whose framework hands them to `gateway.fetch`. */
  readonly rest?: boolean
  /** How often a browser must show that it is there, in ms; one that does not is cut. Default 30 000. */
  readonly pingMs?: number
}

export interface AttachedGateway {
  /** Drains the gateway, and resolves when its sockets are gone, after 10 s at most. The server is its owner's. */
  close(options?: { readonly spreadMs?: number }): Promise<void>
}

const farewellMs = 10_000

/**
 * Carries a gateway over a Node server's WebSocket upgrades, with `ws`. Frames are not compressed: a compressor for each
 * socket costs more memory than all else (and is not needed for short JSON).
 */
export function attachGateway(server: Server, gateway: Gateway, options: AttachOptions = {}): AttachedGateway {
  const { path, rest = false, pingMs = 30_000 } = options
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 * 1024, clientTracking: true })

  const upgrade = async (incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const handshake = handshakeOf(incoming)
    if (handshake === null) return refuse(socket, 400, '')
    const outcome = await gateway.upgrade(handshake)
    if (socket.destroyed) return
    if (!('open' in outcome)) return refuse(socket, outcome.status, await outcome.text(), outcome.headers.get('retry-after'))
    sockets.handleUpgrade(incoming, socket, head, (webSocket) => converse(webSocket, outcome, pingMs))
  }

  const onUpgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (path !== undefined && pathOf(incoming) !== path) return
    socket.on('error', () => socket.destroy())
    upgrade(incoming, socket, head).catch(() => refuse(socket, 500, ''))
  }
  server.on('upgrade', onUpgrade)
  const onRequest = toNodeHandler((request) => gateway.fetch(request))
  if (rest) server.on('request', onRequest)

  return {
    async close(drain) {
      gateway.drain(drain)
      await new Promise<void>((resolve) => {
        const late = setTimeout(() => {
          for (const socket of sockets.clients) socket.terminate()
        }, farewellMs)
        sockets.close(() => {
          clearTimeout(late)
          resolve()
        })
      })
      server.off('upgrade', onUpgrade)
      server.off('request', onRequest)
    },
  }
}

function converse(webSocket: WebSocket, accepted: Accepted, pingMs: number): void {
  const conversation = accepted.open({
    send: (frame) => {
      if (webSocket.readyState === webSocket.OPEN) webSocket.send(frame)
    },
    close: (code, reason) => webSocket.close(code, reason),
    buffered: () => webSocket.bufferedAmount,
  })
  let silent = false
  // Each at its own time: thousands of pings at once would hold up everything else for half a second.
  const round = (): void => {
    if (silent) return webSocket.terminate()
    silent = true
    webSocket.ping()
  }
  // After what has arrived was read: a process that was held up finds its timers due and the answers unread.
  const beat = setInterval(() => setImmediate(round), pingMs)
  webSocket.on('message', (data: Buffer, isBinary) => {
    silent = false
    void conversation.message(isBinary ? new Uint8Array(data) : data.toString())
  })
  webSocket.on('pong', () => (silent = false))
  webSocket.on('close', (code, reason) => {
    clearInterval(beat)
    conversation.closed(code, reason.toString())
  })
  webSocket.on('error', () => webSocket.terminate())
}

const pathOf = (incoming: IncomingMessage): string => (incoming.url ?? '/').split('?', 1)[0]!

function handshakeOf(incoming: IncomingMessage): Handshake | null {
  const host = incoming.headers.host ?? 'localhost'
  const address = `ws://${host}${incoming.url?.startsWith('/') ? incoming.url : '/'}`
  if (!URL.canParse(address)) return null
  const headers = new Headers()
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!)
  const protocols = (incoming.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  return { url: new URL(address), headers, protocols: protocols.filter(Boolean), address: incoming.socket.remoteAddress }
}

/** Never a redirect: WebKit would follow it, and take the token along. */
function refuse(socket: Duplex, status: number, body: string, retryAfter: string | null = null): void {
  const lines = [
    `HTTP/1.1 ${status} Refused`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(retryAfter === null ? [] : [`retry-after: ${retryAfter}`]),
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
