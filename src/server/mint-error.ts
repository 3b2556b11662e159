/** What a token endpoint can answer instead of a token; see docs/token-endpoint.md. */
export type RefusalCode = 'login_required' | 'forbidden' | 'key_refused' | 'revoked' | 'quota' | 'unavailable' | 'bad_request'

/** Which HTTP statuses carry a code; the first one is its default. */
export const statusesOf = {
  login_required: [401],
  forbidden: [403],
  key_refused: [403],
  revoked: [403],
  quota: [429, 402, 409],
  unavailable: [503, 502, 504],
  bad_request: [400, 405, 413, 415],
} as const satisfies Record<RefusalCode, readonly number[]>

export interface MintErrorOptions {
  /** Seconds that the page shall wait at least. A negative or non-finite number is left out. */
  readonly retryAfter?: number | undefined
  /** Default: the first of the code's statuses. A status that does not belong to the code is replaced by the default. */
  readonly status?: number | undefined
  /** For the operator's log. Never sent to a page. */
  readonly message?: string | undefined
  /** HTTP status that the provider answered, if it did. */
  readonly upstreamStatus?: number | undefined
  readonly cause?: unknown
}

/**
 * A refusal with a code that the page understands. Throw it from `authorize` and from your own mint. Only `code`,
 * `status` and `retryAfter` leave the backend; `message` and `cause` go to `onError`.
 */
export class MintError extends Error {
  override readonly name = 'MintError'
  readonly code: RefusalCode
  readonly status: number
  readonly retryAfter: number | undefined
  readonly upstreamStatus: number | undefined

  constructor(code: RefusalCode, options: MintErrorOptions = {}) {
    const { message, cause, status, retryAfter, upstreamStatus } = options
    super(message === undefined ? `[${code}]` : `[${code}] ${message}`, cause === undefined ? undefined : { cause })
    const statuses: readonly number[] = statusesOf[code]
    this.code = code
    this.status = status !== undefined && statuses.includes(status) ? status : statusesOf[code][0]
    this.retryAfter = retryAfter !== undefined && Number.isFinite(retryAfter) && retryAfter >= 0 ? Math.ceil(retryAfter) : undefined
    this.upstreamStatus = upstreamStatus
  }
}
