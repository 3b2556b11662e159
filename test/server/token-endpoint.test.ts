import { describe, expect, test, vi } from 'vitest'
import { createTokenEndpoint, MintError } from '../../src/server/index.ts'
import type { Mint, MintAsk, TokenAsk } from '../../src/server/index.ts'
import { address, bodyOf, never, tokenRequest } from './requests.ts'

const mint = vi.fn<Mint>(() => ({ access_token: 'token-1', expires_in: 60, handle: 'h1' }))
const quiet = { onError: () => {} }
const endpoint = createTokenEndpoint({ mint, ...quiet })

describe('a token request', () => {
  test('is answered with an RFC 6749 token response that nobody may store', async () => {
    const response = await endpoint(tokenRequest({ reason: 'connect', attempt: 0 }))
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('vary')).toBe('Origin')
    expect(await response.json()).toEqual({ access_token: 'token-1', token_type: 'Bearer', expires_in: 60, handle: 'h1' })
  })

  test('hands handle, user and the own fields to the mint, and only the known fields of its answer to the page', async () => {
    const seen: MintAsk[] = []
    const answer = { access_token: 't', expires_in: 5, connect_by: 2, api_key: 'long-lived' }
    const endpoint = createTokenEndpoint({ mint: (ask) => (seen.push(ask), answer), authorize: () => ({ id: 'ann' }), ...quiet })
    const response = await endpoint(tokenRequest({ reason: 'renew', attempt: 2, handle: 'h9', room: 'blue' }))
    expect(seen[0]).toMatchObject({ handle: 'h9', user: { id: 'ann' }, fields: { room: 'blue' } })
    expect(Object.getPrototypeOf(seen[0]?.fields)).toBeNull()
    expect(await response.json()).toEqual({ access_token: 't', token_type: 'Bearer', expires_in: 5, connect_by: 2 })
  })

  test('needs no field at all', async () => {
    expect((await endpoint(tokenRequest({}))).status).toBe(200)
  })
})

