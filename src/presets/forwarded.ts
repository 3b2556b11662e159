/** How much may still be asked, as an answer of the forwarder says it. */
export interface ForwardedRate {
  /** The caller's own share of the key's budget, in calls of one window. */
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
}

/**
 * Why there is no answer: what your backend says (`login_required` · `forbidden` · `key_refused` · `revoked` · `quota` ·
 * `unavailable` · `bad_request` · `not_allowed`), or what the provider said (`not_found` · `conflict` · `invalid` ·
 * `rejected`: it refused the user's own credential).
 */
export type ForwardedCode =
  | 'login_required'
  | 'forbidden'
  | 'key_refused'
  | 'revoked'
  | 'quota'
  | 'unavailable'
  | 'bad_request'
  | 'not_allowed'
  | 'not_found'
  | 'conflict'
  | 'invalid'
  | 'rejected'

export interface ForwardedAnswer<Body = unknown> {
  readonly ok: true
  /** The provider's JSON; `undefined` where it has none (204). Not checked. */
  readonly body: Body
  readonly rate: ForwardedRate | undefined
}

export interface ForwardedError {
  readonly ok: false
  readonly code: ForwardedCode
  /** HTTP status of the answer. */
  readonly status: number
  /** HTTP status that the provider answered to the backend, if it did: a 401 about the backend's key is a 403 here. */
  readonly upstreamStatus?: number
  /** The provider's own words where they are about this call. */
  readonly message: string
  /** A constant that says more than the code, such as `key_revoked`. */
  readonly reason?: string
  /** How long to wait before the next try, in ms. */
  readonly retryAfterMs?: number
  readonly rate: ForwardedRate | undefined
}

/**
 * Reads what your backend's forwarder (`createForwarder`, or a gateway's REST) answered to `fetchWith` or `fetch`. Resolves
 * for whatever was answered, also by a proxy in front of it: a body that is cut off or no JSON is `unavailable`.
 *
 * @throws TypeError for a response whose body was read before
 */
export async function readForwarded<Body = unknown>(response: Response): Promise<ForwardedAnswer<Body> | ForwardedError> {
  if (response.bodyUsed) throw new TypeError('readForwarded: the body of this response was read before')
  const { status, headers } = response
  const rate = rateOf(headers)
  const json = await jsonOf(response)
  if (response.ok && json !== broken) return { ok: true, body: json as Body, rate }
  if (response.ok) return { ok: false, code: 'unavailable', status, message: 'The answer is no JSON, or was cut off.', rate }
  const said = isObject(json) ? json : {}
  const code = isCode(said['error']) ? said['error'] : codeOf(status)
  const seconds = said['retry_after'] ?? (headers.get('retry-after')?.trim() || undefined)
  return {
    ok: false,
    code,
    status,
    ...(typeof said['status'] === 'number' && { upstreamStatus: said['status'] }),
    message: typeof said['message'] === 'string' ? said['message'] : `The backend answered ${status}.`,
    ...(typeof said['reason'] === 'string' && { reason: said['reason'] }),
    ...(seconds !== undefined && Number(seconds) >= 0 && { retryAfterMs: Number(seconds) * 1000 }),
    rate,
  }
}

/** As a record, so that the compiler asks for every code. */
const codes: Readonly<Record<ForwardedCode, true>> = {
  login_required: true,
  forbidden: true,
  key_refused: true,
  revoked: true,
  quota: true,
  unavailable: true,
  bad_request: true,
  not_allowed: true,
  not_found: true,
  conflict: true,
  invalid: true,
  rejected: true,
}
const isCode = (value: unknown): value is ForwardedCode => typeof value === 'string' && Object.hasOwn(codes, value)

/** What a status says where nobody else does: an answer that is not the forwarder's. */
function codeOf(status: number): ForwardedCode {
  if (status === 401) return 'login_required'
  if (status === 402 || status === 429) return 'quota'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not_allowed'
  return status >= 400 && status < 500 ? 'bad_request' : 'unavailable'
}

/** In the place of a body that cannot be read. */
const broken = Symbol('broken')

async function jsonOf(response: Response): Promise<unknown> {
  try {
    const text = await response.text()
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  } catch {
    return broken
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

/** `undefined` unless all three are whole numbers. */
function rateOf(headers: Headers): ForwardedRate | undefined {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) => {
    const text = headers.get(`x-ratelimit-${name}`)?.trim() ?? ''
    return /^\d{1,10}$/.test(text) ? Number(text) : undefined
  })
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined
  return { limit, remaining, resetMs: reset * 1000 }
}
