import { Account, type Settings } from './agenthuman/account.ts'
import { isFields, objectOf, refuse, unauthorized } from './agenthuman/answers.ts'
import { AvatarSocket } from './agenthuman/avatar-socket.ts'
import { admit } from './agenthuman/door.ts'
import { endpointAt } from './agenthuman/endpoints.ts'
import type { Provider, World } from './provider.ts'
import { realWorld } from './world.ts'

export interface AgenthumanOptions {
  /** Default: `realWorld()`. */
  readonly world?: World
  /** The first API key. Default: a random `ah_live_…`. */
  readonly key?: string
  /** Letters after the prefix of the keys that are issued. Default: 32, as the page says; its placeholders have 28. */
  readonly keyLength?: number
  /** The owner, to whose address one-time codes go. Default: `owner@example.com`. */
  readonly email?: string
  /** Default: `user_01`. */
  readonly userId?: string
  /** The lifetime of a login. Default: 3600. Ours. */
  readonly jwtTtlSeconds?: number
  /**
   * Whether an API key opens what is for logins, too: today's page says "all REST API endpoints", the one before it sorted them.
   * Default: false, as the earlier page.
   */
  readonly keysEverywhere?: boolean
  /** Sessions at once. Default: 5 (plans differ; the docs' example has 1). */
  readonly maxConcurrent?: number
  /** Minutes of the plan; each session is rounded up. Default: 120, as in the docs' example. */
  readonly minutes?: number
  /** From a session's start to its `expiration`; null for the plans without one. Default: 3600. */
  readonly sessionSeconds?: number | null
  /** When a session to which nobody ever connected is ended. Default: 180 ("within 3 minutes"). */
  readonly orphanSeconds?: number
  /** How long `ws_uri` is `try_again` after the start of a session of the older docs. Default: 2000. */
  readonly allocationMs?: number
  /** What `ws_uri` says then. Default: `wss://wss.agenthuman.com`. */
  readonly wsUrl?: string
  /** Frames per second that a socket shows while its avatar speaks; 0 shows none. Default: 10. */
  readonly fps?: number
}

/** AgentHuman's API, one account of it, with the controls that its dashboard and bad luck have in reality. */
export interface Agenthuman extends Provider {
  /** The newest API key that works; empty if none does. */
  readonly key: string
  /** All API keys that work, oldest first. */
  readonly keys: readonly string[]
  readonly email: string
  /** A further API key; the others go on working. Default: `live`. */
  createKey(environment?: 'live' | 'test'): string
  /** The key is dead at once: 401 "API key has been revoked". Its sessions go on (ours). False if it is not one of them. */
  deleteKey(key: string): boolean
  /** The page's rotation without its overlap: a new key, which is returned, and all others are deleted at once. */
  rotate(): string
  /** The one-time code that the owner finds in the mail; null if there is none of use. */
  readonly otp: string | null
  /** All sessions that run end now, as at their expiration: their sockets are closed. Returns how many. */
  expireSessions(): number
  /**
   * Answers the creation of sessions by API key with this status: with 401 `error` is the text (default "Invalid API key"), with others a code.
   * `retryAfterSeconds` adds the header. A status of `null` ends it.
   */
  refuseMints(status: number | null, more?: { readonly error?: string; readonly retryAfterSeconds?: number }): void
  /** No minutes are left: sessions are neither created nor started. Those that run go on (ours). */
  outOfMinutes(on: boolean): void
  /** Closes all sockets with this code; without one cuts them (1006). Their sessions end. Returns how many. */
  dropSockets(code?: number, reason?: string): number
  readonly counts: Readonly<AgenthumanCounts>
  /** Every key, login, token and link ever given out: for tests that look for them where they must not be. */
  secrets(): string[]
  /** Sockets open now, initialised or not. */
  readonly liveSockets: number
  /** Sessions that run now. */
  readonly liveSessions: number
}

export interface AgenthumanCounts {
  /** Sessions created, of any generation and by links. */
  readonly sessions: number
  /** Creations by API key that were refused, for whatever reason but the key. */
  readonly refusedSessions: number
  /** Handshakes that arrived. */
  readonly upgrades: number
  /** Sockets that showed a good token. */
  readonly initialised: number
  /** Sockets whose first message was refused. */
  readonly refusedInits: number
  /** Frames shown over all sockets. */
  readonly frames: number
}