const refusals: [name: string, request: () => Request, status: number, error: string, says?: RegExp][] = [
  ['GET', () => new Request(address), 405, 'bad_request'],
  ['HEAD', () => new Request(address, { method: 'HEAD' }), 405, 'bad_request'],
  ['PUT', () => tokenRequest({}, {}, { method: 'PUT' }), 405, 'bad_request'],
  ['a foreign origin', () => tokenRequest({}, { origin: 'https://evil.example', 'sec-fetch-site': null }), 403, 'forbidden', /origins/],
  ['a subdomain', () => tokenRequest({}, { origin: 'https://x.app.example.com', 'sec-fetch-site': 'same-site' }), 403, 'forbidden'],
  ['another port', () => tokenRequest({}, { origin: 'https://app.example.com:8443', 'sec-fetch-site': null }), 403, 'forbidden'],
  [
    'a foreign origin that claims to be same-site',
    () => tokenRequest({}, { origin: 'https://evil.example', 'sec-fetch-site': 'same-site' }),
    403,
    'forbidden',
  ],
  ['the null origin', () => tokenRequest({}, { origin: 'null', 'sec-fetch-site': null }), 403, 'forbidden'],
  ['the null origin of a sandbox', () => tokenRequest({}, { origin: 'null', 'sec-fetch-site': 'cross-site' }), 403, 'forbidden'],
  ['the null origin that claims to be same-origin', () => tokenRequest({}, { origin: 'null' }), 403, 'forbidden'],
  ['cross-site without an origin', () => tokenRequest({}, { origin: null, 'sec-fetch-site': 'cross-site' }), 403, 'forbidden'],
  ['no custom header', () => tokenRequest({}, { 'x-heartwire': null }), 400, 'bad_request', /x-heartwire/],
  ['a form', () => tokenRequest('a=b', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'bad_request'],
  ['text/plain', () => tokenRequest('{}', { 'content-type': 'text/plain' }), 415, 'bad_request'],
  ['no content type', () => tokenRequest({}, { 'content-type': null }), 415, 'bad_request'],
  ['something that ends like JSON', () => tokenRequest({}, { 'content-type': 'text/html;application/json' }), 415, 'bad_request'],
  ['a body of 1 MB', () => tokenRequest(JSON.stringify({ a: 'x'.repeat(1 << 20) })), 413, 'bad_request'],
  ['bad JSON', () => tokenRequest('{"reason":'), 400, 'bad_request'],
  ['an empty body', () => tokenRequest(''), 400, 'bad_request'],
  ['an array', () => tokenRequest([]), 400, 'bad_request'],
  ['null', () => tokenRequest('null'), 400, 'bad_request'],
  [
    'a body that is no UTF-8',
    () => tokenRequest(new ReadableStream({ start: (c) => (c.enqueue(new Uint8Array([0x7b, 0xff, 0x7d])), c.close()) })),
    400,
    'bad_request',
  ],
  ['__proto__', () => tokenRequest('{"__proto__":{"admin":true}}'), 400, 'bad_request', /__proto__/],
  ['constructor, deep down', () => tokenRequest('{"a":[{"constructor":{"prototype":{"admin":true}}}]}'), 400, 'bad_request'],
  ['eight thousand brackets', () => tokenRequest(`{"a":${'['.repeat(8_000)}${']'.repeat(8_000)}}`), 400, 'bad_request'],
  ['an unknown reason', () => tokenRequest({ reason: 'because' }), 400, 'bad_request', /reason/],
  ['a negative attempt', () => tokenRequest({ attempt: -1 }), 400, 'bad_request', /attempt/],
  ['a handle that is no string', () => tokenRequest({ handle: { $ne: 1 } }), 400, 'bad_request', /handle/],
  ['a handle with a line break', () => tokenRequest({ handle: 'a\r\nb' }), 400, 'bad_request', /handle/],
  ['a handle of 513 characters', () => tokenRequest({ handle: 'x'.repeat(513) }), 400, 'bad_request', /handle/],
]

describe('refused without a mint:', () => {
  test.each(refusals)('%s', async (_, request, status, error, says = /./) => {
    mint.mockClear()
    const response = await endpoint(request())
    expect(response.status).toBe(status)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    const body = await bodyOf(response)
    expect(body.error).toBe(error)
    expect(body.error_description).toMatch(says)
    expect(mint).not.toHaveBeenCalled()
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  test('405 says what is allowed', async () => {
    expect((await endpoint(new Request(address))).headers.get('allow')).toBe('POST, OPTIONS')
  })

  test('a body that never ends is not read beyond the limit', async () => {
    let pulled = 0
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 + pulled++).fill(0x20)) })
    const response = await endpoint(tokenRequest(endless))
    expect(response.status).toBe(413)
    expect(pulled).toBeLessThan(24)
  })

  test('a declared length that is too large is believed without reading', async () => {
    let pulled = 0
    const body = new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 })
    expect((await endpoint(tokenRequest(body, { 'content-length': '1000000' }))).status).toBe(413)
    expect(pulled).toBe(0)
  })
})

