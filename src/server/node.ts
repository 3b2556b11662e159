import type { IncomingMessage, ServerResponse } from 'node:http'

/** What Express and Connect may have put on a request. */
type NodeRequest = IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown }

const addresses = new WeakMap<Request, string>()

/** The peer's address, for `limit.address`. Behind a proxy that is the proxy: then read the header that your proxy sets. */
export const remoteAddress = (request: Request): string | undefined => addresses.get(request)

/**
 * Lets a token endpoint answer `node:http`, Express and Connect. A body that was parsed before (`express.json()`) is taken
 * as it was parsed. A caller that hangs up aborts the request's signal.
 */
export function toNodeHandler(endpoint: (request: Request) => Promise<Response>): (req: IncomingMessage, res: ServerResponse) => void {
  const answer = async (req: NodeRequest, res: ServerResponse): Promise<void> => {
    const gone = hangUpOf(res)
    const response = await responseTo(req, req.body, endpoint, gone)
    if (!gone.aborted) await write(response, req, res)
  }
  return (req, res) => void answer(req, res).catch(() => res.destroy())
}

/**
 * Lets a token endpoint answer as a handler of Fastify, with the body that Fastify has parsed. The answer goes out through
 * Fastify: its hooks run, and headers that they have set stay. A caller that hangs up aborts the request's signal.
 */
export function toFastifyHandler(
  endpoint: (request: Request) => Promise<Response>,
): (request: { readonly raw: IncomingMessage; readonly body: unknown }, reply: { readonly raw: ServerResponse }) => Promise<Response> {
  return ({ raw, body }, reply) => responseTo(raw, body, endpoint, hangUpOf(reply.raw))
}

function hangUpOf(res: ServerResponse): AbortSignal {
  const gone = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) gone.abort()
  })
  return gone.signal
}

async function responseTo(
  req: NodeRequest,
  body: unknown,
  endpoint: (request: Request) => Promise<Response>,
  signal: AbortSignal,
): Promise<Response> {
  let request: Request
  try {
    request = toRequest(req, body, signal)
  } catch {
    // What `Request` does not take: a method such as TRACE, a host that is none.
    return failed('bad_request', 400)
  }
  if (req.socket.remoteAddress !== undefined) addresses.set(request, req.socket.remoteAddress)
  try {
    return await endpoint(request)
  } catch {
    // A token endpoint never rejects; another function might.
    return failed('unavailable', 500)
  }
}

const failed = (error: string, status: number): Response => Response.json({ error }, { status, headers: { 'cache-control': 'no-store' } })

function toRequest(req: NodeRequest, parsed: unknown, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    // HTTP/2's pseudo headers are no headers.
    if (value === undefined || name.startsWith(':')) continue
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one)
  }
  const scheme = (req.socket as { encrypted?: boolean }).encrypted === true ? 'https' : 'http'
  const authority = req.headers[':authority']
  const host = req.headers.host ?? (typeof authority === 'string' ? authority : 'localhost')
  // The parser would take a user or a path off it, and our own origin would be another one than was said.
  if (/[\s/\\?#@]/.test(host)) throw new TypeError('a Host is a name and a port')
  const path = req.originalUrl ?? req.url ?? '/'
  // `//other.host/` is a path here, not an address.
  const url = new URL(`${scheme}://${host}`).origin + (path.startsWith('/') ? path : '/')
  const method = req.method ?? 'GET'
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers, signal })
  const body = parsed === undefined || !req.complete ? streamOf(req) : textOf(parsed)
  // What was parsed may be shorter than what came over the wire.
  if (!(body instanceof ReadableStream)) headers.delete('content-length')
  // Needed by Node for a streamed body; TypeScript's DOM types do not know it.
  const init: RequestInit & { duplex: 'half' } = { method, headers, signal, duplex: 'half', body }
  const request = new Request(url, init)
  // Somebody else read it and kept it: then the request says so, instead of waiting for what has come already.
  if (body instanceof ReadableStream && req.readableEnded) void request.body?.cancel()
  return request
}

const textOf = (parsed: unknown): BodyInit =>
  typeof parsed === 'string' || parsed instanceof Uint8Array ? (parsed as BodyInit) : JSON.stringify(parsed)

/** Not `Readable.toWeb`: cancelling that one destroys the socket, and a 413 could not be answered any more. */
function streamOf(req: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      req.pause()
      req.on('data', (chunk: Buffer) => {
        controller.enqueue(new Uint8Array(chunk))
        req.pause()
      })
      req.once('end', () => controller.close())
      req.once('error', (error) => controller.error(error))
    },
    pull: () => void req.resume(),
    cancel: () => {
      req.pause()
      req
        .removeAllListeners('data')
        .removeAllListeners('end')
        .removeAllListeners('error')
        .on('error', () => {})
    },
  })
}

const discardBytes = 2 * 1024 * 1024
const discardMs = 1_000

async function write(response: Response, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const headers: Record<string, string | string[]> = Object.fromEntries(response.headers)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) headers['set-cookie'] = cookies
  const body = new Uint8Array(await response.arrayBuffer())
  res.writeHead(response.status, headers)
  res.end(body)
  if (!req.complete) discardRest(req)
}

/**
 * Closing a socket with unread bytes resets it, and a caller that was still sending would lose the answer. So the rest is
 * read and thrown away, up to a limit; a caller that ends within it can use the connection again.
 */
function discardRest(req: IncomingMessage): void {
  let bytes = 0
  const timer = setTimeout(() => req.destroy(), discardMs)
  req.on('data', (chunk: Buffer) => {
    if ((bytes += chunk.byteLength) > discardBytes) req.destroy()
  })
  req.once('close', () => clearTimeout(timer))
  req.once('end', () => clearTimeout(timer))
  req.resume()
}
