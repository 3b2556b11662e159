import type { RefusalCode } from '../mint-error.ts'
import type { KeyGuardOptions } from '../mint/key-guard.ts'
import type { User } from '../mint/mint.ts'
import type { UpstreamFetch } from '../mint/upstream.ts'
import type { Budget } from './shares.ts'

/** Somebody who may call through the forwarder, as `authorize` says. Limits and shares count by `id`. */
export interface Caller extends User {
  /** What he may do; `*` is everything that the table of routes has. */
  readonly scopes: readonly string[]
  /** His own credential at the provider, for routes that act in his name. It goes on as `Authorization: Bearer`. */
  readonly bearer?: string
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Literal segments and parameters (`/v2/contact/:id`), matched exactly. */
  readonly path: string
  readonly scope: string
  /** Whose right the call uses: the backend's `key` (default), the caller's own `bearer`, or that if there is one and the key if not. */
  readonly with?: 'key' | 'bearer' | 'either'
  /** Fields, at any depth, that are taken out of the answer: long-lived secrets that no page may hold. */
  readonly hides?: readonly string[]
}

/** What one call carries, and where it may go. */
export interface Credential {
  /** A name for tables that is not the credential: `LongLivedKey.id`. */
  readonly id: string
  readonly whose: 'backend' | 'caller'
  /** A checked address (`providerHost`); the route's path is appended. */
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
  /** Taken out of everything that the provider says. */
  readonly secrets: readonly string[]
}

/**
 * What a page is told instead of an answer: the codes of a token endpoint, and
 * `not_allowed` (404, no such route here) · `not_found` · `conflict` · `invalid` (the provider's 404, 409, 422) ·
 * `rejected` (403, the provider refused the caller's own credential).
 */
export type ForwardCode = RefusalCode | 'not_allowed' | 'not_found' | 'conflict' | 'invalid' | 'rejected'

/** How a provider's error reads. */
export interface Refusal {
  readonly code: ForwardCode
  /** The provider's own words. They are scrubbed before anybody sees them. */
  readonly message?: string | undefined
  /** A constant of the provider's description that says more than the code, such as `key_revoked`. */
  readonly reason?: string | undefined
}

/** A provider whose REST API pages may use through the backend. A description: plain data and two functions. */
export interface Upstream {
  readonly name: string
  readonly docs: string
  readonly routes: readonly Route[]
  /**
   * Asked for each call, so that a rotated key counts at once.
   *
   * @throws MintError `key_refused` where there is no usable key, `forbidden` where the caller brings no bearer
   */
  credential(route: Route, caller: Caller): Promise<Credential>
  /** Reads an answer that is no 2xx. */
  refusal(status: number, json: unknown): Refusal
  /** What one key may do where the provider's answers do not say it in `X-RateLimit-*`. Default: not known, not limited. */
  readonly budget?: Budget | undefined
  readonly fetch?: UpstreamFetch | undefined
  readonly guard?: KeyGuardOptions | undefined
}

/** What the HTTP status alone says. */
export function codeOf(status: number): ForwardCode {
  if (status === 401) return 'key_refused'
  if (status === 402 || status === 429) return 'quota'
  if (status === 403) return 'forbidden'
  if (status === 404 || status === 410) return 'not_found'
  if (status === 409) return 'conflict'
  if (status === 422) return 'invalid'
  return status >= 400 && status < 500 ? 'bad_request' : 'unavailable'
}
