/** Exact origins (`https://app.example.com`), or only pages of the endpoint's own origin. */
export type Origins = readonly string[] | 'same-origin'

export interface OriginRule {
  /** Whether a request with these headers may mint. */
  allows(request: Request): boolean
  /** The listed foreign origin that this request comes from: it gets CORS headers. */
  listed(request: Request): string | undefined
}

/**
 * Checks the list once.
 *
 * @throws TypeError for `*`, `null`, a path, a trailing slash, or anything that no browser would send as `Origin`.
 */
export function originRule(origins: Origins): OriginRule {
  if (origins !== 'same-origin') for (const origin of origins) checkOrigin(origin)
  const list: ReadonlySet<string> = new Set(origins === 'same-origin' ? [] : origins)
  const listed = (request: Request): string | undefined => {
    const origin = request.headers.get('origin')
    return origin !== null && list.has(origin) ? origin : undefined
  }
  const allows = (request: Request): boolean => {
    if (listed(request) !== undefined) return true
    const origin = request.headers.get('origin')
    const site = request.headers.get('sec-fetch-site')
    // Only the browser can write Sec-Fetch-Site. Behind a proxy that ends TLS it knows better than our own URL.
    if (site !== null && site !== 'same-origin' && site !== 'none') return false
    // No Origin: not a page (browsers send it with every POST), or one of our own.
    if (origin === null) return true
    if (origins !== 'same-origin' || origin === 'null') return false
    return site === 'same-origin' || isOwn(origin, request.url)
  }
  return { allows, listed }
}

/** An https page may find us behind a proxy that speaks http to us; the other way round is a downgrade and refused. */
function isOwn(origin: string, url: string): boolean {
  const own = new URL(url)
  return origin === own.origin || origin === `https://${own.host}`
}

function checkOrigin(origin: string): void {
  const shape = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+$/
  const web = /^https?:/.test(origin)
  // `new URL` puts host and port into the form that a browser sends; apps like `capacitor://localhost` have no such form.
  if (shape.test(origin) && (!web || (URL.canParse(origin) && new URL(origin).origin === origin))) return
  throw new TypeError(`origins: ${JSON.stringify(origin)} is not an exact origin like "https://app.example.com"`)
}

/** The answer to a listed origin may be read by it, with cookies. Never `*`. */
export function withCors(response: Response, origin: string | undefined): Response {
  if (origin === undefined) return response
  response.headers.set('access-control-allow-origin', origin)
  response.headers.set('access-control-allow-credentials', 'true')
  response.headers.set('access-control-expose-headers', 'retry-after')
  return response
}

/** The preflight's own headers. The application may add request headers of its own (authorization, CSRF), so those asked for are named. */
export function preflightHeaders(request: Request): Record<string, string> {
  const asked = request.headers.get('access-control-request-headers') ?? ''
  return {
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': /^[\w\-, ]{1,1024}$/.test(asked) ? asked : 'content-type, x-heartwire',
    'access-control-max-age': '600',
    vary: 'Origin, Access-Control-Request-Headers',
  }
}
