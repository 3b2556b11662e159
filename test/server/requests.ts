/** The endpoint's address in these tests, and the page that belongs to it. */
export const address = 'https://app.example.com/api/token'

/** A token request as a page of the endpoint's own origin sends it; `null` takes a header away. */
export function tokenRequest(body: unknown = {}, headers: Record<string, string | null> = {}, init: RequestInit = {}): Request {
  const all = new Headers({
    'content-type': 'application/json',
    'x-heartwire': '1',
    origin: 'https://app.example.com',
    'sec-fetch-site': 'same-origin',
  })
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) all.delete(name)
    else all.set(name, value)
  }
  const text = typeof body === 'string' || body instanceof ReadableStream ? body : JSON.stringify(body)
  const duplex = { duplex: 'half' } as RequestInit
  return new Request(address, { method: 'POST', body: text, headers: all, ...duplex, ...init })
}

export type Body = {
  error?: string
  error_description?: string
  retry_after?: number
  access_token?: string
  expires_in?: number
  handle?: string
}

export const bodyOf = async (response: Response): Promise<Body> => (await response.json()) as Body

export const never = <T>(): Promise<T> => new Promise<T>(() => {})

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

/** A JWT that says how long it lives; nobody checks the signature. */
export function jwtFor(seconds: number, iat = 1_000): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: 'bitHuman', aud: 'bithuman-runtime', iat, exp: iat + seconds })}.c2lnbmF0dXJl`
}

/** What a mint is asked, outside an endpoint. */
export const asks = (more: { handle?: string; user?: { id: string }; signal?: AbortSignal } = {}) => ({
  handle: more.handle,
  user: more.user,
  fields: {},
  signal: more.signal ?? new AbortController().signal,
})
