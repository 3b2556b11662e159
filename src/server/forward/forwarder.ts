import { DeadlineError, within } from '../deadline.ts'
import { MintError } from '../mint-error.ts'
import { keyGuard } from '../mint/key-guard.ts'
import type { Origins } from '../origins.ts'
import { rateLimits } from '../rate-limit.ts'
import type { RateLimit } from '../rate-limit.ts'
import { reporter, toConsole } from '../report.ts'
import { errorAnswer, ForwardError, told, toldOf } from './answers.ts'
import { sendCall } from './call.ts'
import type { Call } from './call.ts'
import { callerOf, nobody, pageGate, readBody } from './page-request.ts'
import { upstreamRateHeaders } from './rate-report.ts'
import { checkedQuery, routeTable } from './route-table.ts'
import { fairTurns } from './turns.ts'
import type { Outcome, Turns } from './turns.ts'
import type { Caller, Credential, Upstream } from './upstream.ts'

export interface ForwarderOptions<C extends Caller = Caller> {
  /** The provider and its routes: `huechat()`, `agenthuman()`, `bithuman()`, or a description of your own. */
  readonly upstream: Upstream
  /**
   * Says who calls and what he may do, by the request's headers. `null`, and whatever it throws, is `login_required`; throw
   * a `MintError` to say something else. Nothing of the request's headers is sent on.
   */
  readonly authorize: (request: Request) => C | null | Promise<C | null>
  /** Pages that may call. Default: those of the forwarder's own origin. */
  readonly origins?: Origins
  /** `false`: no limit. Default: 600 calls a minute for each user; what the key itself may is shared besides. */
  readonly limit?: RateLimit | false
  /** Hears each failure that is not the caller's own, once, with `message` and `cause` for the log. Default: `console.error`. */
  readonly onError?: (error: MintError) => void
  /** How long an answer may take to begin, in ms, the wait for a turn included. Default 9 000; the provider has 1 000 less. */
  readonly deadlineMs?: number
  /** Where the forwarder is mounted, such as `/api/huechat`: taken off the path. Default: nothing. */
  readonly prefix?: string
  /** How long a call may wait for the next window of a key that is nearly used up, in ms. Default 2 000. */
  readonly maxWaitMs?: number
  /** Milliseconds by a clock that does not go back, for limits and shares. Default: `performance.now`. */
  readonly now?: () => number
}

/** Keys whose budget is remembered: the current one, and some of before. */
const mostKeys = 8

/**
 * Forwards a page's REST calls to a provider that takes only a long-lived key, as a function of `Request` and `Response`.
 * Only routes of the table, only with their scope; one key's budget is shared fairly. An error is
 * `{ error, message, status?, retry_after?, reason?, scope? }`: `error` is a `ForwardCode`, `message` the provider's own
 * words where it is about the request, `status` what the provider answered. A 401 is only ever about the caller's own lease.
 *
 * It never rejects, and nothing that it says itself, of the provider's errors included, holds the key.
 *
 * @throws TypeError for a route, an origin, a prefix or a limit that cannot be
 */
