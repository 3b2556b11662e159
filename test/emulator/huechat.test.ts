import { describe, expect, test } from 'vitest'
import { routes } from '../../src/emulator/huechat/routes.ts'
import { scopes } from '../../src/emulator/huechat/scopes.ts'
import { createHuechat } from '../../src/emulator/huechat.ts'
import { hosts, kit } from './huechat-kit.ts'

const missing = { error: 'unauthorized', message: 'API key is required', code: 401 }
const wrong = { error: 'unauthorized', message: 'Invalid API key', code: 401 }
const list = '/v2/contacts'

describe('key pages: how a key is shown', () => {
  test.each([
    ['X-API-Key', (key: string) => ({ 'X-API-Key': key })],
    ['Authorization: Bearer', (key: string) => ({ Authorization: `Bearer ${key}` })],
    ['both, the same', (key: string) => ({ 'X-API-Key': key, Authorization: `Bearer ${key}` })],
    ['X-API-Key, and an Authorization that is no Bearer', (key: string) => ({ 'X-API-Key': key, Authorization: 'Basic eDp5' })],
  ])('%s', async (_, headers) => {
    const { huechat, ask } = kit()
    expect((await ask('GET', list, undefined, headers(huechat.key))).status).toBe(200)
  })

  test.each([
    ['none', {}, missing],
    ['an empty one', { 'X-API-Key': '' }, missing],
    ['in the query only', {}, missing],
    ['as Basic', { Authorization: 'Basic c2tfbGl2ZV94Og==' }, missing],
    ['a wrong one', { 'X-API-Key': 'sk_live_wrong' }, wrong],
    ['a wrong one as Bearer', { Authorization: 'Bearer sk_live_wrong' }, wrong],
    ['no key at all', { 'X-API-Key': 'hello' }, wrong],
  ])('error responses, to the letter: %s', async (name, headers, body) => {
    const { ask, huechat } = kit()
    const path = name === 'in the query only' ? `${list}?api_key=${huechat.key}` : list
    expect(await ask('GET', path, undefined, headers)).toMatchObject({ status: 401 })
    expect((await ask('GET', path, undefined, headers)).body).toEqual(body)
  })

  test('ours: two different keys are refused, even if both are good', async () => {
    const { ask, huechat } = kit()
    const headers = { 'X-API-Key': huechat.key, Authorization: `Bearer ${huechat.createKey()}` }
    expect((await ask('GET', list, undefined, headers)).body).toEqual(wrong)
  })

  test('an address that nobody serves is 401 without a key and 404 with one', async () => {
    const { ask } = kit()
    expect((await ask('GET', '/v2/nothing', undefined, {})).status).toBe(401)
    expect((await ask('GET', '/v2/nothing')).body).toEqual({ error: 'not_found', message: 'Endpoint not found', code: 404 })
    expect((await ask('PATCH', list)).status).toBe(404)
    expect((await ask('GET', '/contacts')).status).toBe(404)
  })
})

describe('key pages: live and test keys', () => {
  test('the prefixes', () => {
    expect(createHuechat().key).toMatch(/^sk_live_[A-Za-z0-9]{32}$/)
    expect(createHuechat({ environment: 'sandbox' }).key).toMatch(/^sk_test_[A-Za-z0-9]{32}$/)
  })

  test.each([
    ['live', 'sk_test_anything', 'Test keys work with https://sandbox.huechat.ai/v2 only'],
    ['sandbox', 'sk_live_anything', 'Live keys work with https://api.huechat.ai/v2 only'],
  ] as const)('%s refuses the keys of the other environment', async (environment, key, message) => {
    const { ask } = kit({ environment })
    const { status, body } = await ask('GET', list, undefined, { 'x-api-key': key })
    expect([status, body]).toEqual([401, { error: 'unauthorized', message, code: 401 }])
  })

  test('a first key of the wrong kind is a mistake, and is not repeated', () => {
    const make = () => createHuechat({ environment: 'sandbox', key: 'sk_live_0123' })
    expect(make).toThrow(new TypeError('key: a key of this environment begins with sk_test_'))
  })
})

