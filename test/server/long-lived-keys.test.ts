import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { bithumanEmbedMint, bithumanMint, createTokenEndpoint, humeMint, MintError } from '../../src/server/index.ts'
import type { Mint } from '../../src/server/index.ts'
import { asks, bodyOf, json, jwtFor, tokenRequest } from './requests.ts'

type Upstream = (request: Request) => Promise<Response>
interface Provider {
  readonly mint: (key: () => string | undefined, fetch: Upstream, now?: () => number) => Mint
  /** The key that a request carries. */
  readonly keyOf: (request: Request) => string
  readonly good: () => Response
  readonly bad: () => Response
}

/** Each provider with its own way of carrying, taking and refusing a key. */
const providers: Record<string, Provider> = {
  hume: {
    mint: (key, fetch, now) =>
      humeMint({ credentials: () => ({ apiKey: 'api', secretKey: key() }), fetch, ...(now && { guard: { now } }) }),
    keyOf: (request) => atob(request.headers.get('authorization')?.slice(6) ?? '').slice(4),
    good: () => json({ access_token: 't' }),
    bad: () => json({ error: 'unauthorized' }, 401),
  },
  bithuman: {
    mint: (secret, fetch, now) => bithumanMint({ secret, fetch, ...(now && { guard: { now } }) }),
    keyOf: (request) => request.headers.get('api-secret') ?? '',
    good: () => json({ data: { token: jwtFor(300), transaction_id: 'tx' } }),
    bad: () => json({ error: { code: 'RUNTIME_SUSPENDED' } }, 403),
  },
  'bithuman embed': {
    mint: (secret, fetch, now) => bithumanEmbedMint({ agent: 'A1', secret, fetch, ...(now && { guard: { now } }) }),
    keyOf: (request) => request.headers.get('api-secret') ?? '',
    good: () => json({ data: { token: jwtFor(3600), sid: 's' } }),
    bad: () => json({ error: { code: 'UNAUTHORIZED' } }, 401),
  },
}

describe.each(Object.entries(providers))('%s', (_, { mint: make, keyOf, good, bad }) => {
  const slowly = () => new Promise((resolve) => setTimeout(resolve, 2))
  /** Takes `right`, counts everything. */
  const provider = (right: string) => vi.fn<Upstream>(async (request) => (await slowly(), keyOf(request) === right ? good() : bad()))
  const many = (mint: Mint, count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, n) => {
        try {
          return typeof (await mint(asks({ user: { id: `user-${n}` } }))).access_token
        } catch (error) {
          return error instanceof MintError ? error.code : error
        }
      }),
    )

  test('1,000 mints at once with a bad key are at most two calls, and a corrected key works at once', async () => {
    let key = 'wrong'
    const fetch = provider('right')
    const mint = make(
      () => key,
      fetch,
      () => 0,
    )
    expect(new Set(await many(mint, 1_000))).toEqual(new Set(['key_refused']))
    expect(fetch.mock.calls.length).toBeLessThanOrEqual(2)
    expect(new Set(await many(mint, 100))).toEqual(new Set(['key_refused']))
    expect(fetch.mock.calls.length).toBeLessThanOrEqual(2)
    key = 'right'
    expect(new Set(await many(mint, 100))).toEqual(new Set(['string']))
  })

  test('a refused key is tried again after 30 s, because it may have been unblocked', async () => {
    let now = 0
    let right = 'other'
    const fetch = vi.fn<Upstream>(async (request) => (keyOf(request) === right ? good() : bad()))
    const mint = make(
      () => 'key',
      fetch,
      () => now,
    )
    expect(await many(mint, 1)).toEqual(['key_refused'])
    right = 'key'
    now = 29_999
    expect(await many(mint, 1)).toEqual(['key_refused'])
    now = 30_000
    expect(await many(mint, 1)).toEqual(['string'])
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  test('a key that is rotated away under 1,000 callers costs at most 20 refused calls', async () => {
    let right = 'old'
    const fetch = vi.fn<Upstream>(async (request) => (await slowly(), keyOf(request) === right ? good() : bad()))
    const mint = make(
      () => 'old',
      fetch,
      () => 0,
    )
    expect(await many(mint, 1)).toEqual(['string'])
    right = 'new'
    fetch.mockClear()
    expect(new Set(await many(mint, 1_000))).toEqual(new Set(['key_refused']))
    expect(fetch.mock.calls.length).toBeLessThanOrEqual(20)
  })

  test.each([undefined, '', '  \n'])('a key that is not set (%j) is key_refused, without a call', async (key) => {
    const fetch = provider('right')
    const onError = vi.fn<(error: MintError) => void>()
    const response = await createTokenEndpoint({ mint: make(() => key, fetch), onError })(tokenRequest())
    expect([response.status, (await bodyOf(response)).error]).toEqual([403, 'key_refused'])
    expect(onError.mock.calls[0]?.[0]).toMatchObject({
      code: 'key_refused',
      message: expect.stringMatching(/_(KEY|SECRET) is not set$/) as string,
    })
    expect(fetch).not.toHaveBeenCalled()
  })

  test.each(['canary\nkey', 'canary…key', 'canary key'])('a key that no header can carry is not quoted anywhere: %j', async (key) => {
    const fetch = provider('right')
    const error: unknown = await Promise.resolve(make(() => key, fetch)(asks())).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'key_refused' })
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('canary')
    expect(fetch).not.toHaveBeenCalled()
  })

  test('a vault that fails is unavailable, and not the key’s fault', async () => {
    const mint = make(() => {
      throw new Error('vault sealed')
    }, provider('right'))
    await expect(Promise.resolve(mint(asks()))).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('no secret in any answer, whatever the provider says', async () => {
    const key = 'canary-0123456789'
    const echo: (() => Response | never)[] = [
      ...[200, 400, 401, 402, 403, 404, 409, 429, 500, 503].flatMap((status) => [
        () =>
          json({ error: { code: key, message: `bad key ${key}` }, data: {}, access_token: [key] }, status, {
            'retry-after': key,
            'x-key': key,
          }),
        () => new Response(`<p>${key}</p>`, { status, headers: { 'content-type': 'text/html' } }),
      ]),
      () => {
        throw new TypeError(`Headers.append: "${key}" is an invalid header value.`)
      },
    ]
    for (const answer of echo) {
      const said: unknown[] = []
      const onError = (error: MintError) => said.push(error, error.message, error.stack, error.cause)
      const response = await createTokenEndpoint({
        mint: make(
          () => key,
          async () => answer(),
        ),
        onError,
      })(tokenRequest())
      expect(response.status).toBeGreaterThanOrEqual(400)
      const everything = `${await response.text()} ${JSON.stringify([...response.headers])} ${said.map(String).join(' ')} ${JSON.stringify(said)}`
      expect(everything).not.toContain(key)
      expect(everything).not.toContain(btoa(`api:${key}`))
    }
  })
})

