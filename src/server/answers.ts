import type { MintAnswer } from './mint/mint.ts'
import { statusesOf } from './mint-error.ts'
import type { RefusalCode } from './mint-error.ts'

/** What the page is told in words. Constants: nothing that a provider or an exception said can get in here. */
const words: Record<RefusalCode, string> = {
  login_required: 'Sign in first.',
  forbidden: 'This caller is not allowed to get a token.',
  key_refused: "The provider refused this backend's key.",
  revoked: "This caller's right was withdrawn.",
  quota: 'Out of credit, concurrency or rate.',
  unavailable: 'No token could be had from the provider.',
  bad_request: 'The request is not a token request.',
}

const headers = (more: Record<string, string> = {}): Headers =>
  new Headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', vary: 'Origin', ...more })

export interface RefusalParts {
  readonly status?: number
  /** Seconds, whole. In the body too, because a page of another origin may not be able to read the header. */
  readonly retryAfter?: number | undefined
  /** Must be a constant of ours. */
  readonly description?: string
  readonly headers?: Record<string, string>
}

/** `{ error, error_description, retry_after? }`: RFC 6749 §5.2 with our codes. */
export function refused(code: RefusalCode, parts: RefusalParts = {}): Response {
  const { status = statusesOf[code][0], retryAfter, description = words[code] } = parts
  const all = headers({ 'content-type': 'application/json', ...parts.headers })
  if (retryAfter !== undefined) all.set('retry-after', String(retryAfter))
  const body = { error: code, error_description: description, ...(retryAfter !== undefined && { retry_after: retryAfter }) }
  return new Response(JSON.stringify(body), { status, headers: all })
}

/** RFC 6749 §5.1. Only the fields that we know leave the backend. */
export function granted(answer: MintAnswer): Response {
  const { access_token, expires_in, handle, connect_by } = answer
  const body = { access_token, token_type: 'Bearer', expires_in, handle, connect_by }
  return new Response(JSON.stringify(body), { status: 200, headers: headers({ 'content-type': 'application/json' }) })
}

export const empty = (more?: Record<string, string>): Response => new Response(null, { status: 204, headers: headers(more) })
