import { Account } from './bithuman/account.ts'
import { codeFor, refuse, type BithumanCode } from './bithuman/answers.ts'
import { letters } from './bithuman/chance.ts'
import { Doorman } from './bithuman/door.ts'
import { endpoints, type Call } from './bithuman/endpoints.ts'
import { Rooms, type LiveKitKey } from './bithuman/rooms.ts'
import { RuntimeSocket } from './bithuman/runtime.ts'
import type { Provider, World } from './provider.ts'
import { realWorld } from './world.ts'

export type { BithumanCode } from './bithuman/answers.ts'

export interface BithumanOptions {
  /** Default: `realWorld()`. */
  readonly world?: World
  /** The first API secret. Default: 65 random characters, as today's secrets are. */
  readonly secret?: string
  /** Default: `user_01`. */
  readonly userId?: string
  /** The lifetime of a runtime token. Default: 300, as documented. */
  readonly tokenTtlSeconds?: number
  /**
   * The `aud` of a runtime token. `constant`: `bithuman-runtime`, as since June 2026. `fingerprint`: the fingerprint of the
   * request, as the older docs say. Default: `constant`.
   */
  readonly audience?: 'constant' | 'fingerprint'
  /** What a revoked secret is answered on token endpoints: 403 `RUNTIME_SUSPENDED`, or 401 as in the older docs. Default: 403. */
  readonly revokedStatus?: 401 | 403
  /** The account's agents. Default: every code is one. */
  readonly agents?: readonly string[]
  /** `retired`: the mint of client secrets answers 410 `ENDPOINT_RETIRED`, as since 27 September 2026. Default: `mints`. */
  readonly realtime?: 'mints' | 'retired'
  /** The key pair of the LiveKit server below `/rtc`, for room tokens. The secret has 32 characters at least. Default: `devkey` and a fixed one. */
  readonly livekit?: LiveKitKey
  /** Frames per second on a runtime socket; 0 sends none. Default: 10 (the real engine has 25). */
  readonly fps?: number
  /** How long frames go on after the last good beat, within the token's life. Default: 300, as in the native engines. */
  readonly beatGraceSeconds?: number
  /** How long a runtime socket stays open after its token has lapsed, before it is closed with 4401. Default: 30. */
  readonly lapseCloseSeconds?: number
  /** Metered writes a minute. Default: 60 (Creator plan). */
  readonly writesPerMinute?: number
  /** Metered reads a minute. Default: 240 (Creator plan). */
  readonly readsPerMinute?: number
}

/** bitHuman's API, one account of it, with the controls that its dashboard and bad luck have in reality. */
export interface Bithuman extends Provider {
  /** The API secret that is valid now. */
  readonly secret: string
  readonly userId: string
  /**
   * A new API secret, which is returned. The old one is dead at once, without overlap: 403 `RUNTIME_SUSPENDED` on token
   * endpoints, 401 elsewhere. Sessions that live go on until their next beat fails, or their token is over.
   */
  rotate(): string
  /** The right to join one LiveKit room under one name, as a backend signs it. Default: for 600 s. */
  roomToken(seat: { readonly room: string; readonly identity: string }, ttlSeconds?: number): Promise<string>
  /** All tokens given out so far are over now: handshakes are refused, frames stop until the next beat. */
  expireTokens(): void
  /** Answers whatever mints or costs credit with this status. `code` defaults to bitHuman's for it. `null` ends it. */
  refuseMints(status: number | null, code?: BithumanCode): void
  /** Suspends runtime access of the account: 403 `RUNTIME_SUSPENDED` on token endpoints. */
  suspend(on: boolean): void
  /** 402 `INSUFFICIENT_BALANCE` for whatever costs credit. */
  outOfCredit(on: boolean): void
  /** Whether more than 30 failed authentications a minute and address are answered 429. On at first; off forgets them. */
  throttleFailures(on: boolean): void
  /** Closes all sockets, of runtimes and of rooms, with this code; without one cuts them (1006). Returns how many. */
  dropSockets(code?: number, reason?: string): number
  readonly counts: Readonly<BithumanCounts>
  /** Every secret and token ever given out: for tests that look for them where they must not be. */
  secrets(): string[]
  /** Sockets open now, of runtimes and of rooms. */
  readonly liveSockets: number
}

export interface BithumanCounts {
  /** Runtime tokens given out; a beat is one. */
  mints: number
  /** Requests for a runtime token that were refused. */
  refusedMints: number
  /** Handshakes that arrived, at a runtime or at a room. */
  upgrades: number
  /** Frames sent over all runtime sockets. */
  frames: number
  /** Billed sessions. A mint with the `transaction_id` of a living one does not start another. */
  sessions: number
}

/**
 * bitHuman's REST API with real HS256 tokens, written from its docs, and two sockets. `/v1/runtime/{anything}?access_token=
 * <runtime token>` is not bitHuman's: they document none for browsers. It stands for a developer's own runtime, and shows
 * what theirs does: frames while beats succeed, none when they fail. `/rtc?access_token=<room token>` is the signalling of
 * the LiveKit server whose rooms bitHuman's avatars join.
 */