describe('where a key may go', () => {
  const makers: [string, (options: { host: string; trustedHosts?: string[] }) => unknown][] = [
    ['humeMint', (options) => humeMint(options)],
    ['bithumanMint', (options) => bithumanMint(options)],
    ['bithumanEmbedMint', (options) => bithumanEmbedMint({ agent: 'A1', ...options })],
  ]

  test.each(
    makers.flatMap(([name, make]) =>
      [
        'https://evil.example',
        'https://api.hume.ai.evil.example',
        'https://api.bithuman.ai.',
        'https://evil.example/api.hume.ai',
        'https://api.hume.ai@evil.example',
        'https://user:pw@api.hume.ai',
        'http://api.hume.ai',
        'http://api.bithuman.ai',
        'https://api.hume.ai:8443',
        'https://api.hume.ai?x=1',
        'http://localhost.evil.example',
        'http://foo.localhost',
        'http://0.0.0.0:80',
        'http://192.168.1.5',
        'http://[::ffff:127.0.0.1]',
        'ws://localhost',
        'file:///etc/passwd',
        'api.hume.ai',
        '',
      ].map((host) => [name, host, make] as const),
    ),
  )('%s refuses %s', (_, host, make) => {
    expect(() => make({ host })).toThrow(TypeError)
  })

  test('to the provider, to this machine, and to what is listed', () => {
    for (const host of ['http://localhost:4700', 'http://127.0.0.1:4700/hume/', 'http://127.1', 'https://[::1]:1', 'http://[::1]:1']) {
      for (const [, make] of makers) expect(() => make({ host })).not.toThrow()
    }
    expect(() => humeMint({ host: 'https://API.hume.ai:443/' })).not.toThrow()
    expect(() => bithumanMint({ host: 'https://auth.api.bithuman.ai' })).not.toThrow()
    expect(() => humeMint({ host: 'https://gateway.example', trustedHosts: ['gateway.example'] })).not.toThrow()
    expect(() => humeMint({ host: 'https://gateway.example:8443', trustedHosts: ['gateway.example'] })).toThrow(TypeError)
    expect(() => humeMint({ host: 'http://gateway.example', trustedHosts: ['gateway.example'] })).toThrow(TypeError)
  })

  describe('by default', () => {
    beforeEach(() => {
      for (const name of ['HUME_API_KEY', 'HUME_SECRET_KEY', 'BITHUMAN_API_SECRET', 'BITHUMAN_API_KEY']) vi.stubEnv(name, undefined)
    })
    afterEach(() => vi.unstubAllEnvs())

    test('bitHuman’s secret has two names, and the first one counts', async () => {
      const sent: string[] = []
      const mint = bithumanMint({
        fetch: async (request) => (sent.push(request.headers.get('api-secret') ?? ''), json({ data: { token: 't' } })),
      })
      vi.stubEnv('BITHUMAN_API_KEY', 'second')
      await mint(asks())
      vi.stubEnv('BITHUMAN_API_SECRET', 'first')
      await mint(asks())
      expect(sent).toEqual(['second', 'first'])
    })

    test('a runtime without an environment has no keys', async () => {
      vi.stubGlobal('process', undefined)
      try {
        await expect(Promise.resolve(humeMint()(asks()))).rejects.toMatchObject({ code: 'key_refused' })
      } finally {
        vi.unstubAllGlobals()
      }
    })
  })
})
