import { internalsOf } from './io/internals.ts'
import type { Session } from './session-type.ts'

/**
 * `fetch` with the session's token as Bearer. Goes only below the addresses that the preset lists (`rest`); anything else
 * throws `TypeError`. A path (`/v2/contacts`) is one below the first of them. A 401 costs one forced renewal and one more try. Redirects are errors, so that the token stays where it is.
 * Rejects like `session.accessToken()` while the session is paused, closed or failed.
 */
export async function fetchWith(session: Session<never, never> | Session, url: string | URL, init: RequestInit = {}): Promise<Response> {
  const { grant, preset, source } = internalsOf(session)
  const { href, origin } = addressBelow(preset.rest ?? [], url)
  if (!preset.rest?.some((base) => href === base || href.startsWith(base.endsWith('/') ? base : `${base}/`)))
    throw new TypeError(`fetchWith: ${origin} is no address of the preset ${preset.name}; its token stays here`)
  const send = (token: string): Promise<Response> => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    return source.host.fetch(href, { credentials: 'omit', ...init, redirect: 'error', headers })
  }
  const used = await grant(0)
  const first = await send(used.token)
  // A body that was a stream is spent; only who can say it again gets the second try.
  if (first.status !== 401 || init.body instanceof ReadableStream) return first
  void first.body?.cancel().catch(() => {})
  // There may be a newer one by now: only the generation that was refused is given back.
  return send((await grant(used.gen)).token)
}

function addressBelow([base]: readonly string[], url: string | URL): URL {
  const path = typeof url === 'string' && url.startsWith('/') && !url.startsWith('//')
  return new URL(path && base !== undefined ? base.replace(/\/$/, '') + url : url, base)
}
