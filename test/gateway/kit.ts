/** One gateway in virtual time, raw clients that know nothing of our preset, and leases as anybody could write them. */
import { SignJWT } from 'jose'
import type { JWTHeaderParameters, JWTPayload } from 'jose'
import { createGateway, memoryStore } from '../../src/server/gateway/index.ts'
import type { Conversation, Gateway, GatewayOptions, MemoryStoreOptions, Store } from '../../src/server/gateway/index.ts'
import type { Upstream } from '../../src/server/forward/upstream.ts'
import { createTestWorld } from '../../src/testing/index.ts'
import type { TestWorld } from '../../src/testing/index.ts'

export const audience = 'https://gateway.test'
export const origin = 'https://app.test'
export const key = { kid: 'k1', secret: 'the first signing key, 32 bytes..' }
export const typ = 'heartwire-lease+jwt'

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string }

export interface Kit {
  readonly world: TestWorld
  readonly store: Store
  readonly gateway: Gateway
  /** What the operator heard. */
  readonly heard: unknown[]
  now(): number
  lease(claims?: JWTPayload, header?: Partial<JWTHeaderParameters>, secret?: string): Promise<string>
  /** A client after its handshake. */
  dial(options?: Dial): Promise<Client>
  /** One that has said `hello` and was answered. */
  greeted(claims?: JWTPayload, cursor?: string): Promise<Client>
}

export interface Dial {
  readonly origin?: string | null
  /** `?…` */
  readonly query?: string
  readonly address?: string
}

export type KitOptions = Omit<Partial<GatewayOptions>, 'world'> & {
  readonly memory?: MemoryStoreOptions
  /** Around the store. */
  readonly wrap?: (store: Store) => Store
  /** Default: a world of its own. */
  readonly in?: TestWorld
}

export function kit({ memory, wrap = (store) => store, in: given, ...options }: KitOptions = {}): Kit {
  const world = given ?? createTestWorld()
  const { now, timer } = world.world
  const store = options.store ?? wrap(memoryStore({ now, timer, ...memory }))
  const heard: unknown[] = []
  const onError = (error: unknown): void => void heard.push(error)
  const gateway = createGateway({ audience, keys: [key], origins: [origin], world: world.world, onError, ...options, store })

  const lease: Kit['lease'] = (claims = {}, header = {}, secret = key.secret) => {
    const iat = Math.floor(now() / 1000)
    const whole = { iss: audience, aud: audience, sub: 'ann', jti: crypto.randomUUID(), iat, exp: iat + 120, epoch: now(), scope: '' }
    return new SignJWT({ ...whole, ...claims })
      .setProtectedHeader({ alg: 'HS256', typ, kid: key.kid, ...header })
      .sign(new TextEncoder().encode(secret))
  }
  const dial: Kit['dial'] = async (asked = {}) => {
    const answer = await gateway.upgrade(handshake(asked))
    if (!('open' in answer)) throw new Error(`refused with ${answer.status}`)
    const client = new Client((peer) => answer.open(peer))
    await world.settle()
    return client
  }
  return {
    world,
    store,
    gateway,
    heard,
    now,
    lease,
    dial,
    async greeted(claims, cursor) {
      const client = await dial()
      await client.hello(await lease(claims), cursor)
      return client
    },
  }
}

export const handshake = ({ origin: from = origin, query = '', address }: Dial = {}) => ({
  url: new URL(`wss://gateway.test/socket${query}`),
  headers: new Headers(from === null ? {} : { origin: from }),
  protocols: [],
  address,
})

/** The client's end of a socket, by hand. */
export class Client {
  readonly frames: Frame[] = []
  /** The gateway's close code. */
  closed: number | null = null
  /** Bytes that have not left the gateway. */
  buffered = 0
  readonly #conversation: Conversation

  constructor(open: (peer: { send(frame: string): void; close(code: number): void; buffered(): number }) => Conversation) {
    this.#conversation = open({
      send: (frame) => void this.frames.push(JSON.parse(frame) as Frame),
      close: (code) => {
        this.closed = code
        queueMicrotask(() => this.#conversation.closed(code, ''))
      },
      buffered: () => this.buffered,
    })
  }

  /** Resolves when what the frame asked for is done. */
  async say(frame: object | string): Promise<void> {
    await this.#conversation.message(typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame))
  }

  hello(access_token: string, cursor?: string): Promise<void> {
    return this.say({ type: 'hello', version: 1, access_token, ...(cursor !== undefined && { cursor }) })
  }

  hangUp(code = 1000): void {
    this.#conversation.closed(code, '')
  }

  of(type: string): Frame[] {
    return this.frames.filter((frame) => frame.type === type)
  }

  get last(): Frame | undefined {
    return this.frames.at(-1)
  }

  /** Ids of the events so far. */
  get ids(): unknown[] {
    return this.of('event').map(({ event }) => (event as { id: string }).id)
  }

  /** Where `ready` says that this connection begins. */
  get cursor(): string {
    return String(this.of('ready')[0]?.['cursor'])
  }

  get stream(): string {
    return this.cursor.split('.')[0]!
  }
}

/** A promise that is settled from outside. */
export function latch(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

/** A store whose every call rejects, and which tells nothing, while `away` is true. */
export function breakable(inner: Store): Store & { away: boolean } {
  const call =
    <A extends unknown[], T>(run: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      breaking.away ? Promise.reject(new Error('the store is away')) : run(...args)
  const breaking: Store & { away: boolean } = {
    away: false,
    append: call(inner.append),
    read: call(inner.read),
    head: call(inner.head),
    epochOf: call(inner.epochOf),
    revoke: call(inner.revoke),
    once: call(inner.once),
    take: call(inner.take),
    follow(follower) {
      const unless = (run: () => void): void => {
        if (!breaking.away) run()
      }
      let missed = false
      return inner.follow({
        entry: (subject, entry) => (breaking.away ? void (missed = true) : follower.entry(subject, entry)),
        revoked: (user, epoch) => (breaking.away ? void (missed = true) : follower.revoked(user, epoch)),
        lapsed: () => unless(() => follower.lapsed()),
        fresh: () =>
          unless(() => {
            if (missed) follower.lapsed()
            missed = false
            follower.fresh()
          }),
      })
    },
    close: () => inner.close(),
  }
  return breaking
}

/** A provider behind the gateway that answers as it is told, and remembers what reached it. */
export function upstreamOf(
  answer: (request: Request) => Response = () => Response.json({ data: [] }),
): Upstream & { readonly reached: Request[] } {
  const reached: Request[] = []
  return {
    name: 'story',
    docs: 'https://provider.test/docs',
    reached,
    routes: [
      { method: 'GET', path: '/v2/contacts', scope: 'contacts:read' },
      { method: 'POST', path: '/v2/contacts', scope: 'contacts:write' },
    ],
    credential: async () => ({
      id: 'key-1',
      whose: 'backend',
      base: 'https://api.provider.test',
      headers: { authorization: 'Bearer long-lived-key-0123456789' },
      secrets: ['long-lived-key-0123456789'],
    }),
    refusal: (status) => ({ code: status === 401 ? 'key_refused' : 'unavailable' }),
    fetch: async (request) => {
      reached.push(request)
      return answer(request)
    },
  }
}
