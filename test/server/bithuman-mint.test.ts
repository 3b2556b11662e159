import { describe, expect, test, vi } from 'vitest'
import { bithumanEmbedMint, bithumanMint } from '../../src/server/index.ts'
import type { BithumanMintOptions, UpstreamFetch } from '../../src/server/index.ts'
import { asks, json, jwtFor } from './requests.ts'

const token = jwtFor(300)
const runtime = (transaction_id?: string, data: object = {}) =>
  json({ data: { token, transaction_id, ...data }, status: 'success', status_code: 200 })
const refusal = (status: number, code: string, headers = {}) =>
  json({ error: { code, message: 'no', httpStatus: status }, status: 'error', status_code: status }, status, headers)
const secret = () => 'account-secret'

function answering(response: (request: Request) => Response | Promise<Response>, options: BithumanMintOptions = {}) {
  const fetch = vi.fn<UpstreamFetch>(async (request) => response(request))
  return { fetch, mint: bithumanMint({ secret, fetch, ...options }) }
}

describe('bithumanMint', () => {
  test('asks for a runtime token and takes the transaction as its handle', async () => {
    const { fetch, mint } = answering(() => runtime('tx-1'), { agentCode: 'A78WKV4515', fingerprint: ({ user }) => `f-${user?.id}` })
    expect(await mint(asks({ user: { id: 'ann' } }))).toEqual({ access_token: token, expires_in: 300, handle: 'tx-1' })
    const request = fetch.mock.calls[0]?.[0]
    expect([request?.method, request?.url]).toEqual(['POST', 'https://api.bithuman.ai/v1/runtime-tokens/request'])
    expect(request?.headers.get('api-secret')).toBe('account-secret')
    expect(await request?.json()).toEqual({ agent_code: 'A78WKV4515', fingerprint: 'f-ann' })
  })

  test('a beat continues the transaction', async () => {
    const { fetch, mint } = answering(() => runtime())
    expect(await mint(asks({ handle: 'tx-1' }))).toEqual({ access_token: token, expires_in: 300, handle: 'tx-1' })
    expect(await fetch.mock.calls[0]?.[0].json()).toEqual({ transaction_id: 'tx-1' })
  })

  test.each(['..', 'a b', 'x'.repeat(129), 'gw:7/8'])('a handle that is no transaction, like %j, begins a new one', async (handle) => {
    const { fetch, mint } = answering(() => runtime('tx-1'))
    expect(await mint(asks({ handle }))).toMatchObject({ handle: 'tx-1' })
    expect(await fetch.mock.calls[0]?.[0].json()).toEqual({})
  })

  test.each<[string, number]>([
    [jwtFor(77), 77],
    [jwtFor(60, 4_000_000_000), 60],
    ['opaque-token', 300],
  ])('lives exp − iat, whatever any clock says: %s', async (token, seconds) => {
    expect(await answering(() => runtime('tx', { token })).mint(asks())).toMatchObject({ expires_in: seconds })
  })

  test.each([jwtFor(0), jwtFor(-5), '', 7, undefined])('%j is no token', async (token) => {
    await expect(answering(() => runtime('tx', { token })).mint(asks())).rejects.toMatchObject({ code: 'unavailable', status: 502 })
  })

  test.each<[number, string, string, number]>([
    [401, 'MISSING_AUTH', 'key_refused', 403],
    [401, 'UNAUTHORIZED', 'key_refused', 403],
    [401, 'ACCOUNT_SUSPENDED', 'key_refused', 403],
    [403, 'ACCOUNT_SUSPENDED', 'key_refused', 403],
    [403, 'RUNTIME_SUSPENDED', 'key_refused', 403],
    [403, 'CONCURRENCY_LIMIT_REACHED', 'quota', 429],
    [403, 'PLAN_REQUIRED', 'forbidden', 403],
    [403, 'SOMETHING_NEW', 'key_refused', 403],
    [402, 'INSUFFICIENT_BALANCE', 'quota', 402],
    [429, 'RATE_LIMITED', 'quota', 429],
    [429, 'SESSION_LIMIT', 'quota', 429],
    [404, 'NOT_FOUND', 'unavailable', 502],
    [409, 'MODEL_NOT_GENERATED', 'unavailable', 502],
    [409, 'SOMETHING_NEW', 'quota', 409],
    [400, 'VALIDATION_ERROR', 'unavailable', 502],
    [400, 'constructor', 'unavailable', 502],
    [503, 'NO_AVAILABLE_WORKERS', 'unavailable', 503],
    [500, 'INTERNAL_ERROR', 'unavailable', 503],
  ])('%i %s is %s', async (upstreamStatus, upstreamCode, code, status) => {
    await expect(answering(() => refusal(upstreamStatus, upstreamCode)).mint(asks())).rejects.toMatchObject({
      code,
      status,
      upstreamStatus,
    })
  })

  test('passes Retry-After on with quota, and none with a refused key', async () => {
    const wait = { 'retry-after': '9' }
    await expect(answering(() => refusal(429, 'RATE_LIMITED', wait)).mint(asks())).rejects.toMatchObject({ retryAfter: 9 })
    await expect(answering(() => refusal(403, 'RUNTIME_SUSPENDED', wait)).mint(asks())).rejects.toMatchObject({ retryAfter: undefined })
  })

  test('two avatars of one user never share a token; two tries of one beat do', async () => {
    let nth = 0
    const { fetch, mint } = answering(() => runtime(`tx-${++nth}`))
    const user = { id: 'ann' }
    const handles = async (...asked: ReturnType<typeof asks>[]) =>
      (await Promise.all(asked.map(async (ask) => mint(ask)))).map(({ handle }) => handle)
    expect(new Set(await handles(asks({ user }), asks({ user }))).size).toBe(2)
    fetch.mockClear()
    expect(new Set(await handles(asks({ user, handle: 'tx-1' }), asks({ user, handle: 'tx-1' }))).size).toBe(1)
    expect(fetch).toHaveBeenCalledTimes(1)
    fetch.mockClear()
    await handles(asks({ user, handle: 'tx-1' }), asks({ user, handle: 'tx-2' }), asks({ user: { id: 'bob' }, handle: 'tx-1' }))
    expect(fetch).toHaveBeenCalledTimes(3)
  })

  test('a beat with a new secret does not wait for one with the old', async () => {
    let secret = 'old'
    const slowly = () => new Promise<Response>((resolve) => setTimeout(() => resolve(runtime('tx-1')), 20))
    const { fetch, mint } = answering(slowly, { secret: () => secret })
    const old = mint(asks({ handle: 'tx-1' }))
    secret = 'new'
    await Promise.all([old, mint(asks({ handle: 'tx-1' }))])
    expect(fetch.mock.calls.map(([request]) => request.headers.get('api-secret'))).toEqual(['old', 'new'])
  })

  test('release ends the session upstream; one that has ended already is fine', async () => {
    const ended = answering(() => json({ status: 'success' }))
    await ended.mint.release?.('tx_1-a', asks())
    const request = ended.fetch.mock.calls[0]?.[0]
    expect([request?.method, request?.url, request?.headers.get('api-secret')]).toEqual([
      'POST',
      'https://api.bithuman.ai/v1/runtime-sessions/tx_1-a/end',
      'account-secret',
    ])
    await expect(answering(() => refusal(404, 'NOT_FOUND')).mint.release?.('tx-1', asks())).resolves.toBeUndefined()
    await expect(answering(() => refusal(503, 'SERVICE_UNAVAILABLE')).mint.release?.('tx-1', asks())).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  test.each(['..', '.', 'a/b', '../me', 'a?b', 'a%2fb', 'x'.repeat(129)])('a handle like %j does not get into a path', async (handle) => {
    const { fetch, mint } = answering(() => json({}))
    await expect(mint.release?.(handle, asks())).rejects.toMatchObject({ code: 'bad_request' })
    expect(fetch).not.toHaveBeenCalled()
  })
})

describe('bithumanEmbedMint', () => {
  const embedding = (data: object = { token: jwtFor(3600), sid: 'sid-1' }) => {
    const bodies: { agent_id: string; fingerprint: string; model?: string }[] = []
    const fetch = async (request: Request) => {
      expect(request.url).toBe('https://api.bithuman.ai/v1/embed-tokens/request')
      bodies.push((await request.json()) as (typeof bodies)[0])
      return json({ data, status: 'success', status_code: 200 })
    }
    return { bodies, mint: bithumanEmbedMint({ agent: 'A1', model: 'expression', secret, fetch }) }
  }

  test('an hour, with the sid as handle', async () => {
    const { mint, bodies } = embedding()
    expect(await mint(asks({ user: { id: 'ann' } }))).toEqual({ access_token: jwtFor(3600), expires_in: 3600, handle: 'sid-1' })
    expect(bodies[0]).toMatchObject({ agent_id: 'A1', model: 'expression' })
    expect(await embedding({ token: 'opaque' }).mint(asks())).toEqual({ access_token: 'opaque', expires_in: 3600 })
  })

  test('the same visitor has the same fingerprint, another one another, and none shows who it is', async () => {
    const { mint, bodies } = embedding()
    for (const id of ['ann', 'ann', 'bob']) await mint(asks({ user: { id } }))
    await mint(asks())
    const [ann, again, bob, nobody] = bodies.map(({ fingerprint }) => fingerprint)
    expect(ann).toMatch(/^[0-9a-f]{32}$/)
    expect(again).toBe(ann)
    expect(new Set([ann, bob, nobody]).size).toBe(3)
    expect(nobody).toMatch(/^[0-9a-f]{32}$/)
  })

  test('without an agent there is nothing to embed', () => {
    expect(() => bithumanEmbedMint({ agent: '' })).toThrow(TypeError)
  })
})
