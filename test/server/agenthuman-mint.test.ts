import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createTokenEndpoint, MintError } from '../../src/server/index.ts'
import type { UpstreamFetch } from '../../src/server/index.ts'
import { agenthumanMint, agenthumanUserMint } from '../../src/server/mint/agenthuman.ts'
import type { AgenthumanMintOptions } from '../../src/server/mint/agenthuman.ts'
import { asks, bodyOf, json, jwtFor, never, tokenRequest } from './requests.ts'

const key = `ah_live_${'k'.repeat(32)}`
/** The three generations of the documented answer. */
const current = (more: object = {}) => ({
  success: true,
  session: {
    session_id: 'sess_1',
    status: 'started',
    session_token: 'token-1',
    started_at: '2024-01-15T14:30:00Z',
    ended_at: null,
    expiration: '2024-01-15T14:35:00Z',
    ...more,
  },
  message: 'ok',
})
const older = {
  success: true,
  session: { session_id: 'sess_1', status: 'created', access_token: 'token-1', started_at: null, expiration: null },
}
const oldest = {
  success: true,
  session: { session_id: 456, agent_id: 123, status: 'active', access_token: 'token-1', started_at: '2024-01-15T10:30:00Z' },
}

type Answer = (request: Request, nth: number) => Response | Promise<Response>
function minting(answer: Answer = () => json(current()), options: Partial<AgenthumanMintOptions> = {}) {
  let nth = 0
  const fetch = vi.fn<UpstreamFetch>(async (request) => answer(request, ++nth))
  const mint = agenthumanMint({ key: () => key, session: () => ({ avatar: 'avat_1' }), fetch, warn: () => {}, ...options })
  const asked = () => fetch.mock.calls.map(([{ method, url }]) => `${method} ${new URL(url).pathname}`)
  return { fetch, mint, asked }
}
const failure = async (work: unknown): Promise<MintError> => {
  const error: unknown = await Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(MintError)
  return error as MintError
}