export function createBithuman(options: BithumanOptions = {}): Bithuman {
  const { world = realWorld(), tokenTtlSeconds = 300, audience = 'constant', fps = 10, agents = null, realtime = 'mints' } = options
  const { beatGraceSeconds = 300, lapseCloseSeconds = 30, userId = 'user_01' } = options
  const { writesPerMinute: writes = 60, readsPerMinute: reads = 240, revokedStatus = 403 } = options
  const secret = options.secret ?? letters(world, 65)
  const account = new Account(world, { userId, secret, graceMs: beatGraceSeconds * 1000 })
  const doorman = new Doorman(account, { writes, reads, revokedStatus })
  const rooms = new Rooms(world, options.livekit ?? { apiKey: 'devkey', apiSecret: 'secret-of-the-emulated-livekit-server' })

  async function answer(request: Request, body: Record<string, unknown> | null): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/v1/validate' && request.method === 'POST') {
      return Response.json({ valid: account.standing(request.headers.get('api-secret') ?? '') === 'current' })
    }
    const endpoint = endpoints.find(({ method, path }) => method === request.method && path.test(pathname))
    if (!endpoint) return refuse('NOT_FOUND', `No endpoint ${request.method} ${pathname}`)
    const caller = await doorman.admit(request, endpoint.door)
    if (caller !== 'account' && 'headers' in caller) return caller
    const refused = endpoint.billed ? unpaid() : null
    if (refused) return refused
    if (body === null) return refuse('VALIDATION_ERROR', 'The body is not a JSON object')
    const name = endpoint.path.exec(pathname)?.[1] ?? ''
    const call: Call = { account, tokenTtlSeconds, audience, realtime, agents, body, name, caller }
    return endpoint.tier ? doorman.metered(endpoint.tier, () => endpoint.answer(call)) : endpoint.answer(call)
  }

  function unpaid(): Response | null {
    const { mintRefusal } = account
    if (mintRefusal) return refuse(mintRefusal.code, 'Refused by a control of the emulator', { status: mintRefusal.status })
    return account.outOfCredit ? refuse('INSUFFICIENT_BALANCE', 'Insufficient credits') : null
  }

  /** A beat that was refused for good stops its session; one that failed otherwise leaves it its grace. */
  function heed(request: Request, body: Record<string, unknown> | null, { status }: Response): void {
    if (new URL(request.url).pathname !== '/v1/runtime-tokens/request' || status === 200) return
    account.counts.refusedMints++
    const transaction = body?.['transaction_id']
    if (typeof transaction === 'string' && [401, 402, 403].includes(status)) account.sessions.get(transaction)?.stop()
  }

  return {
    name: 'bithuman',
    userId,

    async fetch(request) {
      const inRoom = await rooms.fetch(request)
      if (inRoom) return inRoom
      const body = await objectIn(request)
      const response = await answer(request, body)
      heed(request, body, response)
      response.headers.set('date', new Date(world.now()).toUTCString())
      return response
    },

    async upgrade(upgrade) {
      const { url } = upgrade
      account.counts.upgrades++
      const room = await rooms.upgrade(upgrade)
      if (room) return room
      const place = /^\/v1\/runtime\/(.*)$/.exec(url.pathname)?.[1]
      if (place === undefined) return refuse('NOT_FOUND', `No endpoint ${url.pathname}`)
      const issued = await account.check(url.searchParams.get('access_token') ?? '', 'runtime')
      const session = issued?.session
      if (!session || session.ended) return refuse('UNAUTHORIZED', 'Invalid or expired runtime token')
      const onFrame = () => void account.counts.frames++
      const traits = { world, all: account.sockets, place, fps, lapseCloseMs: lapseCloseSeconds * 1000, onFrame }
      return { open: (peer) => new RuntimeSocket(peer, session, traits) }
    },

    get secret() {
      return account.secret
    },
    rotate: () => account.rotate(),
    async roomToken(seat, ttlSeconds = 600) {
      const token = await rooms.token(seat, ttlSeconds)
      account.given.push(token)
      return token
    },
    expireTokens() {
      account.expireTokens()
      rooms.expireTokens()
    },
    refuseMints(status, code) {
      account.mintRefusal = status === null ? null : { status, code: code ?? codeFor(status) }
    },
    suspend: (on) => void (account.suspended = on),
    outOfCredit: (on) => void (account.outOfCredit = on),
    throttleFailures(on) {
      doorman.throttles = on
      if (!on) doorman.forgive()
    },
    dropSockets(code, reason = '') {
      const sockets = [...account.sockets]
      for (const socket of sockets) {
        if (code === undefined) socket.terminate()
        else socket.end(code, reason)
      }
      return sockets.length + rooms.drop(code, reason)
    },
    counts: account.counts,
    secrets: () => [...account.given],
    get liveSockets() {
      return account.sockets.size + rooms.sockets.size
    },
  }
}

/** The request's JSON object; an empty body is an empty object, anything else is null. */
async function objectIn(request: Request): Promise<Record<string, unknown> | null> {
  try {
    const text = await request.text()
    const body: unknown = text === '' ? {} : JSON.parse(text)
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : null
  } catch {
    return null
  }
}
