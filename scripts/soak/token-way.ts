/** In front of the token endpoints: passes requests on, or answers them as broken backends do. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { count } from './figures.ts'
import type { Figures } from './figures.ts'
import type { WayAccount } from './way-account.ts'

/** What becomes of the token requests of a page. */
export type Answer =
  | { readonly is: 'status'; readonly status: number; readonly error: string; readonly retryAfter?: number }
  | { readonly is: 'body'; readonly name: string; readonly type: string; readonly body: string }
  /** Nothing, for as long as anybody waits. */
  | { readonly is: 'silence' }
  /** The connection breaks, before the answer or in the middle of it. */
  | { readonly is: 'cut'; readonly half: boolean }
  | { readonly is: 'slow'; readonly ms: number }
  /** The answer before this one, as from a cache. */
  | { readonly is: 'again' }

export interface TokenWay {
  readonly port: number
  readonly troubles: Map<string, Answer>
  /** When each page's user signed in, in epoch ms; for gateways. */
  readonly since: Map<string, number>
  close(): void
}

export interface TokenWayOptions {
  readonly account: WayAccount
  readonly figures: Figures
  /** The addresses of an endpoint, the best first. */
  readonly endpoints: (route: string, page: string) => readonly string[]
}

export async function openTokenWay({ account, figures, endpoints }: TokenWayOptions): Promise<TokenWay> {
  const troubles = new Map<string, Answer>()
  const since = new Map<string, number>()
  const before = new Map<string, string>()
  const began = Date.now()
  let ids = 0
  const now = (): number => performance.now()

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const page = String(req.headers['x-page'])
    const givenUp = Number(req.headers['x-given-up'])
    const route = req.url!.slice(1)
    const body = await text(req)
    const isRelease = body.includes('"reason":"release"')
    const id = String(++ids)
    if (!isRelease) {
      account.asks(page, id, givenUp, now())
      res.once('close', () => account.answered(page, id))
    }
    const trouble = isRelease ? undefined : troubles.get(page)
    if (trouble) count(figures, `token ${trouble.is === 'status' ? trouble.status : trouble.is === 'body' ? trouble.name : trouble.is}`)
    switch (trouble?.is) {
      case 'status':
        return refuse(trouble)
      case 'body':
        return void res.writeHead(200, { 'content-type': trouble.type }).end(trouble.body)
      case 'silence':
        return
      case 'cut':
        if (!trouble.half) return void res.destroy()
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '400' }).write('{"access_token":"half')
        return void setTimeout(() => res.destroy(), 50)
      case 'slow':
        await new Promise((resolve) => void setTimeout(resolve, trouble.ms))
        break
      case 'again':
        if (before.has(page)) return grant(before.get(page)!)
        break
      case undefined:
        break
      default:
        trouble satisfies never
    }
    if (res.destroyed) return
    for (const url of endpoints(route, page)) if (await passOn(url)) return
    refuse({ status: 502, error: 'unavailable' })

    function refuse({ status, error, retryAfter }: { status: number; error: string; retryAfter?: number }): void {
      if (res.destroyed) return
      const headers = { 'content-type': 'application/json', ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) }
      res.once('finish', () => {
        if (retryAfter !== undefined) account.toldToWait(page, now() + retryAfter * 1000, givenUp)
      })
      res.writeHead(status, headers).end(JSON.stringify({ error, ...(retryAfter !== undefined && { retry_after: retryAfter }) }))
    }

    function grant(answer: string): void {
      if (res.destroyed) return
      const { access_token, expires_in } = JSON.parse(answer) as { access_token: string; expires_in: number }
      account.granted(page, access_token, expires_in * 1000, now())
      count(figures, 'grants')
      before.set(page, answer)
      res.writeHead(200, { 'content-type': 'application/json' }).end(answer)
    }

    /** False where nobody is there. */
    async function passOn(url: string): Promise<boolean> {
      const headers = {
        'content-type': 'application/json',
        'x-heartwire': '1',
        'x-page': page,
        'x-since': String(since.get(page) ?? began),
        origin: String(req.headers['origin']),
      }
      try {
        const response = await fetch(url, { method: 'POST', headers, body })
        const answer = await response.text()
        if (response.ok && !isRelease) grant(answer)
        else if (!res.destroyed) {
          const retry = response.headers.get('retry-after')
          if (retry !== null) res.once('finish', () => account.toldToWait(page, now() + Number(retry) * 1000, givenUp))
          res
            .writeHead(response.status, { 'content-type': 'application/json', ...(retry !== null && { 'retry-after': retry }) })
            .end(answer)
        }
        return true
      } catch {
        return false
      }
    }
  }

  const server = createServer((req, res) => {
    serve(req, res).catch(() => res.destroy())
  })
  // Pages reuse connections: one that is closed just as a request goes out would be a fault that nobody asked for.
  server.keepAliveTimeout = 120_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    troubles,
    since,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