export function createForwarder<C extends Caller>(options: ForwarderOptions<C>): (request: Request) => Promise<Response> {
  const { upstream, authorize, origins = 'same-origin', deadlineMs = 9_000, prefix = '', maxWaitMs, now } = options
  if (typeof authorize !== 'function') throw new TypeError('authorize: without it everybody could use your key')
  if (!/^(\/[\w.-]+)*$/.test(prefix)) throw new TypeError('prefix: a path such as "/api/huechat" is needed, without a slash at its end')
  const gate = pageGate(origins)
  const find = routeTable(upstream.routes)
  const limits = rateLimits(options.limit === false ? false : { perMinute: 600, ...options.limit }, now)
  const report = reporter(options.onError ?? toConsole(`forwarder to ${upstream.name}`))
  const guard = keyGuard(upstream.guard)

  const budgets = new Map<string, Turns>()
  const turnsOf = ({ id, whose }: Credential): Turns => {
    // A caller's own credential has its own budget at the provider, and nobody to share it with.
    if (whose === 'caller') return fairTurns({ now })
    const turns = budgets.get(id) ?? fairTurns({ budget: upstream.budget, maxWaitMs, now })
    budgets.delete(id)
    budgets.set(id, turns)
    for (const old of [...budgets.keys()].slice(0, -mostKeys)) budgets.delete(old)
    return turns
  }

  const attempt = async (credential: Credential, call: Call, { caller, rate, signal }: Asking<C>): Promise<Response> => {
    const turns = turnsOf(credential)
    for (;;) {
      const turn = await turns.enter(caller.id, signal)
      let outcome: Outcome | undefined
      const heard = (what: Outcome): void => void (outcome = what)
      const send = async (): Promise<Response> => {
        if (!turn.begin()) throw again
        try {
          return await sendCall(upstream, credential, call, { deadlineMs: Math.max(1, deadlineMs - 1_000), signal, heard })
        } finally {
          turn.end(outcome)
        }
      }
      try {
        return await guard.run(credential.id, send, signal)
      } catch (error) {
        if (error !== again) throw error
      } finally {
        turn.leave()
        Object.assign(rate, rateHeaders(turns, caller, outcome))
      }
    }
  }

  /** A key that was refused and has been replaced meanwhile costs nobody anything: what was refused was not carried out. */
  const forward = async (call: Call, asking: Asking<C>): Promise<Response> => {
    const credential = await upstream.credential(call.route, asking.caller)
    try {
      return await attempt(credential, call, asking)
    } catch (error) {
      if (!(error instanceof MintError) || error.code !== 'key_refused') throw error
      const fresh = await upstream.credential(call.route, asking.caller)
      if (fresh.id === credential.id) throw error
      return attempt(fresh, call, asking)
    }
  }

  const serve = async (request: Request, rate: Rate, signal: AbortSignal): Promise<Response> => {
    const address = limits.address(request)
    if (address > 0) return errorAnswer(told('quota', { retryAfter: address, message: 'Too many requests from this address.' }))
    const { pathname, search } = new URL(request.url)
    const match = pathname.startsWith(prefix) ? find(request.method, pathname.slice(prefix.length)) : undefined
    if (match === undefined) return errorAnswer(told('not_allowed'))
    const caller = await callerOf(() => authorize(request))
    const { scope } = match.route
    if (!caller.scopes.includes(scope) && !caller.scopes.includes('*')) {
      return errorAnswer(told('forbidden', { message: `This needs the scope ${scope}.`, scope }))
    }
    const query = checkedQuery(search)
    if (query === undefined) return errorAnswer(told('bad_request', { message: 'The query holds something that may not be sent on.' }))
    const wait = limits.mint(caller)
    if (wait > 0) return errorAnswer(told('quota', { retryAfter: wait, message: 'Too many calls from this user.' }))
    const body = await readBody(request, signal)
    if (body instanceof Response) return body
    return forward({ ...match, query, body }, { caller, rate, signal })
  }

  const failed = (thrown: unknown): Response => {
    if (thrown === nobody) return errorAnswer(told('login_required'))
    const error = thrown instanceof DeadlineError ? late(thrown) : thrown
    // The caller's own credential is the caller's own business.
    const own = error instanceof ForwardError && error.told.code === 'rejected'
    return errorAnswer(toldOf(own ? error : report(error)))
  }

  return async (request) => {
    const rate: Rate = {}
    let answer: Response
    try {
      answer = gate.answer(request) ?? (await within(deadlineMs, request.signal, (signal) => serve(request, rate, signal)))
    } catch (error) {
      // The page has gone away: nobody reads this, and nothing is wrong.
      answer = request.signal.aborted ? errorAnswer(told('unavailable')) : failed(error)
    }
    for (const [name, value] of Object.entries(rate)) answer.headers.set(name, value)
    return gate.withCors(answer, request)
  }
}

/** Headers that tell how much is left. */
type Rate = Record<string, string>

interface Asking<C> {
  readonly caller: C
  /** Filled in on the way. */
  readonly rate: Rate
  readonly signal: AbortSignal
}

/** The turn was given before anything was known of the budget, and now there is none left. No verdict on the key. */
const again = new Error('another turn is needed')

const late = (error: DeadlineError): MintError =>
  new MintError('unavailable', { status: 504, message: `the provider or authorize: ${error.message}` })

/** `x-ratelimit-*` are the caller's own share, its reset in seconds from now; the key's own stand under other names. */
function rateHeaders(turns: Turns, { id }: Caller, outcome: Outcome | undefined): Rate {
  const view = turns.view(id)
  return {
    ...(outcome && upstreamRateHeaders(outcome.headers)),
    ...(view && {
      'x-ratelimit-limit': String(view.limit),
      'x-ratelimit-remaining': String(view.remaining),
      'x-ratelimit-reset': String(Math.ceil(view.resetMs / 1000)),
    }),
  }
}
