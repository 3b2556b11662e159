/** One JSON answer. */
export function json(body: unknown, status = 200, headers?: HeadersInit): Response {
  return Response.json(body, { status, ...(headers && { headers }) })
}

/**
 * An error answer. The official SDK types it as `{ code?, error?, message? }`; what the real service puts in it is not
 * documented, so a client should read the status only.
 */
export function problem(status: number, error: string, message: string, headers?: HeadersInit): Response {
  return json({ error, message }, status, headers)
}

/** The 422 of FastAPI, as the SDK's `HttpValidationError` types it. */
export function invalid(loc: (string | number)[], msg: string, type = 'value_error'): Response {
  return json({ detail: [{ loc, msg, type }] }, 422)
}

/** What the official SDK sends from a browser, header by header. */
const allowedHeaders = [
  'authorization',
  'content-type',
  'x-hume-api-key',
  'x-fern-language',
  'x-fern-runtime',
  'x-fern-runtime-version',
  'x-fern-sdk-name',
  'x-fern-sdk-version',
  'x-hume-client-name',
  'x-hume-client-version',
].join(', ')

/** The answer to a CORS preflight. */
export function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
      'access-control-allow-headers': allowedHeaders,
      'access-control-max-age': '600',
    },
  })
}

/** Lets any page read the answer: no cookie is in play, the right lies in the header. */
export function readable(response: Response): Response {
  response.headers.set('access-control-allow-origin', '*')
  return response
}

export type Fields = Readonly<Record<string, unknown>>

/** Whether it is a JSON object (and not an array or null). */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The request's JSON object, or null for anything else. */
export async function fieldsOf(request: Request): Promise<Fields | null> {
  const value = parsed(await request.text())
  return isFields(value) ? value : null
}

/** The text, or nothing if it is none. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The JSON value, or undefined if it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
