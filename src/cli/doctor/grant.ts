import type { Terminal } from '../terminal.ts'
import type { Endpoint } from './endpoint.ts'
import { spoken } from './endpoint.ts'
import { ok, problem, warning } from './finding.ts'
import type { Finding } from './finding.ts'
import type { Grant } from './first-answer.ts'
import { holdsKey } from './keys.ts'
import type { Key } from './keys.ts'
import { readJwt } from './lifetime.ts'

/** What came with the token, and whether it is one at all. */
export function grantChecks(grant: Grant, keys: readonly Key[], now: number): readonly Finding[] {
  const key = holdsKey(grant.text, keys)
  return [
    key === undefined ? ok('long-lived-key', 'the answer holds no long-lived key') : problem('long-lived-key', `the answer holds ${key}`),
    /\bno-store\b/i.test(grant.headers.get('cache-control') ?? '')
      ? ok('no-store', 'cache-control: no-store')
      : problem('no-store', 'there is no cache-control: no-store'),
    ...clock(grant, now),
  ]
}

/** A minute is what tokens are renewed by; half a minute may be the network and a header that has no fractions. */
function clock({ headers }: Grant, now: number): readonly Finding[] {
  const off = Math.round((Date.parse(headers.get('date') ?? '') - now) / 1000)
  if (Number.isNaN(off)) return []
  const seen = `the server's clock is ${Math.abs(off)} s ${off < 0 ? 'behind' : 'ahead of'} this machine's`
  if (Math.abs(off) > 300) return [problem('clock', seen)]
  return [Math.abs(off) > 30 ? warning('clock', seen) : ok('clock', seen)]
}

/** A second token has to be another one. A handle is sent back, so that no second session is billed. */
export async function freshness(endpoint: Endpoint, grant: Grant, { sleep }: Pick<Terminal, 'sleep'>): Promise<Finding> {
  const handle = grant.json?.['handle']
  const body = JSON.stringify({ reason: 'renew', attempt: 0, ...(typeof handle === 'string' && { handle }) })
  // A JWT with whole seconds and without `jti` is the same twice within one second, and no cache.
  const mayRepeat = readJwt(grant.token) !== undefined
  for (let tries = mayRepeat ? 2 : 1; ; tries--) {
    const again = await endpoint.ask({ body })
    if (again.is === 'failure') return warning('fresh', `a second request was not answered (${again.how})`)
    if (again.token === undefined) return warning('fresh', `a second request was answered ${spoken(again)}`)
    if (again.token !== grant.token) return ok('fresh', 'a second request brought another token')
    if (tries === 1) return problem('fresh', 'two requests brought the same token')
    await sleep(1_100)
  }
}

/** The session that the handle names was opened by these checks: it is ended, as a page would. */
export async function farewell(endpoint: Endpoint, grant: Grant): Promise<void> {
  const handle = grant.json?.['handle']
  if (typeof handle === 'string') await endpoint.ask({ body: JSON.stringify({ reason: 'release', attempt: 0, handle }) })
}
