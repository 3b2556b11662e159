/** What the token endpoint's answer means: a grant, or a verdict. Nothing in a verdict holds what came over the wire. */
import { decodeJwt } from 'jose/jwt/decode'

/** One outcome of asking for a token. `detail` is for people, and free of secrets. */
export type Answer =
  | {
      readonly is: 'grant'
      readonly token: string
      readonly lifetimeMs: number
      readonly connectByMs: number | null
      readonly handle: string | undefined
    }
  | { readonly is: 'refused'; readonly no: RefusalCode; readonly hard: boolean; readonly retryAfterMs: number; readonly detail: string }
  | {
      readonly is: 'failed'
      readonly no: 'network' | 'timeout' | 'unavailable' | 'malformed'
      readonly retryAfterMs: number
      readonly detail: string
    }
  | { readonly is: 'forbidden'; readonly detail: string }

type RefusalCode = 'login_required' | 'key_refused' | 'revoked' | 'rejected' | 'quota'

export const malformed = (detail: string): Answer => ({ is: 'failed', no: 'malformed', retryAfterMs: 0, detail })

const dayMs = 86_400_000
const tokenBytes = 16_384

/** RFC 6749 §5.1: `access_token` and a relative life. `lifetimeMs` is the preset's, for endpoints that do not say. */
export function readGrant(body: unknown, lifetimeMs: number): Answer {
  if (typeof body !== 'object' || body === null) return malformed('the answer is not a JSON object')
  const { access_token: token, expires_in, handle, connect_by } = body as Record<string, unknown>
  if (typeof token !== 'string' || token === '') return malformed('the answer has no access_token')
  // "undefined" and "null" are what a template string makes of a missing value.
  if (token === 'undefined' || token === 'null' || !/^[\x21-\x7e]+$/.test(token) || token.length > tokenBytes) {
    return malformed('access_token is not a token')
  }
  if (isLongLivedKey(token)) return malformed('the endpoint answered with a long-lived API key; exchange it on the backend for a token')
  const life = expires_in === undefined || expires_in === null ? (jwtLifeMs(token) ?? lifetimeMs) : seconds(expires_in)
  if (!(life > 0)) return malformed('expires_in is not a positive number of seconds')
  const connectBy = connect_by === undefined || connect_by === null ? null : seconds(connect_by)
  if (connectBy !== null && !(connectBy > 0)) return malformed('connect_by is not a positive number of seconds')
  return { is: 'grant', token, lifetimeMs: life, connectByMs: connectBy, handle: typeof handle === 'string' ? handle : undefined }
}

/** A JWT's own life. The difference only: `exp` by itself would need a right clock on this device. */
function jwtLifeMs(token: string): number | undefined {
  try {
    const { exp, iat } = decodeJwt(token)
    return exp !== undefined && iat !== undefined ? (exp - iat) * 1000 : undefined
  } catch {
    return undefined
  }
}

/** Milliseconds from a number or a numeric string of seconds; NaN for anything else. */
function seconds(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number * 1000 : NaN
}

/** An error answer: our own body where there is one, else the HTTP status alone. */
export function readRefusal(status: number, body: unknown, retryAfter: string | null, wallMs: number): Answer {
  const { error, retry_after } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const floor = seconds(retry_after)
  const retryAfterMs = Math.min(Math.max(Number.isNaN(floor) ? retryAfterMsOf(retryAfter, wallMs) : floor, 0), dayMs)
  // As RFC 6749 §5.2 writes its codes: what has a digit or a capital may be a secret in the wrong place.
  const word = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` ${error}` : ''
  const detail = `the token endpoint answered ${status}${word}`
  const refused = (no: RefusalCode): Answer => ({ is: 'refused', no, hard: status === 402, retryAfterMs, detail })
  switch (error) {
    case 'forbidden':
      return { is: 'forbidden', detail }
    case 'login_required':
    case 'key_refused':
    case 'revoked':
    case 'quota':
      return refused(error)
    case 'unavailable':
      return { is: 'failed', no: 'unavailable', retryAfterMs, detail }
  }
  if (status === 401) return refused('login_required')
  if (status === 403) return refused('key_refused')
  if (status === 402 || status === 409 || status === 429) return refused('quota')
  return { is: 'failed', no: 'unavailable', retryAfterMs, detail }
}

/** RFC 9110 §10.2.3: seconds or an HTTP date. */
function retryAfterMsOf(header: string | null, wallMs: number): number {
  if (header === null) return 0
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - wallMs
  return Number.isFinite(ms) ? ms : 0
}

/** Shapes of keys that never belong in a page: HueChat's and others' `sk_`, AgentHuman's `ah_`. */
export const isLongLivedKey = (text: string): boolean => /^(?:sk|ah)_(?:live|test)_/.test(text)
