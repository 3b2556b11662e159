import { empty, granted, refused } from './answers.ts'
import { DeadlineError, within } from './deadline.ts'
import { checkedAnswer } from './mint/answer-fields.ts'
import type { Mint, TokenAsk, User } from './mint/mint.ts'
import { MintError } from './mint-error.ts'
import { originRule, withCors } from './origins.ts'
import type { Origins } from './origins.ts'
import { rateLimits } from './rate-limit.ts'
import type { RateLimit } from './rate-limit.ts'
import { reporter } from './report.ts'
import { answerFromHeaders, readAsk } from './request-gate.ts'

export interface TokenEndpointOptions<U extends User = User> {
  /** Where tokens come from: `humeMint()`, `bithumanMint()`, or a function of your own. */
  readonly mint: Mint<U>
  /**
   * Says who asks: reads the session cookie or the header of `request` (its body is read already, into `ask`). `null`, and
   * whatever it throws, is `login_required`; throw `new MintError('forbidden' | 'revoked')` to refuse for good, and
   * `new MintError('unavailable')` when it cannot tell, so that a live session is not ended by your database's bad minute.
   * Without it everybody who reaches the route gets a token, which is for demos.
   */
  readonly authorize?: (request: Request, ask: TokenAsk) => U | null | Promise<U | null>
  /** Pages that may ask. Default: those of the endpoint's own origin. */
  readonly origins?: Origins
  /** `false`: no limit. Default: 60 mints a minute for each user. */
  readonly limit?: RateLimit | false
  /** How long one answer may take, `authorize` and a slow body included, in ms. Default 9 000; a page waits 10 s. */
  readonly deadlineMs?: number
  /** Hears each failure that is not the caller's own, once, with `message` and `cause` for the log. Default: `console.error`. */
  readonly onError?: (error: MintError) => void
  /** Keeps the process awake for a release after the answer: `waitUntil` of the platform. Default: wait up to 1.5 s for it. */
  readonly waitUntil?: (work: Promise<void>) => void
  /** Milliseconds by a clock that does not go back, for the limits. Default: `performance.now`. */
  readonly now?: () => number
}

const releaseMs = 1_500

/**
 * The route that gives a page its ephemeral token, as a function of web-standard `Request` and `Response`: Hono, Next.js,
 * Workers, Deno and Bun take it as it is, Node through `heartwire/server/node`. The contract is docs/token-endpoint.md.
 *
 * It never rejects, and no answer holds anything that a provider, an exception or the environment said.
 *
 * @throws TypeError for an origin that is not exact, or a limit that lets nobody in
 */
export function createTokenEndpoint<U extends User = User>(options: TokenEndpointOptions<U>): (request: Request) => Promise<Response> {
  const { mint, authorize, origins = 'same-origin', deadlineMs = 9_000, waitUntil } = options
  if (typeof mint !== 'function') throw new TypeError('mint: a mint is needed, such as humeMint()')
  const rule = originRule(origins)
  const limits = rateLimits(options.limit, options.now)
  const report = reporter(options.onError)

  const serve = async (request: Request, signal: AbortSignal): Promise<Response> => {
    const address = limits.address(request)
    if (address > 0) return refused('quota', { retryAfter: address, description: 'Too many requests from this address.' })
    const ask = await readAsk(request, signal)
    if (ask instanceof Response) return ask
    const user = authorize === undefined ? undefined : await whoAsks(() => authorize(request, ask), report)
    if (user instanceof Response) return user
    const { handle, fields, reason } = ask

    const wait = reason === 'release' ? limits.release(user) : limits.mint(user)
    if (wait > 0) return refused('quota', { retryAfter: wait, description: 'Too many token requests from this user.' })
    if (reason !== 'release')
      return granted(checkedAnswer(await mint({ handle, user, fields, origin: request.headers.get('origin') ?? undefined, signal })))

    // Its own signal: the page that says good-bye is gone before the provider has heard of it.
    if (handle !== undefined) await farewell(async () => mint.release?.(handle, { user, fields, signal: new AbortController().signal }))
    return empty()
  }

  const farewell = async (release: () => Promise<void>): Promise<void> => {
    const done = release().catch((error: unknown) => void report(error))
    if (waitUntil !== undefined) return waitUntil(done)
    await within(releaseMs, undefined, () => done).catch(() => {})
  }

  return async (request) => {
    try {
      const answer = answerFromHeaders(request, rule) ?? (await within(deadlineMs, request.signal, (signal) => serve(request, signal)))
      return withCors(answer, rule.listed(request))
    } catch (error) {
      // The page has gone away: nobody reads this, and nothing is wrong.
      if (request.signal.aborted) return refused('unavailable')
      const { code, status, retryAfter } = report(error instanceof DeadlineError ? late(error) : error)
      return withCors(refused(code, { status, retryAfter }), rule.listed(request))
    }
  }
}

const late = (error: DeadlineError): MintError =>
  new MintError('unavailable', { status: 504, message: `the mint or authorize: ${error.message}` })

/** Fails closed: only a user with an id is a user. */
async function whoAsks<U extends User>(
  authorize: () => U | null | Promise<U | null>,
  report: (thrown: unknown) => MintError,
): Promise<U | Response> {
  let user: U | null
  try {
    user = await authorize()
  } catch (error) {
    const { code, status, retryAfter } =
      error instanceof MintError
        ? error
        : report(new MintError('login_required', { message: 'authorize threw; taken for "not signed in"', cause: error }))
    return refused(code, { status, retryAfter })
  }
  if (user === null || user === undefined) return refused('login_required')
  if (typeof user.id !== 'string' || user.id === '') throw new TypeError('authorize returned a user without an id')
  return user
}
