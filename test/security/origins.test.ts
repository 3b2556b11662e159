import { describe, expect, test } from 'vitest'
import { originRule } from '../../src/server/origins.ts'
import { cookie, cors, errorOf, guarded } from './guarded.ts'
import { originCases, unlistable } from './origins.cases.ts'
import type { OriginCase } from './origins.cases.ts'

const from = ({ origin, site, url }: OriginCase, method: string, more: Record<string, string>): Request => {
  const headers = new Headers({ cookie, ...more })
  if (origin !== null) headers.set('origin', origin)
  if (site !== null) headers.set('sec-fetch-site', site)
  return new Request(url, { method, headers, ...(method === 'POST' && { body: '{}' }) })
}
const ask = (row: OriginCase) => from(row, 'POST', { 'content-type': 'application/json', 'x-heartwire': '1' })
const preflight = (row: OriginCase) =>
  from(row, 'OPTIONS', { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-heartwire' })

const readable = ({ origins, origin }: OriginCase) =>
  origin !== null && origins.includes(origin) && origins !== 'same-origin' ? [origin, 'true'] : [null, null]

describe('may ask:', () => {
  test.each(originCases.filter(({ allowed }) => allowed))('$trick ($origins, $origin, $site)', async (row) => {
    const { endpoint, reached } = guarded(row.origins)
    const response = await endpoint(ask(row))
    expect([response.status, reached]).toEqual([200, { authorize: 1, mint: 1 }])
    // Only a listed page is told that it may read; an own page needs no telling.
    expect(cors(response)).toEqual(readable(row))
    const before = await endpoint(preflight(row))
    expect([before.status, ...cors(before)]).toEqual([204, ...readable(row)])
  })
})

describe('may not ask, and reaches nothing:', () => {
  test.each(originCases.filter(({ allowed }) => !allowed))('$trick ($origin, $site)', async (row) => {
    const { endpoint, reached } = guarded(row.origins)
    for (const request of [ask(row), preflight(row)]) {
      const response = await endpoint(request)
      expect([response.status, await errorOf(response)]).toEqual([403, 'forbidden'])
      expect([...cors(response), response.headers.get('access-control-allow-methods')]).toEqual([null, null, null])
      expect(response.headers.get('vary')).toContain('Origin')
    }
    expect(reached).toEqual({ authorize: 0, mint: 0 })
  })
})

describe('may not be listed:', () => {
  test.each(unlistable)('%s (%j)', (_, entry) => {
    expect(() => originRule(['https://shop.example', entry])).toThrow(TypeError)
  })
})

test('what same-origin cannot tell: a name that rebinds to this machine; a list can', async () => {
  const rebound = originCases.find(({ trick }) => trick.includes('rebinds'))!
  expect((await guarded('same-origin').endpoint(ask(rebound))).status).toBe(200)
  expect((await guarded(rebound.origins).endpoint(ask(rebound))).status).toBe(403)
})
