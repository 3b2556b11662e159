import { Hono } from 'hono'
import { faults, presets } from '../contract.ts'
import type { Fault, RoomAsk } from '../contract.ts'
import type { Rooms } from './rooms.ts'

/** A file of the built page by its path, `/` included. */
export type Page = (path: string) => { readonly body: string | Uint8Array; readonly type: string } | undefined

/** Everything but the emulators and gateways: the page, the token endpoints, and the controls behind the page's buttons. */
export function createApp(rooms: Rooms, page: Page): Hono {
  const app = new Hono()

  // The one route that an application needs; here it is one per room.
  app.all('/api/:room/:provider/token', (c) => rooms.find(c.req.param('room'))?.token(c.req.raw) ?? c.notFound())

  app.post('/demo/rooms', async (c) => {
    const ask = roomAsk(await c.req.json().catch(() => null))
    const page = c.req.header('origin') ?? new URL(c.req.url).origin
    return ask ? c.json({ room: rooms.open(ask, page) }, 201) : c.json({ error: 'bad_request' }, 400)
  })
  app.get('/demo/:room/counts', (c) => {
    const room = rooms.find(c.req.param('room'))
    return room ? c.json(room.counts(), 200, { 'cache-control': 'no-store' }) : c.notFound()
  })
  app.post('/demo/:room/customer', (c) => {
    const room = rooms.find(c.req.param('room'))
    return room?.customerWrites() ? c.json(room.counts()) : c.notFound()
  })
  app.post('/demo/:room/:fault', (c) => {
    const room = rooms.find(c.req.param('room'))
    const fault = c.req.param('fault')
    if (!room || !isFault(fault)) return c.notFound()
    room.act(fault)
    return c.json(room.counts())
  })

  app.get('*', (c) => {
    const url = new URL(c.req.url)
    // A gateway lets in pages by name: an address is nobody's for long.
    if (/^(127(\.\d+){3}|\[::1\])$/.test(url.hostname)) return c.redirect(Object.assign(url, { hostname: 'localhost' }).href)
    const file = page(url.pathname)
    if (!file) return c.notFound()
    return c.body(typeof file.body === 'string' ? file.body : new Uint8Array(file.body), 200, {
      'content-type': file.type,
      // Not `no-store`, which would keep the page out of the back/forward cache.
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': policy(c.req.header('host') ?? 'localhost'),
    })
  })
  return app
}

/** Nothing inline, nothing from elsewhere; sockets to this server only. */
const policy = (host: string): string =>
  [
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws://${host}`,
    `base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  ].join('; ')

const isFault = (name: string): name is Fault => faults.some((fault) => fault === name)

function roomAsk(body: unknown): RoomAsk | null {
  const { preset, ttl, grace } = (body ?? {}) as Partial<Record<keyof RoomAsk, unknown>>
  const known = presets.find((name) => name === preset)
  return known && isSeconds(ttl) && isSeconds(grace) ? { preset: known, ttl, grace } : null
}

const isSeconds = (value: unknown): value is number => typeof value === 'number' && value > 0 && value <= 86_400