describe('agenthumanMint', () => {
  test('creates the session that the application says, with the key', async () => {
    const { mint, fetch } = minting(undefined, {
      session: ({ user, fields }) => ({ avatar: fields['avatar'], metadata: { user: user?.id } }),
    })
    const answer = await mint({ ...asks({ user: { id: 'ann' } }), fields: { avatar: 'avat_2' } })
    expect(answer).toEqual({ access_token: 'token-1', handle: 'sess_1', expires_in: 295 })
    const request = fetch.mock.calls[0]?.[0]
    expect([request?.method, request?.url, request?.headers.get('x-api-key')]).toEqual([
      'POST',
      'https://api.agenthuman.com/v1/sessions',
      key,
    ])
    expect(await request?.json()).toEqual({ avatar: 'avat_2', metadata: { user: 'ann' } })
  })

  test.each<[string, object, number | undefined]>([
    ['ISO 8601', {}, 295],
    ['epoch seconds', { started_at: 1_705_329_000, expiration: 1_705_329_077 }, 74],
    ['epoch milliseconds, as a text', { started_at: '1705329000000', expiration: '1705329077500' }, 74],
    ['no end', { expiration: null }, undefined],
    ['an end that cannot be read', { expiration: 'tomorrow' }, undefined],
    ['no start: our clock', { started_at: null, expiration: 1_000_060 }, 57],
  ])('its life less a little, from %s', async (_, session, seconds) => {
    const { mint } = minting(() => json(current(session)), { wallClock: () => 1_000_000_000 })
    expect((await mint(asks())).expires_in).toBe(seconds)
  })

  test('the oldest generation: ids are numbers', async () => {
    expect(await minting(() => json(oldest)).mint(asks())).toEqual({ access_token: 'token-1', handle: '456' })
  })

  test.each<[string, object]>([
    ['no session', { success: true }],
    ['no token', current({ session_token: null })],
    ['a token with white space', current({ session_token: 'a b' })],
    ['an id that climbs', current({ session_id: '../x' })],
    ['no life', current({ expiration: '2024-01-15T14:30:00Z' })],
  ])('%s is unavailable', async (_, body) => {
    expect(await failure(minting(() => json(body)).mint(asks()))).toMatchObject({ code: 'unavailable', status: 502 })
  })

  test('a session that nobody can use is ended, as it would be billed', async () => {
    const { mint, asked } = minting((request) => json(request.url.endsWith('/end') ? {} : current({ session_token: null })))
    await failure(mint(asks()))
    expect(asked()).toEqual(['POST /v1/sessions', 'POST /v1/sessions/sess_1/end'])
  })

  describe('of the older generation', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())
    /** Knows the key already, whose hash takes real time. */
    const ready = async (...args: Parameters<typeof minting>) => {
      const made = minting(...args)
      await made.mint.release?.('sess_9', asks())
      made.fetch.mockClear()
      return made
    }

    test('is started, and looked at until it has', async () => {
      const { mint, asked } = await ready(
        (request, nth) =>
          json(!request.url.endsWith('/start') ? older : { ws_uri: nth < 5 ? 'try_again' : 'wss://x', expiration: '2024-01-15T14:35:00Z' }),
        { wallClock: () => Date.parse('2024-01-15T14:30:00Z') },
      )
      const answer = mint(asks())
      await vi.advanceTimersByTimeAsync(1_000)
      expect(await answer).toEqual({ access_token: 'token-1', handle: 'sess_1', expires_in: 295 })
      expect(asked()).toEqual(['POST /v1/sessions', ...Array.from({ length: 3 }, () => 'PUT /v1/sessions/sess_1/start')])
    })

    test('one that never starts is given up, and ended', async () => {
      const { mint, asked } = await ready((request) => json(request.url.endsWith('/start') ? { ws_uri: 'try_again' } : older))
      const error = failure(mint(asks()))
      await vi.advanceTimersByTimeAsync(6_000)
      expect(await error).toMatchObject({ code: 'unavailable', status: 504 })
      expect(asked().at(-1)).toBe('POST /v1/sessions/sess_1/end')
      expect(vi.getTimerCount()).toBe(0)
    })

    test('a page that goes away meanwhile ends it', async () => {
      const page = new AbortController()
      const { mint, asked } = await ready((request) => json(request.url.endsWith('/start') ? { ws_uri: 'try_again' } : older))
      const outcome = Promise.resolve(mint(asks({ signal: page.signal }))).catch((error: Error) => error.message)
      await vi.advanceTimersByTimeAsync(100)
      page.abort(new Error('gone'))
      expect(await outcome).toBe('gone')
      await vi.advanceTimersByTimeAsync(0)
      expect(asked().at(-1)).toBe('POST /v1/sessions/sess_1/end')
    })

    test('an old session whose end is met with silence costs 2 s', async () => {
      const { mint, asked } = await ready((request) => (request.url.endsWith('sess_0/end') ? never<Response>() : json(current())))
      const answer = mint(asks({ handle: 'sess_0' }))
      await vi.advanceTimersByTimeAsync(1_999)
      expect(asked()).toEqual(['POST /v1/sessions/sess_0/end'])
      await vi.advanceTimersByTimeAsync(1)
      expect(await answer).toMatchObject({ handle: 'sess_1' })
    })
  })

  test('the session before is ended first', async () => {
    const { mint, asked } = minting()
    await mint(asks({ handle: 'sess_0' }))
    expect(asked()).toEqual(['POST /v1/sessions/sess_0/end', 'POST /v1/sessions'])
  })

  test.each([404, 405])('%i to POST: the older documentation has PUT', async (status) => {
    const { mint, asked } = minting((request) => (request.method === 'POST' ? json({ success: false, error: 'x' }, status) : json({})))
    await mint.release?.('sess_1', asks())
    expect(asked()).toEqual(['POST /v1/sessions/sess_1/end', 'PUT /v1/sessions/sess_1/end'])
    await expect(
      minting(() => json({ success: false, error: 'Session not found' }, 404)).mint.release?.('sess_1', asks()),
    ).resolves.toBeUndefined()
    await expect(minting(() => json({}, 503)).mint.release?.('sess_1', asks())).rejects.toMatchObject({ code: 'unavailable' })
  })

  test.each(['..', 'a/b', 'a?b', 'a%2fb', '', 'x'.repeat(129)])('a handle like %j does not get into a path', async (handle) => {
    const { mint, fetch, asked } = minting()
    await expect(mint.release?.(handle, asks())).rejects.toMatchObject({ code: 'bad_request' })
    expect(fetch).not.toHaveBeenCalled()
    await mint(asks({ handle }))
    expect(asked()).toEqual(['POST /v1/sessions'])
  })

  test('nobody ends another one’s session, nor one that he can guess', async () => {
    const { mint, asked } = minting()
    const [ann, bob] = [{ id: 'ann' }, { id: 'bob' }]
    await mint(asks({ user: ann }))
    await expect(mint.release?.('sess_1', asks({ user: bob }))).rejects.toMatchObject({ code: 'forbidden' })
    await expect(mint.release?.('456', asks({ user: bob }))).rejects.toMatchObject({ code: 'forbidden' })
    await mint.release?.('sess_1', asks({ user: ann }))
    expect(asked()).toEqual(['POST /v1/sessions', 'POST /v1/sessions/sess_1/end'])
  })

  test.each<[number, string, string, number, string]>([
    [401, 'API key required', 'key_refused', 403, 'key_missing'],
    [401, 'Invalid API key', 'key_refused', 403, 'key_invalid'],
    [401, 'API key has been revoked', 'key_refused', 403, 'key_revoked'],
    [401, 'Something', 'key_refused', 403, '401'],
    [402, 'No minutes left', 'quota', 402, '402'],
    [403, 'Forbidden', 'forbidden', 403, '403'],
    [403, 'Concurrency limit reached', 'quota', 429, '403'],
    [409, 'Conflict', 'quota', 409, '409'],
    [429, 'Too many', 'quota', 429, '429'],
    [404, 'Avatar not found', 'unavailable', 502, '404'],
    [500, 'Oops', 'unavailable', 503, '500'],
  ])('%i "%s" is %s', async (upstreamStatus, error, code, status, said) => {
    const refused = await failure(minting(() => json({ success: false, error }, upstreamStatus)).mint(asks()))
    expect(refused).toMatchObject({ code, status, upstreamStatus })
    expect(refused.message).toContain(said)
  })

  test('1,000 mints at once with a bad key are at most two calls, and a corrected key works at once', async () => {
    let installed = key
    const { mint, fetch } = minting(
      async (request) => (
        await Promise.resolve(),
        request.headers.get('x-api-key') === 'ah_live_right' ? json(current()) : json({ success: false, error: 'Invalid API key' }, 401)
      ),
      { key: () => installed },
    )
    const many = async () =>
      new Set(
        await Promise.all(
          Array.from({ length: 1_000 }, async () =>
            Promise.resolve(mint(asks())).then(
              ({ handle }) => handle,
              (error: MintError) => error.code,
            ),
          ),
        ),
      )
    expect(await many()).toEqual(new Set(['key_refused']))
    expect(fetch.mock.calls.length).toBeLessThanOrEqual(2)
    installed = 'ah_live_right'
    expect(await many()).toEqual(new Set(['sess_1']))
  })

  test('another provider’s key goes nowhere', async () => {
    const { mint, fetch } = minting(undefined, { key: () => 'sk_live_0123456789' })
    expect(await failure(mint(asks()))).toMatchObject({ code: 'key_refused' })
    expect(fetch).not.toHaveBeenCalled()
    expect(() => agenthumanMint({ session: () => ({}), host: 'https://evil.example' })).toThrow(TypeError)
    expect(() => agenthumanMint({} as never)).toThrow(TypeError)
  })

  test('silence is unavailable', async () => {
    expect(await failure(minting(() => never(), { deadlineMs: 10 }).mint(asks()))).toMatchObject({ code: 'unavailable', status: 504 })
  })
})

