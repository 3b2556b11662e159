import { originRule } from '../origins.ts'

/**
 * Which `Origin` may open a socket: exactly those listed. A bare IP address is nobody's page for long, and `null` is
 * anybody's (CVE-2025-30360; GHSA-f53g-frr2-jhpf), so neither can be listed.
 *
 * @throws TypeError for an origin that is not exact, is an IP address, or an empty list that lets nobody in
 */
export function gatewayOrigins(origins: readonly string[], without: boolean): (origin: string | null) => boolean {
  if (!Array.isArray(origins)) throw new TypeError('origins: list the pages that may connect, such as ["https://app.example.com"]')
  if (origins.length === 0 && !without) throw new TypeError('origins: with an empty list nobody can connect')
  originRule(origins)
  for (const origin of origins as readonly string[]) {
    if (/^https?:\/\/(\[|\d{1,3}(\.\d{1,3}){3}(:|$))/.test(origin)) {
      throw new TypeError(
        `origins: ${JSON.stringify(origin)} is an IP address; give a name, such as http://localhost:5173 while developing`,
      )
    }
  }
  const list: ReadonlySet<string> = new Set(origins)
  return (origin) => (origin === null ? without : list.has(origin))
}
