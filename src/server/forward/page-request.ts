import { DeadlineError, within } from '../deadline.ts'
import { MintError } from '../mint-error.ts'
import { originRule, preflightHeaders, withCors } from '../origins.ts'
import type { Origins } from '../origins.ts'
import { readCapped } from '../read-capped.ts'
import { errorAnswer, told } from './answers.ts'
import type { Caller } from './upstream.ts'

const maxBytes = 1024 * 1024
const bodyMs = 5_000
const exposed = [
  'retry-after, x-request-id',
  'x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset',
  'x-upstream-ratelimit-limit, x-upstream-ratelimit-remaining, x-upstream-ratelimit-reset',
].join(', ')

const refused = (status: number, message: string): Response => errorAnswer(told('bad_request', { status, message }))

export interface PageGate {
  /** The answer to everything that may not go further, preflights included; `undefined` for a call. */
  answer(request: Request): Response | undefined
  withCors(response: Response, request: Request): Response
}

/**
 * Which pages may call. Every call, reading ones too, carries `x-heartwire` or `Authorization: Bearer`: a browser adds
 * neither by itself, and no foreign page can without a preflight. So a cookie that `authorize` reads is safe from forms,
 * images and links; a lease in a Bearer is nothing that a browser has around by itself in the first place.
 *
 * @throws TypeError for an origin that is not exact
 */
export function pageGate(origins: Origins): PageGate {
  const rule = originRule(origins)
  return {
    answer(request) {
      const { method, headers } = request
      if (!rule.allows(request)) {
        return errorAnswer(told('forbidden', { message: 'This origin may not call here; list it in origins.' }))
      }
      if (method === 'OPTIONS') {
        const asked = rule.listed(request) === undefined ? {} : preflightHeaders(request)
        const methods = { 'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE' }
        return new Response(null, { status: 204, headers: { 'cache-control': 'no-store', vary: 'Origin', ...asked, ...methods } })
      }
      if (!headers.has('x-heartwire') && !/^bearer /i.test(headers.get('authorization') ?? '')) {
        return refused(400, 'Send the lease as "Authorization: Bearer …", or the header "x-heartwire: 1".')
      }
      return undefined
    },
    withCors(response, request) {
      const origin = rule.listed(request)
      if (origin === undefined) return response
      withCors(response, origin).headers.set('access-control-expose-headers', exposed)
      return response
    },
  }
}

/** The body to send on: JSON of at most 1 MiB, or none. */
export async function readBody(request: Request, signal: AbortSignal): Promise<string | Response> {
  if (request.body === null) return ''
  if (request.bodyUsed) throw new TypeError('the body of the request was read before the forwarder got it')
  let text: string | undefined
  try {
    text = await within(bodyMs, signal, (signal) => readCapped(request, maxBytes, signal))
  } catch (error) {
    if (signal.aborted) throw error
    return refused(400, error instanceof DeadlineError ? 'The body did not arrive in time.' : 'The body is not UTF-8, or was cut off.')
  }
  if (text === undefined) return refused(413, `The body is longer than ${maxBytes} bytes.`)
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (text !== '' && type !== 'application/json') return refused(415, 'The content type must be application/json.')
  return text
}

/** Thrown for a caller that `authorize` does not know: the page's own business, which no log needs. */
export const nobody = new MintError('login_required')

/**
 * Fails closed: only somebody with an id and a list of scopes is a caller.
 *
 * @throws MintError `login_required` for nobody and for whatever `authorize` throws, unless that is a MintError itself
 */
export async function callerOf<C extends Caller>(authorize: () => C | null | Promise<C | null>): Promise<C> {
  let caller: C | null
  try {
    caller = await authorize()
  } catch (error) {
    if (error instanceof MintError) throw error
    throw new MintError('login_required', { message: 'authorize threw; taken for "not signed in"', cause: error })
  }
  if (caller === null || caller === undefined) throw nobody
  if (typeof caller.id !== 'string' || caller.id === '' || !Array.isArray(caller.scopes)) {
    throw new TypeError('authorize returned a caller without an id, or without a list of scopes')
  }
  return caller
}