describe('key pages: permissions', () => {
  test('the nine scopes, each of which some endpoint needs', () => {
    expect(scopes).toHaveLength(9)
    expect([...new Set(routes.map(({ scope }) => scope))].sort()).toEqual([...scopes].sort())
  })

  const concrete = (path: string) => `/v2${path.replace('{id}', 'nobody')}`
  test.each(routes.map((route) => [route.method, route.path, route] as const))(
    '%s %s needs its scope and no other',
    async (method, path, route) => {
      const { ask, huechat } = kit()
      const others = scopes.filter((scope) => scope !== route.scope)
      const body = method === 'GET' || method === 'DELETE' ? undefined : {}
      const as = (key: string) => ask(method, concrete(path), body, { 'x-api-key': key })
      const refused = await as(huechat.createKey({ permissions: others }))
      expect(refused.status).toBe(403)
      expect(refused.body).toEqual({
        error: 'forbidden',
        message: 'API key does not have permission for this action',
        code: 403,
        details: { required_permission: route.scope, key_permissions: others },
      })
      expect([401, 403]).not.toContain((await as(huechat.createKey({ permissions: [route.scope] }))).status)
      expect([401, 403]).not.toContain((await as(huechat.key)).status)
    },
  )

  test('the error reference of today names the scope, and every error has an id and a time', async () => {
    const { ask, huechat } = kit({ errors: 'reference' })
    const key = huechat.createKey({ permissions: ['contacts:read'] })
    expect((await ask('POST', '/v2/contact', {}, { 'x-api-key': key })).body).toEqual({
      error: 'forbidden',
      message: 'API key does not have permission for contacts:write',
      code: 403,
      details: { required_permission: 'contacts:write', key_permissions: ['contacts:read'] },
      request_id: expect.stringMatching(/^req_\w{12}$/) as string,
      timestamp: '2026-11-22T12:00:00Z',
    })
    expect((await ask('GET', list, undefined, {})).body).toMatchObject({ ...missing, timestamp: '2026-11-22T12:00:00Z' })
  })
})

describe('key pages: managing keys', () => {
  test('the list shows name, last four characters, created, last used and permissions, and never the key', async () => {
    const { world, huechat, ask } = kit()
    const key = huechat.createKey({ name: 'CRM Integration', permissions: ['contacts:read'] })
    const [first, second] = huechat.keys
    expect(first).toMatchObject({ name: 'Default', permissions: scopes, lastUsedAt: null })
    expect(second).toEqual({
      id: expect.stringMatching(/^key_/) as string,
      name: 'CRM Integration',
      lastFour: key.slice(-4),
      createdAt: world.now(),
      lastUsedAt: null,
      permissions: ['contacts:read'],
    })
    expect(JSON.stringify(huechat.keys)).not.toContain(key)
    await world.pass(5000)
    await ask('GET', list, undefined, { 'x-api-key': key })
    expect(huechat.keys[1]?.lastUsedAt).toBe(world.now())
  })

  test('rotation: create with the same permissions, switch, delete; never without a key that works', async () => {
    const { huechat, ask } = kit()
    const old = huechat.createKey({ permissions: ['contacts:read'] })
    const status = async (key: string, path = list) => (await ask('GET', path, undefined, { 'x-api-key': key })).status
    const fresh = huechat.rotateKey(old)
    expect(fresh).not.toBe(old)
    expect([await status(old), await status(fresh), await status(fresh, '/v2/channels')]).toEqual([200, 200, 403])
    huechat.deleteKey(old)
    expect([await status(old), await status(fresh)]).toEqual([401, 200])
    expect((await ask('GET', list, undefined, { 'x-api-key': old })).body).toEqual(wrong)
  })

  test('a deleted key is dead at once: a request that is still being read does nothing', async () => {
    const { huechat } = kit()
    const body = new TransformStream<Uint8Array, Uint8Array>()
    const writer = body.writable.getWriter()
    const init = { method: 'POST', headers: { 'x-api-key': huechat.key }, body: body.readable, duplex: 'half' }
    const answer = huechat.fetch(new Request(`${hosts.live}/v2/contact`, init))
    await writer.write(new TextEncoder().encode('{"phone":"+1234567890"}'))
    huechat.deleteKey(huechat.keys[0]?.id ?? '')
    await writer.close()
    expect((await answer).status).toBe(401)
    expect(huechat.keys).toEqual([])
  })

  test('deleting or rotating a key that is not there is a mistake, and the text is not repeated', () => {
    const { huechat } = kit()
    const error = new TypeError('No such key: it was never made here, or it has been deleted.')
    expect(() => huechat.deleteKey('sk_live_nobody')).toThrow(error)
    expect(() => huechat.rotateKey('sk_live_nobody')).toThrow(error)
  })

  test('secrets() has every key and signing secret, dead ones too', async () => {
    const { huechat, listen } = kit()
    const { key } = huechat
    const fresh = huechat.rotateKey(key)
    const signing = await listen(['message.sent'])
    huechat.deleteKey(key)
    expect(huechat.secrets()).toEqual([key, fresh, signing])
  })
})

