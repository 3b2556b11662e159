import * as z from 'zod/mini'
import { MintError } from '../mint-error.ts'
import { within } from '../deadline.ts'
import { lifetimeOf, malformed, tokenText } from './answer-fields.ts'
import { agenthumanApi } from './agenthuman-api.ts'
import type { AgenthumanAccountOptions, AgenthumanApi } from './agenthuman-api.ts'
import type { LongLivedKey } from './long-lived-key.ts'
import type { Mint, MintAnswer, MintAsk, User } from './mint.ts'

export interface AgenthumanMintOptions<U extends User = User> extends AgenthumanAccountOptions {
  /** The body of `POST /v1/sessions` (avatar, room, metadata, …). What the page asked is in `fields`: check what you take. */
  readonly session: (ask: MintAsk<U>) => object | Promise<object>
  /** How long a session that does not start at once is waited for, in ms. Default 6 000: under the 8 s of a mint. */
  readonly startMs?: number
  /** Epoch milliseconds, for an `expiration` in an answer that does not say when it began. Default: `Date.now`. */
  readonly wallClock?: () => number
}

/** They become part of a path. The oldest are numbers. */
const isSession = (handle: string | undefined): handle is string => handle !== undefined && /^[\w-]{1,128}$/.test(handle)
const time = z.nullish(z.union([z.string(), z.number()]))
const sessionAnswer = z.object({
  session: z.object({
    session_id: z.union([z.string(), z.number()]),
    status: z.optional(z.string()),
    session_token: z.nullish(tokenText),
    access_token: z.nullish(tokenText),
    started_at: time,
    expiration: time,
  }),
  session_token: z.nullish(tokenText),
  access_token: z.nullish(tokenText),
})
const startAnswer = z.object({ ws_uri: z.optional(z.string()), expiration: time })
/** Waits between two looks whether a session has started, in ms. */
const lookAgainMs = 500
const endMs = 2_000
const mostOwners = 10_000
const ownerOf = (user: User | undefined): string => user?.id ?? ''

/**
 * Mints AgentHuman sessions: `POST /v1/sessions` with the account's key. The token belongs to the one session that begins
 * with it, and ends at `expiration`; there is nothing to renew. A mint with the handle of the session before ends that one
 * first, so that the two do not count against the account's concurrency.
 *
 * All three generations of the documented answer are read: a session that has started (`session_token`); one that is to be
 * started with `PUT …/start` (`access_token`); the oldest, whose ids are numbers.
 *
 * Source: docs.agenthuman.com, create-session, start-session, end-session.
 */
export function agenthumanMint<U extends User = User>(options: AgenthumanMintOptions<U>): Mint<U> {
  const { session, startMs = 6_000, wallClock = Date.now } = options
  if (typeof session !== 'function') throw new TypeError('session: a function is needed that says which session to create')
  const api = agenthumanApi(options)
  const owners = new Map<string, string>()
  /** A handle comes from the page, and nobody may end another one's session. */
  const mayEnd = (handle: string, user: U | undefined): boolean => {
    const owner = owners.get(handle)
    // Another process may have given it; but a number is easily guessed.
    return owner === undefined ? !/^\d+$/.test(handle) : owner === ownerOf(user)
  }

  const mint = async (ask: MintAsk<U>): Promise<MintAnswer> => {
    const key = await api.key()
    if (isSession(ask.handle) && mayEnd(ask.handle, ask.user)) {
      const old = ask.handle
      // Best effort: an outage there must not cost the page its new session.
      await within(endMs, ask.signal, (signal) => end(api, key, old, signal)).catch((error: unknown) => refusedKey(error))
    }
    ask.signal.throwIfAborted()
    const { success, data } = sessionAnswer.safeParse(await api.call(key, 'POST', '/v1/sessions', await session(ask), ask.signal))
    if (!success) throw malformed('no session')
    const { session_id, status, session_token, access_token, started_at } = data.session
    const handle = String(session_id)
    if (!isSession(handle)) throw malformed('a session without an id')
    try {
      const token = session_token ?? access_token ?? data.session_token ?? data.access_token
      if (token === null || token === undefined) throw malformed('a session without a token')
      const expiration = status === 'created' ? await started(key, handle, ask.signal) : data.session.expiration
      const seconds = lifeUntil(expiration, started_at, wallClock())
      owners.set(handle, ownerOf(ask.user))
      for (const [eldest] of owners) if (owners.size > mostOwners) owners.delete(eldest)
      return { access_token: token, handle, ...(seconds !== undefined && { expires_in: seconds }) }
    } catch (error) {
      // It would be billed, and nobody has it. Its own signal: the page may be what has gone.
      void within(endMs, undefined, (signal) => end(api, key, handle, signal)).catch(() => {})
      throw error
    }
  }

  /** The older generation: asks until a server is there, which may take some seconds. */
  const started = (key: LongLivedKey, handle: string, outer: AbortSignal): Promise<string | number | null | undefined> =>
    within(startMs, outer, async (signal) => {
      for (;;) {
        const { success, data } = startAnswer.safeParse(await api.call(key, 'PUT', `/v1/sessions/${handle}/start`, {}, signal))
        if (!success) throw malformed('no start of the session')
        if (data.ws_uri !== 'try_again') return data.expiration
        await pause(lookAgainMs, signal)
      }
    }).catch((error: unknown) => {
      if (error instanceof MintError || outer.aborted) throw error
      throw new MintError('unavailable', { status: 504, message: `AgentHuman did not start the session within ${startMs} ms` })
    })

  return Object.assign(mint, {
    async release(handle: string, { user, signal }: Omit<MintAsk<U>, 'handle'>): Promise<void> {
      if (!isSession(handle)) throw new MintError('bad_request', { message: 'a handle that AgentHuman never gave' })
      if (!mayEnd(handle, user)) throw new MintError('forbidden', { message: 'a handle that this user was not given' })
      await end(api, await api.key(), handle, signal)
    },
  })
}