describe('origins', () => {
  const listed = createTokenEndpoint({ mint, origins: ['https://shop.example', 'capacitor://localhost'], ...quiet })

  test.each(['https://shop.example', 'capacitor://localhost'])('%s may ask and read, with cookies', async (origin) => {
    const response = await listed(tokenRequest({}, { origin, 'sec-fetch-site': 'cross-site' }))
    expect(response.status).toBe(200)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    expect(response.headers.get('access-control-expose-headers')).toBe('retry-after')
    expect(response.headers.get('vary')).toContain('Origin')
  })

  test.each([
    'https://shop.example.evil',
    'http://shop.example',
    'https://shop.example:444',
    'HTTPS://SHOP.EXAMPLE',
    'https://shop.example/',
    'null',
    '',
  ])('%j may not', async (origin) => {
    expect((await listed(tokenRequest({}, { origin, 'sec-fetch-site': 'cross-site' }))).status).toBe(403)
  })

  test('a refusal can be read by the listed page too', async () => {
    const response = await listed(tokenRequest('nonsense', { origin: 'https://shop.example' }))
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([400, 'https://shop.example'])
  })

  test('a preflight of a listed origin is answered by name', async () => {
    const headers = {
      origin: 'https://shop.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type, x-heartwire',
    }
    const response = await listed(new Request(address, { method: 'OPTIONS', headers }))
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    expect(response.headers.get('access-control-allow-methods')).toBe('POST')
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization, content-type, x-heartwire')
    expect(response.headers.get('vary')).toContain('Origin')
  })

  test.each(['https://evil.example', 'null'])('a preflight of %s is refused', async (origin) => {
    const response = await listed(new Request(address, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } }))
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([403, null])
  })

  test('behind a proxy that ends TLS, the own page is known by Sec-Fetch-Site, or by its host', async () => {
    const inside = (headers: Record<string, string>) =>
      endpoint(
        new Request('http://app.example.com/api/token', {
          method: 'POST',
          body: '{}',
          headers: { 'content-type': 'application/json', 'x-heartwire': '1', ...headers },
        }),
      )
    expect((await inside({ origin: 'https://public.example', 'sec-fetch-site': 'same-origin' })).status).toBe(200)
    expect((await inside({ origin: 'https://app.example.com' })).status).toBe(200)
    expect((await inside({})).status).toBe(200)
    expect((await endpoint(tokenRequest({}, { origin: 'http://app.example.com', 'sec-fetch-site': null }))).status).toBe(403)
  })

  test.each([
    '*',
    'null',
    'https://shop.example/',
    'https://shop.example/path',
    'https://*.example',
    'shop.example',
    'https://shop.example:443',
    'https://Shop.example',
    '',
  ])('an entry like %j is a TypeError', (origin) => {
    expect(() => createTokenEndpoint({ mint, origins: [origin] })).toThrow(TypeError)
  })
})

describe('authorize', () => {
  const refusing = (authorize: (request: Request, ask: TokenAsk) => { id: string } | null | Promise<{ id: string } | null>) =>
    createTokenEndpoint({ mint, authorize, deadlineMs: 50, ...quiet })(tokenRequest({ room: 'blue' }))

  test.each<[string, () => { id: string } | null | Promise<null>, number, string]>([
    ['null', () => null, 401, 'login_required'],
    ['nothing', () => undefined as unknown as null, 401, 'login_required'],
    [
      'a throw',
      () => {
        throw new Error('JWT expired: eyJhbGciOi')
      },
      401,
      'login_required',
    ],
    ['a rejection', () => Promise.reject(new Error('no session')), 401, 'login_required'],
    [
      'forbidden',
      () => {
        throw new MintError('forbidden')
      },
      403,
      'forbidden',
    ],
    [
      'revoked',
      () => {
        throw new MintError('revoked')
      },
      403,
      'revoked',
    ],
    [
      'unavailable',
      () => {
        throw new MintError('unavailable', { retryAfter: 7 })
      },
      503,
      'unavailable',
    ],
    ['a user without an id', () => ({}) as { id: string }, 503, 'unavailable'],
    ['silence', () => never<null>(), 504, 'unavailable'],
  ])('%s mints nothing', async (_, authorize, status, error) => {
    mint.mockClear()
    const response = await refusing(authorize)
    expect(response.status).toBe(status)
    const text = await response.text()
    expect((JSON.parse(text) as { error: string }).error).toBe(error)
    expect(text).not.toMatch(/JWT|eyJ|session/)
    expect(mint).not.toHaveBeenCalled()
  })

  test('sees cookies and the body', async () => {
    const authorize = vi.fn<(request: Request, ask: TokenAsk) => { id: string }>((request, ask) => ({
      id: `${request.headers.get('cookie')}/${String(ask.fields['room'])}/${ask.reason}`,
    }))
    await createTokenEndpoint({ mint, authorize })(tokenRequest({ reason: 'probe', room: 'blue' }, { cookie: 'sid=7' }))
    expect(authorize).toHaveReturnedWith({ id: 'sid=7/blue/probe' })
  })
})

