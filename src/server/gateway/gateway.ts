import { closeCodes } from '../../protocol/codes.ts'
import { createForwarder } from '../forward/forwarder.ts'
import type { Upstream } from '../forward/upstream.ts'
import { createLeases } from '../lease/lease.ts'
import type { Lease, LeaseKey } from '../lease/lease.ts'
import { leaseMint } from '../lease/lease-mint.ts'
import type { LeaseMintOptions, LeaseUser } from '../lease/lease-mint.ts'
import { MintError } from '../mint-error.ts'
import type { Mint } from '../mint/mint.ts'
import { reporter, toConsole } from '../report.ts'
import type { Store } from '../store/store.ts'
import { webhookReceiver } from '../webhooks/webhook.ts'
import type { WebhookSource } from '../webhooks/webhook.ts'
import { Connection } from './connection.ts'
import type { Greeting, Room, Sender } from './connection.ts'
import { Feed } from './feed.ts'
import { realWorld } from './front.ts'
import type { Accepted, Handshake, World } from './front.ts'
import { limitsOf } from './limits.ts'
import type { Limits } from './limits.ts'
import { pack } from '../store/parcel.ts'
import { gatewayOrigins } from './origins.ts'

export interface GatewayOptions<U extends LeaseUser = LeaseUser> {
  /** Its own address, such as `https://realtime.example.com`: leases are for it and for no other gateway. */
  readonly audience: string
  /** What leases are signed with: the first key signs, all verify. At least 32 bytes of chance each. */
  readonly keys: readonly LeaseKey[] | (() => readonly LeaseKey[])
  /** What several gateways share: `memoryStore()` for one, `redisStore()` for more. */
  readonly store: Store
  /** Pages that may connect, exactly: `https://app.example.com`. Names, not bare IP addresses. */
  readonly origins: readonly string[]
  /** Also let in clients that say no `Origin`: programs, not pages. Default: false. */
  readonly withoutOrigin?: boolean
  /** What the leases of `gateway.mint` allow, and how long. */
  readonly lease?: LeaseMintOptions<U>
  /** A provider whose REST API leases may call through the gateway: `huechat()`. */
  readonly upstream?: Upstream
  /** Webhooks that become events, by name: `{ huechat: huechatWebhooks({ audience }) }` answers `POST /webhooks/huechat`. */
  readonly webhooks?: Readonly<Record<string, WebhookSource>>
  /** Hears the messages of pages. Default: they are answered with an error frame. */
  readonly onMessage?: (message: unknown, from: Sender) => void | Promise<void>
  readonly limits?: Partial<Limits>
  /** Whom a handshake comes from, for limits. Behind a proxy: its header. Default: the peer's address. */
  readonly address?: (handshake: Handshake) => string | undefined
  /** Clients that come back a second, when this process ends. Default 100: how wide they spread is computed from it. */
  readonly returnsPerSecond?: number
  /** Where it is mounted, such as `/realtime`: taken off the paths of REST and webhooks. Default: nothing. */
  readonly prefix?: string
  /** Hears each failure that is not a caller's own, once. Default: `console.error`. */
  readonly onError?: (error: MintError) => void
  readonly world?: World
}

export interface Gateway<U extends LeaseUser = LeaseUser> {
  readonly name: string
  /** Mints this gateway's leases: for `createTokenEndpoint({ mint: gateway.mint, authorize })`. */
  readonly mint: Mint<U>
  /** REST and webhooks. Never rejects. */
  fetch(request: Request): Promise<Response>
  /** A WebSocket handshake: a `Response` refuses it, an `Accepted` opens it. */
  upgrade(handshake: Handshake): Promise<Response | Accepted>
  /** Tells these users an event, once for each id. Resolves when it is kept: it is delivered from then on. */
  publish(event: { readonly id: string }, users: readonly string[], scope?: string): Promise<'appended' | 'duplicate'>
  /**
   * Withdraws the right of a user, or (null) of everybody: their connections end within 5 s at every gateway of the store, their
   * leases are worth nothing, and a session that began before (`LeaseUser.since`) gets no new one.
   */
  revoke(user: string | null): Promise<void>
  /** Takes no more connections, and says goodbye to those there are: `goaway` with a spread, then 1012. */
  drain(options?: { readonly spreadMs?: number }): void
  /** Ends every connection at once. The store is its owner's. */
  close(): void
  readonly connections: number
}

const goodbyesAtOnce = 100

/**
 * A gateway of your own for providers that give pages no token: it holds the key, pages hold a lease of at most five
 * minutes. It speaks PROTOCOL.md over WebSocket, forwards allowed REST calls and turns webhooks into events.
 *
 * @throws TypeError for an origin, a key or a limit that cannot be
 */