describe('agenthumanUserMint', () => {
  test('the user’s own JWT, with its own life', async () => {
    expect(
      await agenthumanUserMint({ login: ({ user }) => (user?.id === 'ann' ? jwtFor(3600) : null) })(asks({ user: { id: 'ann' } })),
    ).toEqual({
      access_token: jwtFor(3600),
      expires_in: 3600,
    })
    expect(await agenthumanUserMint({ login: () => 'opaque' })(asks())).toEqual({ access_token: 'opaque' })
    expect(await agenthumanUserMint({ login: () => 'opaque', lifetime: 60 })(asks())).toEqual({ access_token: 'opaque', expires_in: 60 })
  })

  test('who has not signed in is login_required; what login refuses is refused so', async () => {
    const status = async (login: () => never | string | null) => {
      const response = await createTokenEndpoint({ mint: agenthumanUserMint({ login }), onError: () => {} })(tokenRequest())
      return [response.status, (await bodyOf(response)).error]
    }
    expect(await status(() => null)).toEqual([401, 'login_required'])
    expect(
      await status(() => {
        throw new MintError('forbidden')
      }),
    ).toEqual([403, 'forbidden'])
    expect(
      await status(() => {
        throw new Error('db')
      }),
    ).toEqual([503, 'unavailable'])
    expect(await status(() => 'a b')).toEqual([502, 'unavailable'])
    expect(await status(() => key)).toEqual([503, 'unavailable'])
  })
})