describe('what the mint throws', () => {
  const canary = 'sk_live_canary_0123456789'
  const answerTo = async (error: unknown) => {
    const response = await createTokenEndpoint({
      mint: () => {
        throw error
      },
      ...quiet,
    })(tokenRequest())
    return [response.status, response.headers.get('retry-after'), await response.text()] as const
  }

  test.each<[MintError, number, string | null]>([
    [new MintError('key_refused', { message: canary }), 403, null],
    [new MintError('quota', { retryAfter: 1.2 }), 429, '2'],
    [new MintError('quota', { status: 402 }), 402, null],
    [new MintError('quota', { status: 409, retryAfter: 0 }), 409, '0'],
    [new MintError('quota', { status: 200, retryAfter: -1 }), 429, null],
    [new MintError('unavailable', { status: 504, retryAfter: Number.NaN }), 504, null],
    [new MintError('forbidden', { cause: new Error(canary) }), 403, null],
    [new MintError('bad_request'), 400, null],
  ])('%s', async (error, status, retryAfter) => {
    const [gotStatus, gotRetryAfter, text] = await answerTo(error)
    expect([gotStatus, gotRetryAfter]).toEqual([status, retryAfter])
    const body = JSON.parse(text) as { error: string; retry_after?: number }
    expect([body.error, body.retry_after]).toEqual([error.code, retryAfter === null ? undefined : Number(retryAfter)])
    expect(text).not.toContain(canary)
  })

  test.each([new Error(canary), canary, undefined, null, { message: canary }])('anything else is unavailable: %s', async (error) => {
    const [status, , text] = await answerTo(error)
    expect([status, (JSON.parse(text) as { error: string }).error]).toEqual([503, 'unavailable'])
    expect(text).not.toContain(canary)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['no token', {}],
    ['an empty token', { access_token: '' }],
    ['a token with a line break', { access_token: 'a\nb' }],
    ['a life of 0', { access_token: 't', expires_in: 0 }],
    ['a life that is no number', { access_token: 't', expires_in: Number.NaN }],
    ['a handle that is no string', { access_token: 't', handle: 7 }],
  ])('%s is no token response', async (_, answer) => {
    const response = await createTokenEndpoint({ mint: () => answer as { access_token: string }, ...quiet })(tokenRequest())
    expect([response.status, (await bodyOf(response)).error]).toEqual([502, 'unavailable'])
  })

  test('silence ends at the deadline, and the mint is told', async () => {
    let signal: AbortSignal | undefined
    const response = await createTokenEndpoint({ mint: (ask) => ((signal = ask.signal), never()), deadlineMs: 20, ...quiet })(
      tokenRequest(),
    )
    expect([response.status, (await bodyOf(response)).error]).toEqual([504, 'unavailable'])
    expect(signal?.aborted).toBe(true)
  })

  test('a page that goes away aborts the mint and is nobody’s error', async () => {
    const page = new AbortController()
    const onError = vi.fn<(error: MintError) => void>()
    const aborted = vi.fn<() => void>()
    const endpoint = createTokenEndpoint({
      mint: ({ signal }) => (signal.addEventListener('abort', aborted), page.abort(), never()),
      onError,
    })
    await endpoint(tokenRequest({}, {}, { signal: page.signal }))
    expect(aborted).toHaveBeenCalledOnce()
    expect(onError).not.toHaveBeenCalled()
  })

  test('a shared verdict is reported once, with its message', async () => {
    const verdict = new MintError('key_refused', { message: 'no key: HUME_API_KEY is not set' })
    const onError = vi.fn<(error: MintError) => void>()
    const endpoint = createTokenEndpoint({ mint: () => Promise.reject(verdict), onError })
    await Promise.all(Array.from({ length: 10 }, () => endpoint(tokenRequest())))
    expect(onError.mock.calls).toEqual([[verdict]])
    expect(verdict.message).toBe('[key_refused] no key: HUME_API_KEY is not set')
  })

  test('a log that throws costs nobody an answer', async () => {
    const endpoint = createTokenEndpoint({
      mint: () => Promise.reject(new Error('x')),
      onError: () => {
        throw new Error('disk full')
      },
    })
    expect((await endpoint(tokenRequest())).status).toBe(503)
  })
})

type Release = NonNullable<Mint['release']>

