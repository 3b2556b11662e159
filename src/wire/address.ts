import { redact } from '../secret.ts'

/** Query names that carry credentials at the providers that we know. */
const credential = /^(access_token|api_?key|api[-_]secret|token|session_token|client_secret|authorization|secret)$/i
const loopback = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/

/**
 * Reads an address that a token will be sent to. Throws `TypeError` where it is none, where its scheme is not `secure`
 * (the plain one passes on loopback only), or where it already carries a credential. The message never repeats the
 * address: what is wrong with it may be the secret in it.
 */
export function tokenAddress(what: string, address: unknown, secure: 'wss' | 'https'): URL {
  let url: URL
  try {
    url = new URL(address as string)
  } catch {
    throw new TypeError(`${what} must be an absolute address such as ${secure}://example.com`)
  }
  demandSecure(what, url, secure)
  if (url.username || url.password || [...url.searchParams.keys()].some((name) => credential.test(name)) || redact(url.href) !== url.href) {
    throw new TypeError(`${what} must not contain a credential: the token comes from the tokenSource, a key stays on your backend`)
  }
  if (url.hash) throw new TypeError(`${what} must not contain a #fragment: it is never sent`)
  return url
}

/** Throws `TypeError` for a scheme that is not `secure`; the plain one passes on loopback. */
export function demandSecure(what: string, { protocol, hostname }: URL, secure: 'wss' | 'https'): void {
  const plain = secure === 'wss' ? 'ws' : 'http'
  if (protocol === `${secure}:` || (protocol === `${plain}:` && loopback.test(hostname))) return
  throw new TypeError(
    protocol === `${plain}:`
      ? `${what} must begin with ${secure}://: over ${plain}:// everyone on the way can read the token (localhost excepted)`
      : `${what} must begin with ${secure}://`,
  )
}

/** Like `tokenAddress`, for an option that names a host and perhaps a path in front of the provider's own. No trailing slash. */
export function tokenHost(what: string, host: unknown, secure: 'wss' | 'https'): string {
  const url = tokenAddress(what, host, secure)
  if (url.search) throw new TypeError(`${what} must not contain a query: use the preset's options`)
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`
}
