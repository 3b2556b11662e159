import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { bithumanEmbedMint, bithumanMint, humeMint } from '../../src/server/index.ts'
import type { Mint } from '../../src/server/index.ts'
import { bithumanRealtimeMint } from '../../src/server/mint/bithuman-realtime.ts'
import { toNodeHandler } from '../../src/server/node.ts'
import { asks, json } from '../server/requests.ts'
import { hostCases } from './hosts.cases.ts'

const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => (server.closeAllConnections(), server.close()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Upstream = { host: string; fetch?: (request: Request) => Promise<Response> }
const secret = 'canary-secret-0123456789'
const trustedHosts = ['trusted.example', 'trusted.example:8443']
const answer = { access_token: 't', data: { token: 't', transaction_id: 'tx', value: 'ek_t', expires_at: 4e9 } }

/** Every mint that holds a key, with its provider's own host and the call that it makes. */
const providers: [name: string, own: string, make: (upstream: Upstream) => Mint, path: string][] = [
  [
    'hume',
    'api.hume.ai',
    (upstream) => humeMint({ credentials: () => ({ apiKey: 'canary-api-key', secretKey: secret }), trustedHosts, ...upstream }),
    '/oauth2-cc/token',
  ],
  [
    'bithuman',
    'api.bithuman.ai',
    (upstream) => bithumanMint({ secret: () => secret, trustedHosts, ...upstream }),
    '/v1/runtime-tokens/request',
  ],
  [
    'bithuman embed',
    'auth.api.bithuman.ai',
    (upstream) => bithumanEmbedMint({ agent: 'A1', secret: () => secret, trustedHosts, ...upstream }),
    '/v1/embed-tokens/request',
  ],
  [
    'bithuman realtime',
    'api.bithuman.ai',
    (upstream) => bithumanRealtimeMint({ secret: () => secret, trustedHosts, ...upstream }),
    '/v1/realtime/ephemeral-token',
  ],
]

describe.each(providers)('%s: the key goes to', (_name, own, make, path) => {
  const cases = hostCases(own)

  test.each(cases.filter(([, , goesTo]) => goesTo !== null))('%s (%j): %s', async (_trick, host, goesTo) => {
    const urls: URL[] = []
    await make({ host, fetch: async ({ url }) => (urls.push(new URL(url)), json(answer)) })(asks())
    expect(urls.map(({ origin }) => origin)).toEqual([goesTo])
    const [{ pathname, search, hash, username, password }] = urls as [URL]
    expect(pathname.endsWith(path)).toBe(true)
    expect([search, hash, username, password]).toEqual(['', '', '', ''])
  })

  test.each(cases.filter(([, , goesTo]) => goesTo === null))('nobody: %s (%j)', (_trick, host) => {
    expect(() => make({ host })).toThrow(TypeError)
  })
})

const redirects = [300, 301, 302, 303, 304, 305, 306, 307, 308]
const locations: [kind: string, location: (elsewhere: string) => string][] = [
  ['to another host', (elsewhere) => elsewhere],
  ['to another host, protocol-relative', (elsewhere) => elsewhere.slice('http:'.length)],
  ['to another host, with a user', (elsewhere) => elsewhere.replace('//', '//api.hume.ai@')],
  ['to its own host', () => '/elsewhere'],
]
const calls: [name: string, call: (host: string) => Promise<unknown>][] = [
  ...providers.map(([name, , make]): [string, (host: string) => Promise<unknown>] => [name, async (host) => make({ host })(asks())]),
  ['bithuman release', async (host) => bithumanMint({ secret: () => secret, host }).release!('tx', asks())],
]

describe.each(calls)('%s: a redirect is not followed:', (_name, call) => {
  test.each(redirects.flatMap((status) => locations.map(([kind, location]) => [status, kind, location] as const)))(
    '%i %s',
    async (status, _kind, location) => {
      let [asked, followed] = [0, 0]
      const elsewhere = await listening(
        (_, res) => (followed++, res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))),
      )
      const host = await listening((req, res) => {
        if (req.url === '/elsewhere') followed++
        asked++
        res.writeHead(status, { location: location(elsewhere) }).end()
      })
      await expect(call(host)).rejects.toMatchObject({ code: 'unavailable', status: 502, upstreamStatus: status })
      expect([asked, followed]).toEqual([1, 0])
    },
  )
})

describe('a handle becomes part of a path, so it climbs nowhere:', () => {
  const climbing = [
    '..',
    '.',
    '../x',
    '..%2fx',
    '%2e%2e',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'a;b',
    'a@b',
    '//evil.example',
    'https://evil.example',
    'a:b',
    '\u2025',
  ]

  test.each(climbing)('%j ends nothing', async (handle) => {
    let asked = 0
    const mint = bithumanMint({ secret: () => secret, fetch: async () => (asked++, json({})) })
    await expect(mint.release!(handle, asks())).rejects.toMatchObject({ code: 'bad_request' })
    expect(asked).toBe(0)
  })

  test.each(climbing)('%j is not sent on', async (handle) => {
    const sent: [string, unknown][] = []
    const mint = bithumanMint({
      secret: () => secret,
      fetch: async (request) => (sent.push([request.url, await request.json()]), json(answer)),
    })
    await mint(asks({ handle }))
    expect(sent).toEqual([['https://api.bithuman.ai/v1/runtime-tokens/request', {}]])
  })

  test('one of theirs does', async () => {
    const urls: string[] = []
    await bithumanMint({ secret: () => secret, fetch: async ({ url }) => (urls.push(url), json({})) }).release!('3f2a-b', asks())
    expect(urls).toEqual(['https://api.bithuman.ai/v1/runtime-sessions/3f2a-b/end'])
  })
})

describe('the address of a request is made of its Host and path, and of nothing else:', () => {
  test.each<[trick: string, target: string, host: string, seen: string | null]>([
    ['as usual', '/api?a=1', 'app.example:3000', 'http://app.example:3000/api?a=1'],
    ['IPv6', '/', '[::1]:3000', 'http://[::1]:3000/'],
    ['two slashes', '//evil.example/x', 'app.example', 'http://app.example//evil.example/x'],
    ['a backslash', '/\\evil.example/x', 'app.example', 'http://app.example//evil.example/x'],
    ['an address for a path', 'http://evil.example/x', 'app.example', 'http://app.example/'],
    ['a path that climbs', '/../../x', 'app.example', 'http://app.example/x'],
    ['a user in the path', '/@evil.example', 'app.example', 'http://app.example/@evil.example'],
    ['a user in the Host', '/', 'app.example@evil.example', null],
    ['a path in the Host', '/', 'evil.example/app.example', null],
    ['a backslash in the Host', '/', 'evil.example\\app.example', null],
    ['a query in the Host', '/', 'evil.example?app.example', null],
    ['a fragment in the Host', '/', 'evil.example#app.example', null],
    ['a space in the Host', '/', 'app.example evil.example', null],
    ['a port that is none', '/', 'app.example:99999', null],
    ['an empty Host', '/', '', null],
  ])('%s', async (_, target, host, seen) => {
    const urls: string[] = []
    const base = await listening(toNodeHandler(async ({ url }) => (urls.push(url), new Response())))
    const answered = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(base).port), '127.0.0.1', () => socket.write(`GET ${target} HTTP/1.1\r\nhost: ${host}\r\n\r\n`))
      socket.once('data', (bytes) => (resolve(bytes.toString()), socket.destroy()))
    })
    expect(urls).toEqual(seen === null ? [] : [seen])
    expect(answered).toContain(seen === null ? ' 400 ' : ' 200 ')
  })
})
