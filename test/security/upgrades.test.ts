/** Which pages may open a socket: the origins of the table, at the gateway's handshake. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { attachGateway, createGateway, memoryStore } from '../../src/server/gateway/index.ts'
import { handshake, kit } from '../gateway/kit.ts'
import { listed, originCases, unlistable } from './origins.cases.ts'

/** The table's own pages, and those that are listed: a gateway has no "own" origin, so all of them are in its list. */
const own = ['https://app.example', 'https://app.example:8443', 'https://public.example', ...listed]

/** A handshake has no second header to go by, and nobody's address counts: what the header says is in the list, or it is not. */
const cases = [
  ...originCases.flatMap(({ trick, origin }) => (origin === null ? [] : [{ trick, origin }])),
  { trick: 'the gateway itself', origin: 'https://gateway.test' },
  { trick: 'a listed page, percent-encoded', origin: 'https://app%2Eexample' },
  { trick: 'a listed page over ws', origin: 'ws://app.example' },
  { trick: 'a listed page of another mind about ports', origin: 'https://app.example:08443' },
]
  .filter(({ origin }, i, all) => all.findIndex((row) => row.origin === origin) === i)
  .map((row) => ({ ...row, allowed: own.includes(row.origin) }))

/** What a browser would send of these is a header; some of the tricks no HTTP library lets pass. */
const sendable = (origin: string): boolean => /^[\x20-\x7e]*$/.test(origin) && origin.trim() === origin

test('the table has its sixty rows, most of them refused', () => {
  expect(cases.length).toBeGreaterThanOrEqual(60)
  expect(cases.filter(({ allowed }) => allowed).map(({ origin }) => origin)).toEqual(expect.arrayContaining(own))
})

describe('in memory:', () => {
  test.each(cases)('$trick ($origin): $allowed', async ({ origin, allowed }) => {
    let asked = 0
    const { gateway } = kit({ origins: own, wrap: (inner) => ({ ...inner, take: (...args) => (asked++, inner.take(...args)) }) })
    const answer = await gateway.upgrade(handshakeFrom(origin, '?version=1&access_token=x'))
    expect('open' in answer ? 'open' : answer.status).toBe(allowed ? 'open' : 403)
    // Who is refused is not even counted.
    expect(asked).toBe(allowed ? 1 : 0)
  })

  test('no Origin: only where the application says so, and then without opening anything to pages', async () => {
    const open = async (withoutOrigin: boolean, origin: string | null) =>
      'open' in (await kit({ withoutOrigin }).gateway.upgrade(handshake({ origin })))
    expect([await open(false, null), await open(true, null), await open(true, 'https://evil.test'), await open(true, 'null')]).toEqual([
      false,
      true,
      false,
      false,
    ])
    expect(() => kit({ origins: [] })).toThrow(TypeError)
    expect(() => kit({ origins: [], withoutOrigin: true })).not.toThrow()
  })

  test('a lease that is bound to one page opens no socket for another, both listed', async () => {
    const all = kit({ origins: ['https://app.test', 'https://shop.example'] })
    const token = await all.lease({ origin: 'https://app.test' })
    const codes: unknown[] = []
    for (const origin of ['https://app.test', 'https://shop.example']) {
      const client = await all.dial({ origin })
      await client.hello(token)
      codes.push(client.closed)
    }
    expect(codes).toEqual([null, 4100])
  })
})

describe('may not be listed:', () => {
  test.each([
    ...unlistable,
    ['IPv4', 'http://127.0.0.1:5173'],
    ['IPv4 without a port', 'https://192.0.2.1'],
    ['IPv6', 'http://[::1]:5173'],
  ])('%s (%j)', (_, entry) => {
    expect(() => kit({ origins: ['https://app.test', entry] })).toThrow(TypeError)
  })
})

describe('on a real port:', () => {
  const server = createServer()
  const gateway = createGateway({
    audience: 'https://gateway.test',
    keys: [{ kid: 'k1', secret: 'x'.repeat(32) }],
    origins: own,
    store: memoryStore(),
  })
  const attached = attachGateway(server, gateway)
  let port = 0
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterAll(async () => {
    await attached.close()
    server.closeAllConnections()
    server.close()
  })

  const handful = cases.filter(({ origin, allowed }, i) => sendable(origin) && (allowed || i % 5 === 0))

  test.each(handful)('$trick ($origin): $allowed', async ({ origin, allowed }) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { origin: origin } })
    socket.on('error', () => {})
    const refused = once(socket, 'unexpected-response').then(([, response]) => {
      const { statusCode, headers } = response as IncomingMessage
      ;(response as IncomingMessage).resume()
      return [statusCode, headers.location]
    })
    expect(await Promise.race([once(socket, 'open').then(() => 'open'), refused])).toEqual(allowed ? 'open' : [403, undefined])
    socket.terminate()
  })
})

/** As the headers arrive: a name that is no Latin-1 comes as UTF-8 bytes. */
function handshakeFrom(origin: string, query: string) {
  const { url, protocols } = handshake({ query })
  const headers = new Headers()
  headers.set('origin', sendable(origin) ? origin : Buffer.from(origin).toString('latin1'))
  return { url, headers, protocols, address: '192.0.2.1' }
}
