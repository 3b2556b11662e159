/**
 * HueChat's error names with their HTTP status. The docs name `unauthorized`, `forbidden`, `invalid_input` and
 * `rate_limited`; of 404, 409 and 422 they give the status and its meaning, and the names are ours, as is the whole of 426
 * (HueChat's older API answers plain HTTP with that status).
 */
const statuses = {
  invalid_input: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  validation_failed: 422,
  https_required: 426,
  rate_limited: 429,
} as const

export type HuechatError = keyof typeof statuses

/** What stands in an error body besides `error`, `message` and `code`. */
export interface More {
  readonly details?: object
  /** Seconds; goes into the body and into `Retry-After`. */
  readonly retryAfter?: number
}

/** An error as the docs show it: `code` is the HTTP status. */
export function refuse(error: HuechatError, message: string, { details, retryAfter }: More = {}): Response {
  const code = statuses[error]
  const body = { error, message, code, ...(details && { details }), ...(retryAfter !== undefined && { retry_after: retryAfter }) }
  return Response.json(body, { status: code, headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) } })
}

/** 400: a field of the body or the query that cannot be read. */
export const invalid = (field: string, reason: string): Response =>
  refuse('invalid_input', 'Request validation failed', { details: { field, reason } })

/** 422: a field that reads well and cannot be acted on. When HueChat answers 400 and when 422 is not documented: this is ours. */
export const unprocessable = (field: string, reason: string): Response =>
  refuse('validation_failed', 'Request could not be processed', { details: { field, reason } })

export const notFound = (what: string): Response => refuse('not_found', `${what} not found`)

/** The answer to whatever makes something. The docs show its body and no status: 201 is ours. */
export const created = (body: object): Response => Response.json(body, { status: 201 })

export const ok = (body: object): Response => Response.json(body)

/** The answer to a deletion, which the docs do not show: ours. */
export const gone = (): Response => new Response(null, { status: 204 })