describe('the security model', () => {
  test('HTTPS required', async () => {
    const plain = (huechat: ReturnType<typeof createHuechat>) =>
      huechat.fetch(new Request('http://127.0.0.1/v2/contacts', { headers: { 'x-api-key': huechat.key } }))
    const strict = await plain(createHuechat({ requireHttps: true }))
    expect([strict.status, await strict.json()]).toEqual([426, { error: 'https_required', message: 'HTTPS is required', code: 426 }])
    expect((await plain(createHuechat())).status).toBe(200)
    expect((await kit({ requireHttps: true }).ask('GET', list)).status).toBe(200)
  })

  test.each([
    ['10.0.0.1', 200],
    ['10.0.0.1, 10.9.9.9', 200],
    ['10.0.0.2', 403],
    [null, 403],
  ])('IP restrictions: from %s', async (from, status) => {
    const { huechat, ask } = kit()
    const key = huechat.createKey({ allowedIps: ['10.0.0.1'] })
    const successor = huechat.rotateKey(key)
    const headers = { 'x-api-key': key, ...(from !== null && { 'x-forwarded-for': from }) }
    expect((await ask('GET', list, undefined, headers)).status).toBe(status)
    expect((await ask('GET', list, undefined, { ...headers, 'x-api-key': successor })).status).toBe(status)
  })

  test('server-side only: no CORS, not for a preflight either, and no WebSocket', async () => {
    const { ask, huechat } = kit()
    const origin = { origin: 'https://page.example' }
    const preflight = await ask('OPTIONS', list, undefined, { ...origin, 'access-control-request-headers': 'x-api-key' })
    const get = await ask('GET', list, undefined, { ...origin, 'x-api-key': huechat.key })
    expect([preflight.status, get.status]).toEqual([401, 200])
    for (const { headers } of [preflight, get]) expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    const url = new URL('wss://api.huechat.ai/v2/contacts')
    expect(await huechat.upgrade({ url, headers: new Headers(), protocols: [] })).toMatchObject({ status: 404 })
  })
})

describe('rate limits', () => {
  const shown = (headers: Headers) => ['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`))

  test.each([
    ['free', '100'],
    ['pro', '1000'],
    [{ perMinute: 7 }, '7'],
  ] as const)('plan %o: the limit', async (plan, limit) => {
    const { ask, world } = kit({ plan })
    const reset = String(world.now() / 1000 + 60)
    expect(shown((await ask('GET', list)).headers)).toEqual([limit, String(Number(limit) - 1), reset])
    expect(shown((await ask('GET', list)).headers)).toEqual([limit, String(Number(limit) - 2), reset])
  })

  test('the headers are on every response', async () => {
    const { ask, huechat, make } = kit({ plan: { perMinute: 4 } })
    const id = await make('/v2/contact', { email: 'a@b.c' })
    const weak = { 'x-api-key': huechat.createKey({ permissions: [] }) }
    const answers = [
      await ask('GET', list, undefined, {}),
      await ask('GET', list, undefined, { 'x-api-key': 'wrong' }),
      await ask('GET', list, undefined, weak),
      await ask('GET', '/v2/nothing'),
      await ask('POST', '/v2/contact', 'no json'),
      await ask('DELETE', `/v2/contact/${id}`),
      await ask('GET', list),
    ]
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 404, 400, 204, 429])
    expect(answers.map(({ headers }) => shown(headers).slice(0, 2))).toEqual([
      ['4', '4'],
      ['4', '4'],
      ['4', '3'],
      ['4', '2'],
      ['4', '1'],
      ['4', '0'],
      ['4', '0'],
    ])
    const upgrade = await huechat.upgrade({ url: new URL('wss://api.huechat.ai/'), headers: new Headers(), protocols: [] })
    expect('headers' in upgrade && shown(upgrade.headers).slice(0, 2)).toEqual(['4', '4'])
  })

  test('429 says when, and means it; other keys have limits of their own', async () => {
    const { ask, world, huechat } = kit({ plan: { perMinute: 2 } })
    await world.pass(20_500)
    for (let i = 0; i < 2; i++) expect((await ask('GET', list)).status).toBe(200)
    const refused = await ask('GET', list)
    expect(refused.body).toEqual({
      error: 'rate_limited',
      message: 'Rate limit exceeded. Retry after 40 seconds.',
      code: 429,
      retry_after: 40,
    })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '40'])
    expect((await ask('GET', list, undefined, { 'x-api-key': huechat.createKey() })).status).toBe(200)
    await world.pass(39_499)
    expect((await ask('GET', list)).status).toBe(429)
    await world.pass(1)
    expect((await ask('GET', list)).status).toBe(200)
  })

  test('the limit of the day', async () => {
    const { ask, world } = kit({ plan: { perMinute: 10, perDay: 3 } })
    for (let i = 0; i < 3; i++) await ask('GET', list)
    await world.pass(60_000)
    const { body, headers } = await ask('GET', list)
    const seconds = 12 * 3600 - 60
    expect(body).toMatchObject({ error: 'rate_limited', retry_after: seconds })
    expect(shown(headers)).toEqual(['10', '0', String(world.now() / 1000 + seconds)])
    await world.pass(seconds * 1000)
    expect((await ask('GET', list)).headers.get('x-ratelimit-remaining')).toBe('2')
  })

  test('the sandbox is "free and unlimited": minutes count, days do not', async () => {
    const { ask, world } = kit({ environment: 'sandbox', plan: { perMinute: 2, perDay: 2 } })
    for (let i = 0; i < 2; i++) await ask('GET', list)
    expect((await ask('GET', list)).status).toBe(429)
    await world.pass(60_000)
    expect((await ask('GET', list)).status).toBe(200)
  })

  test('counts', async () => {
    const { ask, huechat } = kit()
    await ask('GET', list)
    await ask('GET', list, undefined, {})
    expect(huechat.counts).toMatchObject({ requests: 2, refused: 1 })
  })
})