export function createGateway<U extends LeaseUser = LeaseUser>(options: GatewayOptions<U>): Gateway<U> {
  const { store, upstream, onMessage, webhooks = {}, returnsPerSecond = 100, prefix = '', world = realWorld } = options
  const limits = limitsOf(options.limits)
  const origins = gatewayOrigins(options.origins, options.withoutOrigin ?? false)
  const leases = createLeases({ keys: options.keys, audience: options.audience, store, now: () => world.now() })
  const tell = reporter(options.onError ?? toConsole('gateway'))
  const report = (error: unknown): void => void tell(error)
  const feed = new Feed(store, world, report)
  const connections = new Set<Connection>()
  /** Once it is about to go: how wide its clients shall spread, in ms. */
  let leaving: number | null = null

  const spreadOf = (count: number): number => Math.ceil((count / returnsPerSecond) * 1000)
  const room: Room = {
    leases,
    store,
    feed,
    world,
    limits,
    onMessage,
    report,
    spreadMs: () => spreadOf(connections.size),
  }

  const receivers = new Map(
    Object.entries(webhooks).map(([name, source]) => [name, webhookReceiver({ source, store, name, now: () => world.now(), report })]),
  )
  const forward =
    upstream &&
    createForwarder({
      upstream,
      origins: options.origins,
      prefix,
      authorize: (request) => callerOf(request),
      ...(options.onError && { onError: options.onError }),
    })

  async function callerOf(request: Request): Promise<{ id: string; scopes: readonly string[] } | null> {
    const [, token] = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
    if (token === undefined) return null
    const lease = await leases.verify(token, request.headers.get('origin'), false).catch((cause: unknown) => {
      throw new MintError('unavailable', { message: 'whether this right still stands cannot be known', cause })
    })
    return typeof lease === 'string' ? null : { id: lease.user, scopes: scopesOf(lease) }
  }

  /** What the address says instead of a hello. A lease that is refused is refused by a close code: a page could not see a status. */
  async function greetingIn({ searchParams }: URL, origin: string | null): Promise<Greeting | null> {
    const token = searchParams.get('access_token')
    if (token === null) return null
    const lease = await leases.verify(token, origin, true).catch((error: unknown) => {
      report(error)
      return 'unverifiable' as const
    })
    return { version: Number(searchParams.get('version') ?? 1), lease, cursor: searchParams.get('cursor') ?? undefined }
  }

  function accepted(origin: string | null, greeting: Greeting | null): Accepted {
    return {
      open(peer) {
        const connection = new Connection(room, peer, origin, () => connections.delete(connection))
        connections.add(connection)
        // It was let in, and meanwhile the gateway has begun to go.
        if (leaving !== null) connection.goaway(leaving)
        else connection.begin(greeting)
        return connection
      },
    }
  }

  return {
    name: 'gateway',
    mint: leaseMint(leases, options.lease),
    async fetch(request) {
      const { pathname } = new URL(request.url)
      const path = pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : pathname
      const receiver = path.startsWith('/webhooks/') ? receivers.get(path.slice('/webhooks/'.length)) : undefined
      if (receiver) return receiver(request)
      return forward ? forward(request) : Response.json({ error: 'not_allowed', message: 'Nothing is here.' }, { status: 404 })
    },
    async upgrade(handshake) {
      if (leaving !== null) return refused(503, 'restart')
      const origin = handshake.headers.get('origin')
      if (!origins(origin)) return refused(403, 'forbidden')
      const address = options.address ? options.address(handshake) : handshake.address
      if (address !== undefined) {
        try {
          const limit = { name: 'addresses', points: limits.connectsPerAddressAndMinute, perMs: 60_000 }
          const wait = await store.take(limit, address)
          if (wait > 0) return refused(429, 'quota', Math.ceil(wait / 1000))
        } catch (error) {
          report(error)
          return refused(503, 'unavailable')
        }
      }
      return accepted(origin, await greetingIn(handshake.url, origin))
    },
    publish: async (event, users, scope = '') => store.append(`publish/${event.id}`, users, pack({ scope, json: JSON.stringify(event) })),
    async revoke(user) {
      await store.revoke(user)
    },
    drain({ spreadMs = spreadOf(connections.size) } = {}) {
      leaving = spreadMs
      const began = world.now()
      const staying = [...connections]
      // A few at a time: thousands of goodbyes at once would hold up everybody, and bring them back in a lump.
      const goodbye = (now: number): void => {
        const leftMs = Math.max(0, spreadMs - (now - began))
        for (const connection of staying.splice(0, goodbyesAtOnce)) connection.goaway(leftMs)
        if (staying.length > 0) world.timer(() => goodbye(world.now()), 20)
      }
      goodbye(began)
    },
    close() {
      leaving ??= spreadOf(connections.size)
      for (const connection of [...connections]) connection.end(closeCodes.restart, 'closed')
      feed.close()
    },
    get connections() {
      return connections.size
    },
  }
}

const scopesOf = ({ scopes }: Lease): readonly string[] => scopes

const refused = (status: number, error: string, retryAfter?: number): Response =>
  Response.json(
    { error },
    { status, headers: { 'cache-control': 'no-store', ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) } },
  )
