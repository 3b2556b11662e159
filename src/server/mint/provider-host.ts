/**
 * Checks the address that a long-lived key will be sent to, once, at construction. The provider's own hosts must be https
 * on its usual port; this machine may speak http, for emulators; anything else has to be listed by name.
 *
 * @param host an address such as `https://api.hume.ai`; a path is kept as a prefix
 * @param own the provider's hosts, a constant of its mint
 * @param trusted further hosts (`gateway.example.com`, `gateway.example.com:8443`) that the application vouches for; https only
 * @returns the address without a slash at its end
 * @throws TypeError for any other host
 */
export function providerHost(host: string, own: readonly string[], trusted: readonly string[] = []): string {
  if (!URL.canParse(host)) throw new TypeError(`host: an address like "https://${own[0]}" is needed`)
  const url = new URL(host)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError('host: an address without user, query and fragment is needed')
  }
  const loopback = isLoopback(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw new TypeError(`host: a key goes over https only, not to ${url.protocol}//${url.host}`)
  }
  // `url.host` has no port where it is the scheme's own.
  if (!loopback && !own.includes(url.host) && !trusted.includes(url.host)) {
    throw new TypeError(`host: ${url.host} is not one of ${own.join(', ')}; list it in trustedHosts if your key may go there`)
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** The URL parser has already turned `0x7f.1` and `127.1` into dotted form. Names under `.localhost` may be looked up, so they do not count. */
const isLoopback = (hostname: string): boolean => hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
