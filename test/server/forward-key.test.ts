import { describe, expect, test } from 'vitest'
import { agenthuman } from '../../src/server/forward/agenthuman.ts'
import { bithuman } from '../../src/server/forward/bithuman.ts'
import { createForwarder } from '../../src/server/forward/forwarder.ts'
import { huechat } from '../../src/server/forward/huechat.ts'
import type { HuechatOptions } from '../../src/server/forward/huechat.ts'
import type { Caller, Upstream } from '../../src/server/forward/upstream.ts'
import type { MintError } from '../../src/server/index.ts'
import { everything, forwarding, pageCall } from './forward-kit.ts'
import { json } from './requests.ts'

type Fetch = (request: Request) => Promise<Response>
const upstreams: [string, (key: () => string | undefined, fetch: Fetch) => Upstream, string, string, RequestInit][] = [
  ['huechat', (key, fetch) => huechat({ key, fetch }), 'x-api-key', '/v2/contacts', {}],
  ['agenthuman', (key, fetch) => agenthuman({ key, fetch, warn: () => {} }), 'x-api-key', '/v1/sessions', {}],
  [
    'bithuman',
    (secret, fetch) => bithuman({ secret, fetch }),
    'api-secret',
    '/v1/agent/A1/speak',
    { method: 'POST', body: '{"message":"Hi"}' },
  ],
]
const keys = { huechat: ['sk_live_old', 'sk_live_new'], agenthuman: ['ah_live_old', 'ah_live_new'], bithuman: ['old', 'new'] } as Record<
  string,
  string[]
>

describe.each(upstreams)('%s', (name, make, header, path, init) => {
  const [old = '', fresh = ''] = keys[name] ?? []

  function provider() {
    let installed: string | undefined = old
    const accepted = new Set([fresh])
    const heard: MintError[] = []
    const asked: string[] = []
    const upstream = make(
      () => installed,
      async (request) => {
        const key = request.headers.get(header) ?? ''
        asked.push(key)
        await Promise.resolve()
        return accepted.has(key) ? json({}) : json({ error: 'Invalid API key', message: 'Invalid API key' }, 401)
      },
    )
    const forward = createForwarder({ upstream, authorize: everything, onError: (error) => void heard.push(error) })
    const many = async (count: number) =>
      new Set(
        await Promise.all(
          Array.from({ length: count }, async (_, n) => {
            const response = await forward(pageCall(path, { ...init, user: `user-${n}` }))
            return response.ok ? 'ok' : ((await response.json()) as { error: string }).error
          }),
        ),
      )
    return { asked, heard, accepted, many, install: (key: string | undefined) => (installed = key) }
  }

  test('1,000 calls at once with a bad key are at most two upstream, told once, and a corrected key works at once', async () => {
    const { asked, heard, many, install } = provider()
    expect(await many(1_000)).toEqual(new Set(['key_refused']))
    expect(asked.length).toBeLessThanOrEqual(2)
    expect(heard).toHaveLength(1)
    install(fresh)
    expect(await many(100)).toEqual(new Set(['ok']))
  })

  test('no key is key_refused before any call', async () => {
    const { asked, many, install } = provider()
    for (const none of [undefined, '', ' ', 'key\nwith: header']) {
      install(none)
      expect(await many(1)).toEqual(new Set(['key_refused']))
    }
    expect(asked).toEqual([])
  })
})

describe('rotation', () => {
  test('with overlap nobody sees it: a call that met the old key’s end is made again with the new one, once', async () => {
    let installed = 'sk_live_old'
    const accepted = new Set(['sk_live_old'])
    const { call, asked, heard } = forwarding(
      (request) => {
        const key = request.headers.get('x-api-key') ?? ''
        if (accepted.has(key)) return json({ key: 'fine' })
        installed = 'sk_live_new'
        return json({ message: 'Invalid API key' }, 401)
      },
      { huechat: { key: () => installed } },
    )
    expect((await call('/v2/contacts')).status).toBe(200)
    accepted.add('sk_live_new')
    accepted.delete('sk_live_old')
    expect((await call('/v2/contact', { method: 'POST', body: '{"phone":"+1"}' })).status).toBe(200)
    expect(asked().map((request) => request.headers.get('x-api-key'))).toEqual(['sk_live_old', 'sk_live_old', 'sk_live_new'])
    expect(await asked()[2]?.text()).toBe('{"phone":"+1"}')
    expect(heard).toEqual([])
  })

  test('a new key that is refused too is the end of it', async () => {
    let nth = 0
    const { call, fetch } = forwarding(() => json({ message: 'Invalid API key' }, 401), { huechat: { key: () => `sk_live_${++nth}` } })
    expect(await call('/v2/contacts')).toMatchObject({
      status: 403,
      body: { error: 'key_refused', message: 'Invalid API key', status: 401 },
    })
    expect(fetch).toHaveBeenCalledTimes(2)
  })
})

