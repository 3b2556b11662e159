import type { Route } from './upstream.ts'

/** A route that was asked for, and the path to call: of the table's own segments and checked parameters. */
export interface Match {
  readonly route: Route
  readonly path: string
}

/** A parameter's text, decoded: ids, phone numbers, mail addresses. Without a dot in front it is never `.` or `..`. */
const parameter = /^[\w~:@+-][\w.~:@+-]{0,127}$/
const literal = /^[\w-]+$/

/**
 * Finds routes by exact segments. The path that goes upstream is put together anew, so nothing that a page writes can leave
 * the table: encoded slashes and dots, double slashes, a slash at the end, other hosts and users match nothing.
 *
 * @throws TypeError for a path that is no list of literal segments and parameters
 */
export function routeTable(routes: readonly Route[]): (method: string, pathname: string) => Match | undefined {
  const table = routes.map((route) => ({ route, segments: segmentsOf(route.path) }))
  return (method, pathname) => {
    if (!pathname.startsWith('/')) return undefined
    const asked = pathname.slice(1).split('/')
    for (const { route, segments } of table) {
      if (route.method !== method || segments.length !== asked.length) continue
      const path = segments.map((segment, at) =>
        segment.startsWith(':') ? checked(asked[at] ?? '') : segment === asked[at] ? segment : '',
      )
      if (path.every((segment) => segment !== '')) return { route, path: `/${path.join('/')}` }
    }
    return undefined
  }
}

function segmentsOf(path: string): readonly string[] {
  const segments = path.slice(1).split('/')
  if (path.startsWith('/') && segments.every((segment) => literal.test(segment.replace(/^:/, '')))) return segments
  throw new TypeError(`routes: ${JSON.stringify(path)} is not a path like "/v2/contact/:id"`)
}

/** Decoded once, checked, encoded again; the empty text when it may not go on. */
function checked(segment: string): string {
  let text: string
  try {
    text = decodeURIComponent(segment)
  } catch {
    return ''
  }
  return parameter.test(text) ? encodeURIComponent(text).replaceAll('%40', '@').replaceAll('%3A', ':') : ''
}

/** Names that carry a credential at some provider: a page does not choose who it is. */
const credentials: ReadonlySet<string> = new Set(
  'access_token api_key apikey api-key x-api-key api_secret api-secret secret key token session_token authorization'.split(' '),
)

/** The query to send on, written anew; `undefined` when it holds what must not go on. */
export function checkedQuery(search: string): string | undefined {
  const query = new URLSearchParams(search)
  for (const [name, value] of query) {
    // U+FFFD stands where the bytes were no UTF-8.
    if (!/^[\w.[\]-]{1,64}$/.test(name) || credentials.has(name.toLowerCase()) || !/^[^\p{Cc}\uFFFD]{0,1024}$/u.test(value))
      return undefined
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
