import { redact } from '../../secret.ts'
import { MintError, statusesOf } from '../mint-error.ts'
import type { RefusalCode } from '../mint-error.ts'
import type { ForwardCode } from './upstream.ts'

/** What a page reads when there is no answer for it. */
export interface Told {
  readonly code: ForwardCode
  /** HTTP status of our answer. */
  readonly status: number
  readonly message: string
  /** HTTP status that the provider answered, if it did. */
  readonly upstreamStatus?: number | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
  readonly reason?: string | undefined
  readonly scope?: string | undefined
}

const own = { not_allowed: 404, not_found: 404, conflict: 409, invalid: 422, rejected: 403 } as const
const isOwn = (code: ForwardCode): code is keyof typeof own => Object.hasOwn(own, code)

/** The provider's status where our code may carry it, else the code's first. */
export function statusFor(code: ForwardCode, upstreamStatus?: number): number {
  if (isOwn(code)) return own[code]
  const statuses: readonly number[] = statusesOf[code]
  if (upstreamStatus !== undefined && statuses.includes(upstreamStatus)) return upstreamStatus
  return code === 'unavailable' && upstreamStatus !== undefined && upstreamStatus < 500 ? 502 : statusesOf[code][0]
}

const words: Record<ForwardCode, string> = {
  login_required: 'Sign in first.',
  forbidden: 'This is not allowed.',
  key_refused: "The provider refused this backend's key.",
  revoked: "This caller's right was withdrawn.",
  quota: 'Out of credit, concurrency or rate.',
  unavailable: 'The provider gave no usable answer.',
  bad_request: 'The request is wrong.',
  not_allowed: 'There is no such route here.',
  not_found: 'The provider knows no such thing.',
  conflict: 'The provider says that this contradicts what is there.',
  invalid: 'The provider says that the content is wrong.',
  rejected: "The provider refused the caller's own credential.",
}

export const told = (code: ForwardCode, parts: Partial<Told> = {}): Told => ({
  ...parts,
  code,
  status: parts.status ?? statusFor(code, parts.upstreamStatus),
  message: parts.message ?? words[code],
})

export const commonHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', vary: 'Origin' } as const

/** `{ error, message, status?, retry_after?, reason?, scope? }`. */
export function errorAnswer({ code, status, message, upstreamStatus, retryAfter, reason, scope }: Told): Response {
  const headers = new Headers({ ...commonHeaders, 'content-type': 'application/json' })
  if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter))
  const body = { error: code, message, status: upstreamStatus, retry_after: retryAfter, reason, scope }
  return new Response(JSON.stringify(body), { status, headers })
}

/** A refusal with what the page is told of it. What has no code of its own at a token endpoint is a `bad_request` there. */
export class ForwardError extends MintError {
  readonly told: Told

  constructor(parts: Told, message: string) {
    const { upstreamStatus, retryAfter, code } = parts
    // Under `key_refused` a guard remembers the caller's own credential too.
    const shared: RefusalCode = code === 'rejected' ? 'key_refused' : isOwn(code) ? 'bad_request' : code
    super(shared, { message, status: parts.status, upstreamStatus, retryAfter })
    this.told = parts
  }
}

/** What the page is told of any refusal: of one that is not meant for it, constants only. */
export const toldOf = (error: MintError): Told =>
  error instanceof ForwardError
    ? error.told
    : told(error.code, { status: error.status, retryAfter: error.retryAfter, upstreamStatus: error.upstreamStatus })

const longest = 300

/** A provider's words without anything that is, holds, or looks like a credential: one line of at most 300 characters. */
export function scrub(text: string | undefined, secrets: readonly string[]): string | undefined {
  if (text === undefined) return undefined
  let clean = text.slice(0, 4_096).replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
  for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]').replaceAll(encodeURIComponent(secret), '[secret]')
  // Parts of it too: some providers quote the beginning or the end.
  const parts = (word: string): string => (secrets.some((secret) => secret.toLowerCase().includes(word.toLowerCase())) ? '[secret]' : word)
  clean = redact(clean.replace(/[\w-]{8,}/g, parts)).trim()
  if (clean === '') return undefined
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean
}
