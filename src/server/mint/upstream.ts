import { DeadlineError, within } from '../deadline.ts'
import { MintError } from '../mint-error.ts'
import { readCapped } from '../read-capped.ts'

/** How a mint reaches its provider. The global `fetch` and an emulator's `fetch` both fit. */
export type UpstreamFetch = (request: Request) => Promise<Response>

export interface UpstreamOptions {
  /** Default: the global `fetch`, looked up at each call. */
  readonly fetch?: UpstreamFetch
  /** How long one call may take, its body included, in ms. Default 8 000: under the 10 s that a page waits. */
  readonly deadlineMs?: number
}

export interface UpstreamAnswer {
  readonly status: number
  /** The parsed body; `undefined` where it is no JSON, too long or empty. */
  readonly json: unknown
  /** Seconds, from `Retry-After` in either of its forms. */
  readonly retryAfter: number | undefined
}

const maxBytes = 64 * 1024

export interface UpstreamRequest {
  /** Default `POST`. */
  readonly method?: string
  readonly headers: Record<string, string>
  readonly body?: string | undefined
}

/**
 * One call to a provider that holds the key. Answer and refusal come back as an `UpstreamAnswer`; silence is an error.
 *
 * @throws MintError as `reachUpstream` does
 */
export const callUpstream = (
  url: string,
  request: UpstreamRequest,
  options: UpstreamOptions & { readonly signal?: AbortSignal },
): Promise<UpstreamAnswer> =>
  reachUpstream(url, request, options, async (response, signal) => ({
    status: response.status,
    json: await jsonOf(response, signal),
    retryAfter: retryAfterOf(response.headers),
  }))

/**
 * Sends one request and gives the answer to `read`, all within the deadline. A redirect is never followed.
 *
 * @throws MintError `unavailable`: 504 after the deadline, 502 when there is no connection or a redirect. Its message has
 *   the error's code and nothing that the network or the provider said. What `read` throws, if that is a `MintError`.
 */
export async function reachUpstream<T>(
  url: string,
  request: UpstreamRequest,
  options: UpstreamOptions & { readonly signal?: AbortSignal },
  read: (response: Response, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { fetch = (request) => globalThis.fetch(request), deadlineMs = 8_000, signal } = options
  const { method = 'POST', headers, body = null } = request
  const where = `${new URL(url).host}${new URL(url).pathname}`
  try {
    return await within(deadlineMs, signal, async (signal) => {
      // `manual`, not `error`: Workers refuse to construct a request with `error` (cloudflare/workerd src/workerd/api/http.c++).
      const response = await fetch(new Request(url, { method, redirect: 'manual', signal, headers, body }))
      if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
        void response.body?.cancel().catch(() => {})
        throw new MintError('unavailable', {
          status: 502,
          upstreamStatus: response.status,
          message: `${where} answered with a redirect; the key was not sent on`,
        })
      }
      return read(response, signal)
    })
  } catch (error) {
    if (error instanceof MintError || signal?.aborted) throw error
    if (error instanceof DeadlineError)
      throw new MintError('unavailable', { status: 504, message: `${where} gave no answer within ${deadlineMs} ms` })
    throw new MintError('unavailable', { status: 502, message: `${where} could not be reached (${reasonOf(error)})` })
  }
}

/** The parsed body, of at most 64 KiB; `undefined` where it is no JSON, too long or empty. */
export async function jsonOf(response: Response, signal: AbortSignal): Promise<unknown> {
  if (!isJson(response.headers)) {
    void response.body?.cancel().catch(() => {})
    return undefined
  }
  const text = await readCapped(response, maxBytes, signal)
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isJson(headers: Headers): boolean {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  return type === 'application/json' || type.endsWith('+json')
}

/** Seconds. RFC 9110 §10.2.3. A date is compared with the answer's own `Date`, so that our clock does not matter. */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? ''
  if (/^\d{1,6}$/.test(value)) return Number(value)
  const until = Date.parse(value)
  const from = Date.parse(headers.get('date') ?? '')
  const seconds = Math.ceil((until - (Number.isNaN(from) ? Date.now() : from)) / 1000)
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(0, seconds), 999_999)
}

/** `ECONNREFUSED` and its like, from an error or one of its causes. The text itself may quote a header. */
function reasonOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const code = (at as { code?: unknown }).code
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,39}$/.test(code)) return code
  }
  return error instanceof Error ? error.constructor.name : typeof error
}
