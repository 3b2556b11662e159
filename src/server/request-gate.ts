import { empty, refused } from './answers.ts'
import { DeadlineError, within } from './deadline.ts'
import type { TokenAsk } from './mint/mint.ts'
import { preflightHeaders } from './origins.ts'
import type { OriginRule } from './origins.ts'
import { readCapped } from './read-capped.ts'
import { parseAsk } from './token-ask.ts'

const maxBytes = 16 * 1024
const bodyMs = 5_000

/** The answer to everything that is no token request from an allowed page, preflights included; `undefined` for one that is. */
export function answerFromHeaders(request: Request, rule: OriginRule): Response | undefined {
  const { method, headers } = request
  if (method !== 'POST' && method !== 'OPTIONS') {
    return refused('bad_request', { status: 405, description: 'A token is asked for with POST.', headers: { allow: 'POST, OPTIONS' } })
  }
  if (!rule.allows(request)) return refused('forbidden', { description: 'This origin may not ask here; list it in origins.' })
  if (method === 'OPTIONS') return empty(rule.listed(request) === undefined ? { allow: 'POST, OPTIONS' } : preflightHeaders(request))
  // No form, image or link can set it, and no foreign page without a preflight.
  if (!headers.has('x-heartwire'))
    return refused('bad_request', { description: 'The header x-heartwire is missing; send "x-heartwire: 1".' })
  if (headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return refused('bad_request', { status: 415, description: 'The content type must be application/json.' })
  }
  return undefined
}

/** Reads at most 16 KiB for at most 5 s; a refusal when the body is anything but a token request. */
export async function readAsk(request: Request, signal: AbortSignal): Promise<TokenAsk | Response> {
  if (request.bodyUsed) throw new TypeError('the body of the request was read before the token endpoint got it')
  let text: string | undefined
  try {
    text = await within(bodyMs, signal, (signal) => readCapped(request, maxBytes, signal))
  } catch (error) {
    if (signal.aborted) throw error
    const description = error instanceof DeadlineError ? 'The body did not arrive in time.' : 'The body is not UTF-8, or was cut off.'
    return refused('bad_request', { description })
  }
  if (text === undefined) return refused('bad_request', { status: 413, description: `The body is longer than ${maxBytes} bytes.` })
  const ask = parseAsk(text)
  return typeof ask === 'string' ? refused('bad_request', { description: ask }) : ask
}