/**
 * AgentHuman's REST API, in the three generations of its docs, and the socket of its avatars. REST stands below `/v1`, as at
 * `https://api.agenthuman.com` today, and below `/api/v1`, as on the host that an earlier authentication page shows: the answers
 * are the same. The socket is at `/`, as at `wss://wss.agenthuman.com`, and takes its token in the first message, not in the
 * address. The video itself is delivered in a Daily or LiveKit room, which is not emulated.
 */
export function createAgenthuman(options: AgenthumanOptions = {}): Agenthuman {
  const { keysEverywhere = false, key } = options
  const account = new Account(settingsOf(options))
  const { keys, login, counts, settings } = account
  const { world, fps } = settings
  keys.create({ name: 'First key', ...(key !== undefined && { text: key, environment: key.startsWith('ah_test_') ? 'test' : 'live' }) })

  const working = () => keys.all.map(({ text }) => text).filter((text) => keys.standing(text) === 'working')
  const running = () => [...account.sessions.values()].filter(({ status }) => status === 'started')

  return {
    name: 'agenthuman',
    email: settings.email,

    async fetch(request) {
      const url = new URL(request.url)
      const text = await request.text().catch(() => '{')
      const isForPages = url.pathname.endsWith('/v1/links/start-session')
      if (request.method === 'OPTIONS' && isForPages) return readable(new Response(null, { status: 204 }))
      const found = endpointAt(request.method, url.pathname)
      if (!found) return refuse(404, 'Endpoint not found')
      const { door, answer } = found.endpoint
      const refused = await admit(door === 'jwt' && keysEverywhere ? 'both' : door, request.headers, account)
      if (refused) return refused
      const body = text === '' ? {} : objectOf(text)
      if (!isFields(body)) return refuse(400, 'The body is not a JSON object')
      const isSecure = url.protocol === 'https:'
      const response = await answer({ account, body, name: found.name, query: url.searchParams, isSecure })
      return isForPages ? readable(response) : response
    },

    async upgrade({ url }) {
      counts.upgrades++
      if (url.pathname !== '/') return refuse(404, 'No WebSocket here')
      const traits = { world, find: (id: string) => account.sessions.get(id), all: account.sockets, fps, counts }
      return { open: (peer) => new AvatarSocket(peer, traits) }
    },

    get key() {
      return working().at(-1) ?? ''
    },
    get keys() {
      return working()
    },
    createKey: (environment = 'live') => keys.create({ environment }).text,
    deleteKey: (text) => keys.delete(text),
    rotate() {
      const old = keys.all
      const { text } = keys.create({ name: 'Rotated key' })
      for (const { id } of old) keys.delete(id)
      return text
    },
    get otp() {
      return login.code
    },
    expireSessions() {
      const all = running()
      for (const session of all) session.end('expired')
      return all.length
    },
    refuseMints(status, more = {}) {
      account.refusal = status === null ? null : () => refusalOf(status, more)
    },
    outOfMinutes: (on) => void (account.isOutOfMinutes = on),
    dropSockets(code, reason = '') {
      const sockets = [...account.sockets]
      for (const socket of sockets) {
        if (code === undefined) socket.terminate()
        else socket.end(code, reason)
      }
      return sockets.length
    },
    counts,
    secrets: () => [...account.given],
    get liveSockets() {
      return account.sockets.size
    },
    get liveSessions() {
      return running().length
    },
  }
}

function settingsOf(options: AgenthumanOptions): Settings {
  const { world = realWorld(), email = 'owner@example.com', userId = 'user_01', keyLength = 32, jwtTtlSeconds = 3600 } = options
  const { maxConcurrent = 5, minutes = 120, sessionSeconds = 3600, orphanSeconds = 180 } = options
  const { allocationMs = 2000, wsUrl = 'wss://wss.agenthuman.com', fps = 10 } = options
  const people = { world, email, userId, keyLength, jwtTtlSeconds }
  return { ...people, maxConcurrent, minutes, sessionSeconds, orphanSeconds, allocationMs, wsUrl, fps }
}

function refusalOf(status: number, { error, retryAfterSeconds }: { error?: string; retryAfterSeconds?: number }): Response {
  if (status === 401) return unauthorized(error ?? 'Invalid API key')
  const headers: HeadersInit = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return refuse(status, 'Refused by a control of the emulator', { ...(error !== undefined && { code: error }) }, headers)
}

/** Links are made for pages, so any page may read their answers; all else is for backends. That it says so is ours. */
function readable(response: Response): Response {
  response.headers.set('access-control-allow-origin', '*')
  response.headers.set('access-control-allow-headers', 'content-type')
  response.headers.set('access-control-allow-methods', 'POST')
  return response
}