describe('huechat', () => {
  const urlFor = async (options: HuechatOptions) => {
    const { call, asked } = forwarding(undefined, { huechat: options })
    const { body } = await call('/v2/contacts')
    return asked()[0]?.url ?? body['error']
  }

  test('the key says where it goes, and environment guards it', async () => {
    expect(await urlFor({ key: () => 'sk_live_1' })).toBe('https://api.huechat.ai/v2/contacts')
    expect(await urlFor({ key: () => 'sk_test_1' })).toBe('https://sandbox.huechat.ai/v2/contacts')
    expect(await urlFor({ key: () => 'sk_test_1', environment: 'sandbox' })).toBe('https://sandbox.huechat.ai/v2/contacts')
    expect(await urlFor({ key: () => 'sk_test_1', hosts: { sandbox: 'http://127.0.0.1:9/h/' } })).toBe('http://127.0.0.1:9/h/v2/contacts')
    expect(await urlFor({ key: () => 'sk_live_1', environment: 'sandbox' })).toBe('key_refused')
    expect(await urlFor({ key: () => 'sk_test_1', environment: 'live' })).toBe('key_refused')
    expect(await urlFor({ key: () => 'ah_live_1' })).toBe('key_refused')
    expect(await urlFor({ key: () => 'sk_live_' })).toBe('key_refused')
    expect(() => huechat({ hosts: { live: 'https://evil.example' } })).toThrow(TypeError)
    expect(() => huechat({ hosts: { sandbox: 'http://sandbox.huechat.ai' } })).toThrow(TypeError)
  })

  test('both headers that it knows', async () => {
    const { call, asked } = forwarding(undefined, { huechat: { key: () => 'sk_live_1', header: 'bearer' } })
    await call('/v2/contacts')
    expect([asked()[0]?.headers.get('authorization'), asked()[0]?.headers.get('x-api-key')]).toEqual(['Bearer sk_live_1', null])
  })

  test.each<[string, string, string]>([
    ['GET', '/v2/contacts', 'contacts:read'],
    ['GET', '/v2/contact/1', 'contacts:read'],
    ['GET', '/v2/contacts/1', 'contacts:read'],
    ['POST', '/v2/contact', 'contacts:write'],
    ['POST', '/v2/contacts', 'contacts:write'],
    ['DELETE', '/v2/contact/1', 'contacts:write'],
    ['POST', '/v2/contact/1/message', 'conversations:write'],
    ['GET', '/v2/conversations', 'conversations:read'],
    ['GET', '/v2/conversation/1', 'conversations:read'],
    ['GET', '/v2/conversations/1/messages', 'conversations:read'],
    ['POST', '/v2/conversation/1/messages', 'conversations:write'],
    ['POST', '/v2/conversation/1/resolve', 'conversations:write'],
    ['GET', '/v2/channels', 'channels:read'],
    ['DELETE', '/v2/channel/1', 'channels:write'],
    ['POST', '/v2/webhooks', 'webhooks:manage'],
    ['GET', '/v2/webhooks', 'webhooks:manage'],
    ['GET', '/v2/analytics', 'admin:read'],
    ['DELETE', '/v2/users/1', 'admin:write'],
  ])('%s %s needs %s and nothing else', async (method, path, scope) => {
    const nine = [...new Set(huechat().routes.map((route) => route.scope))]
    expect(nine).toHaveLength(9)
    const body = method === 'POST' ? { body: '{}' } : {}
    const has = (scopes: string[]) => forwarding(undefined, { authorize: () => ({ id: 'ann', scopes }) }).call(path, { method, ...body })
    expect((await has([scope])).status).toBe(200)
    expect((await has(nine.filter((one) => one !== scope))).body).toMatchObject({ error: 'forbidden', scope })
  })
})

