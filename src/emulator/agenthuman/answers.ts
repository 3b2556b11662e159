export type Fields = Readonly<Record<string, unknown>>

/** A success, as every endpoint words it. Its status is 200 also for what was created: the docs show bodies, no statuses. */
export const done = (fields: Fields, headers: HeadersInit = {}): Response => Response.json({ success: true, ...fields }, { headers })

/** The texts of a refused API key. All have the status 401 and can be told apart by the text alone (docs, "Authentication"). */
export const keyTexts = {
  missing: 'API key required',
  unknown: 'Invalid API key',
  revoked: 'API key has been revoked',
} as const

/**
 * 401 with the error as a plain text, as the page that describes JWT logins shows it. Newer pages leave out `success` once;
 * the texts for logins are ours, because no page has them.
 */
export const unauthorized = (error: string): Response => Response.json({ success: false, error }, { status: 401 })

export interface Problem {
  readonly suggestion?: string
  /** Only usage enforcement is documented to have one, such as `INSUFFICIENT_MINUTES`. */
  readonly code?: string
  readonly details?: Fields
}

/** Every other refusal: `error` is an object (docs, "Error"). */
export function refuse(status: number, message: string, problem: Problem = {}, headers: HeadersInit = {}): Response {
  const { code, suggestion, details } = problem
  const error = {
    ...(code !== undefined && { code }),
    message,
    ...(suggestion !== undefined && { suggestion }),
    ...(details && { details }),
  }
  return Response.json({ success: false, error }, { status, headers })
}

/** ISO 8601 in whole seconds, as in the docs. */
export const stamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

export const stampOrNull = (ms: number | null): string | null => (ms === null ? null : stamp(ms))

/** Whether it is a JSON object (and not an array or null). */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A field that is a text with something in it. */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A field with an ISO 8601 time, in epoch ms; null if it is absent or null, NaN if it is no time. */
export function timeIn(fields: Fields, name: string): number | null {
  const value = fields[name] ?? null
  return value === null ? null : Date.parse(typeof value === 'string' ? value : '')
}

/** The JSON object, or null if it is none. */
export function objectOf(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : null
  } catch {
    return null
  }
}