/** Ends a session; one that has ended, or is not there, is fine. The older documentation has PUT where today's has POST. */
async function end(api: AgenthumanApi, key: LongLivedKey, handle: string, signal: AbortSignal): Promise<void> {
  const path = `/v1/sessions/${handle}/end`
  const absent = (error: unknown): void => {
    if (!(error instanceof MintError && (error.upstreamStatus === 404 || error.upstreamStatus === 405))) throw error
  }
  let done = true
  await api.call(key, 'POST', path, {}, signal).catch((error: unknown) => {
    absent(error)
    done = false
  })
  if (!done) await api.call(key, 'PUT', path, {}, signal).catch(absent)
}

/** The end of the old session and the start of the new one use one key: refused once, it need not be asked again. */
function refusedKey(error: unknown): void {
  if (error instanceof MintError && error.code === 'key_refused') throw error
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })

/**
 * Whole seconds until `expiration`, counted from the session's own start, so that no clock of ours matters; from our clock
 * only where the answer has no start. Undefined for a session without an end (`null`) or an unreadable time.
 */
function lifeUntil(
  expiration: string | number | null | undefined,
  startedAt: string | number | null | undefined,
  nowMs: number,
): number | undefined {
  const until = epochMs(expiration)
  if (until === undefined) return undefined
  const seconds = Math.floor((until - (epochMs(startedAt) ?? nowMs)) / 1000)
  if (seconds <= 0) throw malformed('a session without any life')
  // The page ends it a little before AgentHuman does: then a new session takes its place. A server that is first says 1000,
  // which is also what it says of a session that was ended on purpose.
  return seconds - Math.min(5, Math.floor(seconds / 20))
}

/** ISO 8601, epoch seconds, or epoch milliseconds. */
function epochMs(time: string | number | null | undefined): number | undefined {
  if (time === null || time === undefined) return undefined
  const number = typeof time === 'number' ? time : /^\d+(\.\d+)?$/.test(time) ? Number(time) : undefined
  if (number !== undefined) return number > 100_000_000_000 ? number : number * 1000
  const parsed = Date.parse(String(time))
  return Number.isNaN(parsed) ? undefined : parsed
}

export interface AgenthumanUserMintOptions<U extends User = User> {
  /**
   * Gives the user's own AgentHuman JWT: from the sign-in (OTP) that your application did with AgentHuman for this user.
   * `null`: he has not signed in there. Throw a `MintError` to say something else.
   */
  readonly login: (ask: MintAsk<U>) => string | null | Promise<string | null>
  /** Seconds, for a JWT that does not say how long it lives. Default: not told, which leaves it to the page's preset. */
  readonly lifetime?: number
}

/**
 * The user's own JWT as a token of its own, for what AgentHuman lets only its users do. Its life is `exp − iat`, so that no
 * clock matters; where `login` keeps a JWT, what it was used up by then is not known here: ask for a new one in time.
 */
export function agenthumanUserMint<U extends User = User>({ login, lifetime }: AgenthumanUserMintOptions<U>): Mint<U> {
  if (typeof login !== 'function') throw new TypeError("login: a function is needed that gives the user's own JWT")
  return async (ask) => {
    const jwt: unknown = await login(ask)
    if (jwt === null || jwt === undefined) throw new MintError('login_required', { message: 'the user has not signed in at AgentHuman' })
    const { success, data } = tokenText.safeParse(jwt)
    if (!success) throw new MintError('unavailable', { status: 502, message: 'login gave no token' })
    if (/^ah_(live|test)_/.test(data)) throw new TypeError('login: this is the account’s key, which no page may hold')
    const seconds = lifetimeOf(data, lifetime ?? Number.NaN)
    return { access_token: data, ...(Number.isNaN(seconds) ? {} : { expires_in: seconds }) }
  }
}