describe('agenthuman', () => {
  const through = (answer: Fetch, options: Parameters<typeof agenthuman>[0] = {}, caller: Partial<Caller> = {}) => {
    const asked: Request[] = []
    const heard: MintError[] = []
    const fetch: Fetch = (request) => (asked.push(request), answer(request))
    const upstream = agenthuman({ key: () => `ah_test_${'k'.repeat(32)}`, fetch, ...options })
    const authorize = () => ({ id: 'ann', scopes: ['*'], ...caller })
    const forward = createForwarder({ upstream, authorize, onError: (error) => void heard.push(error) })
    const call = async (path: string, init: RequestInit = {}) => {
      const response = await forward(pageCall(path, init))
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    return { asked, heard, call }
  }
  const good: Fetch = async () => json({ success: true })
  const said =
    (error: string, status = 401): Fetch =>
    async () =>
      json({ success: false, error }, status)

  test('sessions with the key, agents with the user’s JWT, lists with either', async () => {
    const { asked, call } = through(good, {}, { bearer: 'jwt.of.ann' })
    for (const path of ['/v1/sessions', '/v1/agents', '/v1/avatars']) await call(path)
    expect(asked.map(({ headers }) => [headers.get('x-api-key')?.slice(0, 8), headers.get('authorization')])).toEqual([
      ['ah_test_', null],
      [undefined, 'Bearer jwt.of.ann'],
      [undefined, 'Bearer jwt.of.ann'],
    ])
    const without = through(good)
    expect(await without.call('/v1/agents')).toMatchObject({ status: 403, body: { error: 'forbidden' } })
    await without.call('/v1/voices')
    expect(without.asked.map(({ url, headers }) => [url, headers.get('authorization')])).toEqual([
      ['https://api.agenthuman.com/v1/voices', null],
    ])
  })

  test('the older base', async () => {
    const { asked, call } = through(good, { basePath: '/api/v1' })
    await call('/v1/sessions/sess_1/end', { method: 'POST' })
    expect(asked[0]?.url).toBe('https://api.agenthuman.com/api/v1/sessions/sess_1/end')
    expect(() => agenthuman({ basePath: '/v2' as '/v1' })).toThrow(TypeError)
    expect(() => agenthuman({ host: 'https://evil.example' })).toThrow(TypeError)
  })

  test.each([
    ['API key required', 'key_missing'],
    ['Invalid API key', 'key_invalid'],
    ['API key has been revoked', 'key_revoked'],
    ['Something else', undefined],
  ])('401 "%s" is %s', async (text, reason) => {
    const { call, heard } = through(said(text))
    expect(await call('/v1/sessions')).toEqual({
      status: 403,
      body: { error: 'key_refused', message: text, status: 401, ...(reason && { reason }) },
    })
    expect(heard[0]?.message).toContain(reason ?? text)
  })

  test('a refused JWT of the user is not the key’s fault, and no operator’s business', async () => {
    const { call, heard, asked } = through(said('Invalid token'), {}, { bearer: 'jwt' })
    for (let n = 0; n < 3; n++)
      expect(await call('/v1/agents')).toMatchObject({ status: 403, body: { error: 'rejected', message: 'Invalid token' } })
    expect(heard).toEqual([])
    expect(asked).toHaveLength(1)
    await call('/v1/sessions')
    expect(asked).toHaveLength(2)
  })

  test('another provider’s key goes nowhere; an odd length is warned about, once', async () => {
    const warned: string[] = []
    const wrong = through(good, { key: () => 'sk_live_0123', warn: (text) => void warned.push(text) })
    expect(await wrong.call('/v1/sessions')).toMatchObject({ status: 403, body: { error: 'key_refused' } })
    expect([wrong.asked.length, warned.length]).toEqual([0, 0])
    const odd = through(good, { key: () => `ah_live_${'k'.repeat(36)}`, warn: (text) => void warned.push(text) })
    for (let n = 0; n < 2; n++) expect((await odd.call('/v1/sessions')).status).toBe(200)
    expect(warned).toHaveLength(1)
    expect(warned[0]).not.toContain('kkkk')
  })
})

describe('bithuman', () => {
  const envelope = (code: string, status: number) =>
    json({ error: { code, message: 'No active rooms found for agent A1', httpStatus: status } }, status)
  test.each<[string, number, string, number]>([
    ['NOT_FOUND', 404, 'not_found', 404],
    ['INSUFFICIENT_BALANCE', 402, 'quota', 402],
    ['CONCURRENCY_LIMIT_REACHED', 403, 'quota', 429],
    ['PLAN_REQUIRED', 403, 'forbidden', 403],
    ['ACCOUNT_SUSPENDED', 403, 'key_refused', 403],
    ['UNAUTHORIZED', 401, 'key_refused', 403],
    ['RATE_LIMITED', 429, 'quota', 429],
    ['VALIDATION_ERROR', 400, 'bad_request', 400],
    ['constructor', 404, 'not_found', 404],
    ['NO_AVAILABLE_WORKERS', 503, 'unavailable', 503],
  ])('%s %i is %s', async (code, upstreamStatus, error, status) => {
    const upstream = bithuman({ secret: () => 'secret', fetch: async () => envelope(code, upstreamStatus) })
    const forward = createForwarder({ upstream, authorize: everything, onError: () => {} })
    const response = await forward(pageCall('/v1/agent/A1/add-context', { method: 'POST', body: '{"context":"x"}' }))
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({
      error,
      ...(error !== 'unavailable' && { message: 'No active rooms found for agent A1' }),
    })
  })
})