describe('release', () => {
  const withRelease = (release: Release) =>
    Object.assign(
      vi.fn<Mint>(() => ({ access_token: 't' })),
      { release },
    )

  test('ends what the handle names, mints nothing and answers 204', async () => {
    const release = vi.fn<Release>(async () => {})
    const mint = withRelease(release)
    const response = await createTokenEndpoint({ mint, authorize: () => ({ id: 'ann' }) })(
      tokenRequest({ reason: 'release', handle: 'h1' }),
    )
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(release).toHaveBeenCalledWith('h1', expect.objectContaining({ user: { id: 'ann' } }))
    expect(mint).not.toHaveBeenCalled()
  })

  test.each([{ reason: 'release' }, { reason: 'release', handle: 'h' }])('is 204 where there is nothing to end: %j', async (body) => {
    expect((await endpoint(tokenRequest(body))).status).toBe(204)
  })

  test('a failing one is 204 for the page and an error for the operator', async () => {
    const onError = vi.fn<(error: MintError) => void>()
    const endpoint = createTokenEndpoint({
      mint: withRelease(() => {
        throw new MintError('unavailable')
      }),
      onError,
    })
    expect((await endpoint(tokenRequest({ reason: 'release', handle: 'h' }))).status).toBe(204)
    expect(onError).toHaveBeenCalledOnce()
  })

  test('a silent one is handed to the platform and not waited for', async () => {
    const waitUntil = vi.fn<(work: Promise<void>) => void>()
    const endpoint = createTokenEndpoint({ mint: withRelease(never), waitUntil })
    expect((await endpoint(tokenRequest({ reason: 'release', handle: 'h' }))).status).toBe(204)
    expect(waitUntil).toHaveBeenCalledOnce()
  })

  test('a silent one without a platform is waited for 1.5 s', async () => {
    vi.useFakeTimers()
    try {
      const answer = createTokenEndpoint({ mint: withRelease(never) })(tokenRequest({ reason: 'release', handle: 'h' }))
      await vi.advanceTimersByTimeAsync(1_500)
      expect((await answer).status).toBe(204)
    } finally {
      vi.useRealTimers()
    }
  })

  test('needs a user as any other request does', async () => {
    const release = vi.fn<Release>(async () => {})
    const endpoint = createTokenEndpoint({ mint: withRelease(release), authorize: () => null })
    expect((await endpoint(tokenRequest({ reason: 'release', handle: 'h' }))).status).toBe(401)
    expect(release).not.toHaveBeenCalled()
  })
})

describe('limits', () => {
  const byName = (request: Request) => ({ id: request.headers.get('x-user') ?? '' })
  const as = (user: string, body: object = {}) => tokenRequest(body, { 'x-user': user })

  test('count each user apart, say when to come back, and refill with time', async () => {
    let now = 0
    const endpoint = createTokenEndpoint({ mint, authorize: byName, limit: { perMinute: 2 }, now: () => now })
    const statuses = async (...users: string[]) => Promise.all(users.map(async (user) => (await endpoint(as(user))).status))
    expect(await statuses('ann', 'ann', 'ann', 'bob')).toEqual([200, 200, 429, 200])
    const refused = await endpoint(as('ann'))
    expect([refused.headers.get('retry-after'), (await bodyOf(refused)).error]).toEqual(['30', 'quota'])
    now = 30_000
    expect(await statuses('ann', 'ann')).toEqual([200, 429])
  })

  test('let somebody who has used up his mints still release', async () => {
    const endpoint = createTokenEndpoint({ mint, authorize: byName, limit: { perMinute: 1 }, now: () => 0 })
    expect((await endpoint(as('ann'))).status).toBe(200)
    expect((await endpoint(as('ann'))).status).toBe(429)
    expect((await endpoint(as('ann', { reason: 'release' }))).status).toBe(204)
  })

  test('count an address before anything is read', async () => {
    const authorize = vi.fn<typeof byName>(byName)
    const endpoint = createTokenEndpoint({ mint, authorize, limit: { perMinuteAndAddress: 1, address: () => '203.0.113.7' }, now: () => 0 })
    expect((await endpoint(as('ann'))).status).toBe(200)
    expect((await endpoint(as('bob'))).status).toBe(429)
    expect(authorize).toHaveBeenCalledOnce()
  })

  test('can be switched off, and cannot shut everybody out', async () => {
    const endpoint = createTokenEndpoint({ mint, authorize: byName, limit: false })
    const responses = await Promise.all(Array.from({ length: 200 }, () => endpoint(as('ann'))))
    expect(responses.every(({ status }) => status === 200)).toBe(true)
    expect(() => createTokenEndpoint({ mint, limit: { perMinute: 0 } })).toThrow(TypeError)
  })
})
