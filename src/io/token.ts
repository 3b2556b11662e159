import { SessionError } from '../errors.ts'
import type { MintRequest, TokenCallback, TokenEndpointOptions } from '../options.ts'
import { redactAll } from '../secret.ts'
import { malformed, readGrant, readRefusal, type Answer } from '../wire/grant.ts'
import type { Host } from './host.ts'

/** Asks for a token once. Never rejects: every outcome but silence is an `Answer`, and silence is the caller's deadline. */
export interface Asker {
  ask(request: MintRequest, lifetimeMs: number): Promise<Answer>
  /** Tells the backend that the session behind this handle is over. Settles whatever happens. */
  release(handle: string): Promise<void>
}

const answerBytes = 16_384
const releaseMs = 10_000

export function endpointAsker(endpoint: TokenEndpointOptions, host: Host): Asker {
  const post = async (fields: Record<string, unknown>, signal: AbortSignal, keepalive: boolean): Promise<Response> => {
    const [own, body] = await Promise.all([valueOf(endpoint.headers), valueOf(endpoint.body)])
    // A `Content-Type` of the application's own, in whatever case, may not stand beside ours.
    const headers = new Headers(own)
    if (!headers.has('accept')) headers.set('accept', 'application/json')
    headers.set('content-type', 'application/json')
    headers.set('x-heartwire', '1')
    return host.fetch(endpoint.url, {
      method: 'POST',
      headers: Object.fromEntries(headers),
      body: JSON.stringify({ ...body, ...fields }),
      credentials: endpoint.credentials ?? 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      keepalive,
      signal,
    })
  }
  return {
    async ask({ reason, attempt, handle, signal }, lifetimeMs) {
      let response: Response
      try {
        response = await post({ reason, attempt, ...(handle !== undefined && { handle }) }, signal, false)
      } catch (error) {
        return { is: 'failed', no: 'network', retryAfterMs: 0, detail: detailOf(error) }
      }
      try {
        return await read(response, lifetimeMs, host.wall())
      } catch (error) {
        return { is: 'failed', no: 'network', retryAfterMs: 0, detail: detailOf(error) }
      }
    },
    async release(handle) {
      const abort = new AbortController()
      const cancel = host.timer(() => abort.abort(), releaseMs)
      await post({ reason: 'release', handle }, abort.signal, true)
        .then((response) => response.body?.cancel())
        .catch(() => {})
      cancel()
    },
  }
}

async function read(response: Response, lifetimeMs: number, wallMs: number): Promise<Answer> {
  const json = /^application\/(?:[\w.+-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '')
  const text = json ? await textOf(response) : (void response.body?.cancel().catch(() => {}), '')
  const body = text === null ? undefined : parsed(text)
  if (!response.ok) return readRefusal(response.status, body, response.headers.get('retry-after'), wallMs)
  if (!json) return malformed(`the token endpoint answered ${response.status} without JSON: a login page or a wrong address?`)
  if (text === null) return malformed('the answer is longer than 16 KiB')
  return body === undefined ? malformed('the answer is not JSON') : readGrant(body, lifetimeMs)
}

/** The body as text; null if it is longer than a token response can be. */
async function textOf(response: Response): Promise<string | null> {
  if (!response.body) return wholeTextOf(response)
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > answerBytes) {
      void reader.cancel().catch(() => {})
      return null
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** React Native's `fetch` has no streams. */
async function wholeTextOf(response: Response): Promise<string | null> {
  const text = await response.text()
  return text.length > answerBytes ? null : text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

export function callbackAsker(callback: TokenCallback): Asker {
  return {
    async ask(request, lifetimeMs) {
      try {
        const answer: unknown = await callback(request)
        if (typeof answer !== 'object' || answer === null || !('error' in answer)) return readGrant(answer, lifetimeMs)
        return readRefusal('status' in answer && answer.status === 402 ? 402 : 0, answer, null, 0)
      } catch (error) {
        return thrown(error)
      }
    },
    async release() {},
  }
}

/** What a token callback threw: its own code if it is one of ours, else the backend is not available to us. */
function thrown(error: unknown): Answer {
  const detail = detailOf(error)
  const code = error instanceof SessionError ? error.code : 'unavailable'
  switch (code) {
    case 'login_required':
    case 'key_refused':
    case 'revoked':
    case 'quota':
      return { is: 'refused', no: code, hard: false, retryAfterMs: 0, detail }
    case 'forbidden':
      return { is: 'forbidden', detail }
    case 'network':
    case 'timeout':
    case 'malformed':
      return { is: 'failed', no: code, retryAfterMs: 0, detail }
    default:
      return { is: 'failed', no: 'unavailable', retryAfterMs: 0, detail }
  }
}

/**
 * The name and the redacted message of something thrown; the object itself may hold anything and goes no further. Redacted
 * before it is cut: half a token is not recognised any more.
 */
const detailOf = (error: unknown): string =>
  error instanceof Error ? redactAll(`${error.name}: ${error.message}`).slice(0, 200) : 'something that is not an Error was thrown'

const valueOf = async <T>(value: T | (() => T | Promise<T>) | undefined): Promise<T | undefined> =>
  typeof value === 'function' ? (value as () => T | Promise<T>)() : value
