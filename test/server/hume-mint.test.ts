import { afterEach, describe, expect, test, vi } from 'vitest'
import { humeMint } from '../../src/server/index.ts'
import type { UpstreamFetch } from '../../src/server/index.ts'
import { asks, json } from './requests.ts'

const credentials = () => ({ apiKey: 'api', secretKey: 'secret' })
const answering = (response: () => Response) => {
  const fetch = vi.fn<UpstreamFetch>(async () => response())
  return { fetch, mint: humeMint({ credentials, fetch }) }
}

describe('humeMint', () => {
  afterEach(() => vi.unstubAllEnvs())

  test('sends what Hume’s own client sends', async () => {
    const { fetch, mint } = answering(() => json({ access_token: 't', expires_in: 1799, token_type: 'Bearer' }))
    expect(await mint(asks())).toEqual({ access_token: 't', expires_in: 1799 })
    const request = fetch.mock.calls[0]?.[0]
    expect(request?.method).toBe('POST')
    expect(request?.url).toBe('https://api.hume.ai/oauth2-cc/token')
    expect(request?.headers.get('authorization')).toBe('Basic YXBpOnNlY3JldA==')
    expect(request?.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(await request?.text()).toBe('grant_type=client_credentials')
  })

  test.each<[object, number]>([
    [{ access_token: 't' }, 1800],
    [{ access_token: 't', expires_in: 'soon' }, 1800],
    [{ access_token: 't', expires_in: null }, 1800],
    [{ access_token: 't', expires_in: 90.7 }, 90],
  ])('%j lives %i s', async (body, seconds) => {
    expect(await answering(() => json(body)).mint(asks())).toEqual({ access_token: 't', expires_in: seconds })
  })

  test.each<[number, unknown, string, number]>([
    [400, { error: 'invalid_client' }, 'key_refused', 403],
    [400, { error: 'invalid_request' }, 'unavailable', 502],
    [401, { error: { message: 'Invalid client' } }, 'key_refused', 403],
    [401, '<html>', 'key_refused', 403],
    [402, {}, 'quota', 402],
    [403, {}, 'key_refused', 403],
    [404, {}, 'unavailable', 502],
    [409, {}, 'quota', 409],
    [422, {}, 'unavailable', 502],
    [429, {}, 'quota', 429],
    [500, {}, 'unavailable', 503],
    [503, {}, 'unavailable', 503],
    [201, { access_token: 't' }, 'unavailable', 502],
  ])('%i %j is %s', async (upstreamStatus, body, code, status) => {
    await expect(answering(() => json(body, upstreamStatus)).mint(asks())).rejects.toMatchObject({
      name: 'MintError',
      code,
      status,
      upstreamStatus,
    })
  })

  test('callers at the same time share one call, those after it do not', async () => {
    let nth = 0
    const { fetch, mint } = answering(() => json({ access_token: `t${++nth}` }))
    const tokens = await Promise.all(Array.from({ length: 50 }, async () => (await mint(asks())).access_token))
    expect(new Set(tokens)).toEqual(new Set(['t1']))
    expect((await mint(asks())).access_token).toBe('t2')
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  test('who joins a call late is told of less life', async () => {
    let now = 0
    let asked: () => void
    const called = new Promise<void>((resolve) => (asked = resolve))
    let arrive: (response: Response) => void = () => {}
    const fetch = () => (asked(), new Promise<Response>((resolve) => (arrive = resolve)))
    const mint = humeMint({ credentials, fetch, guard: { now: () => now } })
    const first = mint(asks())
    await called
    now = 2_500
    const second = mint(asks())
    // The key's hash is known: nothing but promises lies between the second and the call under way.
    await new Promise((resolve) => setImmediate(resolve))
    arrive(json({ access_token: 't', expires_in: 60 }))
    expect([await first, await second]).toEqual([
      { access_token: 't', expires_in: 60 },
      { access_token: 't', expires_in: 57 },
    ])
  })

  test('one of two callers that goes away does not take the token from the other', async () => {
    const fetch = (request: Request) =>
      new Promise<Response>((resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(new Error('aborted')))
        setTimeout(() => resolve(json({ access_token: 't' })), 20)
      })
    const mint = humeMint({ credentials, fetch })
    const page = new AbortController()
    const [gone, stays] = [mint(asks({ signal: page.signal })), mint(asks())]
    await new Promise((resolve) => setTimeout(resolve, 5))
    page.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    expect((await stays).access_token).toBe('t')
  })

  test('reads the environment at each mint, and trims what came out of a file', async () => {
    const fetch = vi.fn<UpstreamFetch>(async () => json({ access_token: 't' }))
    const mint = humeMint({ fetch })
    vi.stubEnv('HUME_API_KEY', ' old\n')
    vi.stubEnv('HUME_SECRET_KEY', 's\n')
    await mint(asks())
    vi.stubEnv('HUME_API_KEY', 'new')
    await mint(asks())
    expect(fetch.mock.calls.map(([request]) => atob(request.headers.get('authorization')?.slice(6) ?? ''))).toEqual(['old:s', 'new:s'])
  })
})
