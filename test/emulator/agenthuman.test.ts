import { decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import { createAgenthuman } from '../../src/emulator/agenthuman.ts'
import { endpoints } from '../../src/emulator/agenthuman/endpoints.ts'
import { agentBody, fixture } from './agenthuman-fixture.ts'

const minute = 60_000
const unauthorized = (error: string) => ({ status: 401, body: { success: false, error } })

describe('API keys', () => {
  test('have the documented format: ah_, the environment, 32 characters', () => {
    const { agenthuman } = fixture()
    expect(agenthuman.key).toMatch(/^ah_live_[A-Za-z0-9]{32}$/)
    expect(agenthuman.createKey('test')).toMatch(/^ah_test_[A-Za-z0-9]{32}$/)
    // The page's two examples have 32, its placeholders 28.
    expect('1234567890abcdefghijklmnopqrstuv').toHaveLength(32)
    expect(fixture({ keyLength: 28 }).agenthuman.key).toMatch(/^ah_live_[A-Za-z0-9]{28}$/)
  })

  test('one of the page’s examples can be the first', async () => {
    const { call, agenthuman } = fixture({ key: 'ah_test_1234567890abcdefghijklmnopqrstuv' })
    expect([agenthuman.keys, (await call('GET', '/sessions')).status]).toEqual([['ah_test_1234567890abcdefghijklmnopqrstuv'], 200])
  })

  test('missing: 401 and the documented text', async () => {
    const { request } = fixture()
    expect(await request('GET', '/sessions')).toMatchObject(unauthorized('API key required'))
    expect(await request('GET', '/sessions', undefined, { 'x-api-key': '' })).toMatchObject(unauthorized('API key required'))
  })

  test('invalid: 401 and the documented text', async () => {
    const { request, agenthuman } = fixture()
    for (const key of ['nonsense', `${agenthuman.key}x`, agenthuman.key.toLowerCase()]) {
      expect(await request('GET', '/sessions', undefined, { 'x-api-key': key })).toMatchObject(unauthorized('Invalid API key'))
    }
  })

  test('deleted: dead at once, 401 and the documented text', async () => {
    const { request, agenthuman } = fixture()
    const { key } = agenthuman
    const headers = { 'x-api-key': key }
    expect((await request('GET', '/sessions', undefined, headers)).status).toBe(200)
    expect(agenthuman.deleteKey(key)).toBe(true)
    expect(await request('GET', '/sessions', undefined, headers)).toMatchObject(unauthorized('API key has been revoked'))
    expect([agenthuman.key, agenthuman.deleteKey(key)]).toEqual(['', false])
  })

  test('expired: the same text as revoked', async () => {
    const { own, request, world } = fixture()
    const expires_at = new Date(world.now() + minute).toISOString()
    const { api_key } = (await own('POST', '/api-keys', { expires_at })).body as { api_key: { key: string } }
    const headers = { 'x-api-key': api_key.key }
    expect((await request('GET', '/sessions', undefined, headers)).status).toBe(200)
    await world.pass(minute)
    expect(await request('GET', '/sessions', undefined, headers)).toMatchObject(unauthorized('API key has been revoked'))
  })

  test('rotated as the page says, both work until the old one is deleted', async () => {
    const { agenthuman, request } = fixture()
    const old = agenthuman.key
    const fresh = agenthuman.createKey()
    const status = async (key: string) => (await request('GET', '/sessions', undefined, { 'x-api-key': key })).status
    expect([await status(old), await status(fresh), agenthuman.keys]).toEqual([200, 200, [old, fresh]])
    agenthuman.deleteKey(old)
    expect([await status(old), await status(fresh)]).toEqual([401, 200])
  })

  test('rotate() leaves no overlap; sessions go on', async () => {
    const { agenthuman, request, meet } = fixture()
    const old = [agenthuman.key, agenthuman.createKey('test')]
    await meet()
    const fresh = agenthuman.rotate()
    expect([agenthuman.keys, agenthuman.liveSockets]).toEqual([[fresh], 1])
    for (const key of old) {
      expect(await request('GET', '/sessions', undefined, { 'x-api-key': key })).toMatchObject(unauthorized('API key has been revoked'))
    }
  })

  test('over REST: shown once when created, listed without, deleted by id', async () => {
    const { own, request, agenthuman } = fixture()
    const created = await own('POST', '/api-keys', { name: 'Production', environment: 'test' })
    const { key, ...rest } = created.body['api_key'] as { key: string; key_id: string }
    expect(key).toMatch(/^ah_test_/)
    expect(created.headers.get('cache-control')).toBe('no-store')
    const listed = await own('GET', '/api-keys')
    expect(listed.body['api_keys']).toContainEqual(rest)
    for (const secret of agenthuman.keys) expect(JSON.stringify(listed.body)).not.toContain(secret)
    expect((await own('DELETE', `/api-keys/${rest.key_id}`)).status).toBe(200)
    expect(await request('GET', '/sessions', undefined, { 'x-api-key': key })).toMatchObject(unauthorized('API key has been revoked'))
    expect((await own('DELETE', `/api-keys/${rest.key_id}`)).status).toBe(404)
    expect((await own('DELETE', `/api-keys/${agenthuman.key}`)).status).toBe(404)
    expect((await own('POST', '/api-keys', { environment: 'prod' })).status).toBe(400)
    expect((await own('POST', '/api-keys', { expires_at: 'soon' })).status).toBe(400)
  })
})

describe('logins', () => {
  test('a one-time code buys a JWT, as a field and as an HttpOnly cookie; both open agent endpoints', async () => {
    const { request, agenthuman, world } = fixture({ userId: 'u7' })
    expect((await request('POST', '/auth/otp/request', { email: agenthuman.email })).status).toBe(200)
    expect(agenthuman.otp).toMatch(/^\d{6}$/)
    const { status, body, headers } = await request('POST', '/auth/otp/verify', { email: agenthuman.email, otp: agenthuman.otp })
    const token = body['token'] as string
    expect([status, body]).toEqual([200, { success: true, token, expires_in: 3600, user: { user_id: 'u7', email: agenthuman.email } }])
    const iat = Math.floor(world.now() / 1000)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' })
    expect(decodeJwt(token)).toMatchObject({ sub: 'u7', iat, exp: iat + 3600 })
    const [cookie = '', ...attributes] = (headers.get('set-cookie') ?? '').split('; ')
    expect(cookie).toContain(token)
    expect(attributes).toEqual(['Path=/', 'Max-Age=3600', 'HttpOnly', 'SameSite=Lax', 'Secure'])
    expect((await request('GET', '/agents', undefined, { authorization: `Bearer ${token}` })).status).toBe(200)
    expect((await request('GET', '/agents', undefined, { cookie: `other=1; ${cookie}` })).status).toBe(200)
    expect(agenthuman.secrets()).toContain(token)
  })

  test('a code works once, for 10 minutes, and survives four wrong ones', async () => {
    const { request, agenthuman, world } = fixture()
    const { email } = agenthuman
    const ask = () => request('POST', '/auth/otp/request', { email })
    const verify = async (otp: string | null, from = email) => (await request('POST', '/auth/otp/verify', { email: from, otp })).status
    await ask()
    const { otp } = agenthuman
    expect(await Promise.all([verify(otp), verify(otp)])).toEqual([200, 401])
    await ask()
    for (let wrong = 0; wrong < 4; wrong++) expect(await verify('wrong')).toBe(401)
    expect(await verify(agenthuman.otp)).toBe(200)
    await ask()
    const spent = agenthuman.otp
    for (let wrong = 0; wrong < 5; wrong++) expect(await verify('wrong')).toBe(401)
    expect([await verify(spent), agenthuman.otp]).toEqual([401, null])
    await ask()
    const late = agenthuman.otp
    expect(await verify(late, 'other@example.com')).toBe(401)
    await world.pass(10 * minute)
    expect([await verify(late), agenthuman.otp]).toEqual([401, null])
  })

  test('who owns the account is not given away', async () => {
    const { request, agenthuman } = fixture()
    const stranger = await request('POST', '/auth/otp/request', { email: 'stranger@example.com' })
    const owner = await request('POST', '/auth/otp/request', { email: agenthuman.email.toUpperCase() })
    expect(stranger.body).toEqual(owner.body)
    expect((await request('POST', '/auth/otp/request', {})).status).toBe(400)
  })

  test('a login is over after its time, and another account’s is none', async () => {
    const { request, login, world } = fixture({ jwtTtlSeconds: 60 })
    const authorization = `Bearer ${await login()}`
    expect((await request('GET', '/agents', undefined, { authorization })).status).toBe(200)
    await world.pass(minute)
    expect(await request('GET', '/agents', undefined, { authorization })).toMatchObject(unauthorized('Invalid or expired token'))
    const foreign = `Bearer ${await fixture({ key: 'ah_live_x' }).login()}`
    expect((await createAgenthuman({ world }).fetch(get('/v1/agents', { authorization: foreign }))).status).toBe(401)
    expect(await request('GET', '/agents')).toMatchObject(unauthorized('Authentication required'))
  })

  test('a room token is no login, even if its holder has the owner’s name', async () => {
    const { call, request } = fixture({ userId: 'user' })
    const { body } = await call('POST', '/sessions', { avatar: 'a', room: { platform: 'proxy' } })
    const { participantToken } = (body['session'] as { room: { participantToken: string } }).room
    expect((await request('GET', '/agents', undefined, { authorization: `Bearer ${participantToken}` })).status).toBe(401)
  })
})

describe('which method opens what', () => {
  const at = ({ path }: { path: string }) => path.replace('{id}', 'x')
  // Left out: a wrong one-time code is a 401 of its own, and a good one is tested above.

  test.each(endpoints.filter(({ path }) => path !== '/auth/otp/verify'))('$method $path: $door', async (endpoint) => {
    const { request, login, agenthuman } = fixture()
    const ways = { key: { 'x-api-key': agenthuman.key }, jwt: { authorization: `Bearer ${await login()}` }, none: {} }
    const isIn = async (headers: Record<string, string>) => {
      const body = endpoint.method === 'GET' ? undefined : {}
      return (await request(endpoint.method, at(endpoint), body, headers)).status !== 401
    }
    const opens = { key: ['key', 'both', 'open'], jwt: ['jwt', 'both', 'open'], none: ['open'] }
    for (const way of ['key', 'jwt', 'none'] as const) {
      expect([way, await isIn(ways[way])]).toEqual([way, opens[way].includes(endpoint.door)])
    }
  })

  test('the page’s two lists', () => {
    const opened = (door: string) => endpoints.filter((endpoint) => endpoint.door === door).map(({ method, path }) => `${method} ${path}`)
    expect(opened('jwt')).toEqual(expect.arrayContaining(['GET /agents', 'POST /agents', 'GET /avatars', 'GET /voices', 'GET /roles']))
    const forKeys = ['GET /sessions', 'POST /sessions', 'POST /sessions/{id}/messages', 'GET /sessions/{id}/messages']
    expect(opened('key')).toEqual(expect.arrayContaining([...forKeys, 'GET /avatars/public', 'GET /voices/public', 'GET /roles/public']))
    expect(opened('open')).toContain('POST /links/start-session')
  })

  test('keysEverywhere: today’s page, where a key opens all of it', async () => {
    const { call, own } = fixture({ keysEverywhere: true })
    expect([(await call('GET', '/agents')).status, (await own('GET', '/agents')).status]).toEqual([200, 200])
  })

  test('a bad key is not made good by a login', async () => {
    const { request, login } = fixture()
    const headers = { 'x-api-key': 'nonsense', authorization: `Bearer ${await login()}` }
    expect(await request('GET', '/links', undefined, headers)).toMatchObject(unauthorized('Invalid API key'))
  })

  test('both bases answer the same: /v1 and the page’s /api/v1', async () => {
    const { agenthuman } = fixture()
    const headers = { 'x-api-key': agenthuman.key }
    for (const base of ['/v1', '/api/v1']) {
      const response = await agenthuman.fetch(get(`${base}/sessions`, headers))
      expect([base, response.status, await response.json()]).toEqual([base, 200, { success: true, sessions: [] }])
      expect(await (await agenthuman.fetch(get(`${base}/sessions`))).json()).toEqual({ success: false, error: 'API key required' })
    }
    expect((await agenthuman.fetch(get('/sessions', headers))).status).toBe(404)
    expect((await agenthuman.fetch(get('/v2/sessions', headers))).status).toBe(404)
  })
})

describe('agents, links and lists', () => {
  /** From docs.agenthuman.com, "Create Agent". */
  const sample = { ...agentBody, agent_id: 'agnt_01J8ZK4R2N5M6P7Q8W4T', created_at: '2024-01-15T10:00:00Z' }
  const text = expect.any(String) as string

  test('agents are created, listed, read, changed and deleted', async () => {
    const { own } = fixture()
    const created = await own('POST', '/agents', { ...agentBody, voice_agent: { ...agentBody.voice_agent, api_key: 'not-shown' } })
    const agent = created.body['agent'] as typeof sample
    expect(created.body).toEqual({ success: true, agent: { ...sample, agent_id: text, created_at: '2026-11-22T12:00:00Z' } })
    expect(agent.agent_id).toMatch(/^agnt_[0-9A-HJKMNP-TV-Z]{26}$/)
    expect((await own('GET', '/agents')).body).toEqual({ success: true, agents: [agent] })
    const at = `/agents/${agent.agent_id}`
    expect((await own('PUT', at, { name: 'New', avatar_image_url: null })).body['agent']).toEqual({
      ...agent,
      name: 'New',
      avatar_image_url: null,
    })
    expect((await own('GET', at)).body['agent']).toMatchObject({ name: 'New' })
    expect((await own('DELETE', at)).status).toBe(200)
    expect([(await own('GET', at)).status, (await own('PUT', at, {})).status, (await own('DELETE', at)).status]).toEqual([404, 404, 404])
  })

  test.each([
    ['no name', { name: undefined }],
    ['no voice agent', { voice_agent: undefined }],
    ['half a voice agent', { voice_agent: { provider: 'ElevenLabs' } }],
    ['an unknown method', { voice_agent: { ...agentBody.voice_agent, auth_method: 'secret' } }],
  ])('an agent with %s is refused', async (_, more) => {
    const { own } = fixture()
    const { status, body } = await own('POST', '/agents', { ...agentBody, ...more })
    expect([status, body]).toEqual([400, { success: false, error: { message: expect.any(String) as string } }])
  })

  test('avatars, voices and roles: the user’s and the public ones', async () => {
    const { own, call } = fixture()
    for (const kind of ['avatars', 'voices', 'roles']) {
      const flags = async (answer: Promise<{ body: { readonly [field: string]: unknown } }>) =>
        new Set(((await answer).body[kind] as { is_public: number }[]).map((item) => item.is_public))
      expect(await flags(own('GET', `/${kind}`))).toEqual(new Set([0]))
      expect(await flags(call('GET', `/${kind}/public`))).toEqual(new Set([1]))
    }
    expect((await own('GET', '/avatars')).body).toMatchObject({ public_avatars: [{ avatar_id: 'PUBLIC/Avatars/sara-office' }, {}] })
  })

  test('a link starts sessions without a key, as often as it may', async () => {
    const { own, request, agenthuman } = fixture()
    const { agent_id } = (await own('POST', '/agents', agentBody)).body['agent'] as typeof sample
    const made = await own('POST', '/links', { agent_id, name: 'Product Demo', use_limit: 1, expires_at: '2027-02-15T10:30:00Z' })
    const { link_id } = made.body['link'] as { link_id: string }
    const shape = { name: 'Product Demo', status: 'active', uses: 0, use_limit: 1, expires_at: '2027-02-15T10:30:00Z' }
    expect(made.body['link']).toMatchObject({ ...shape, url: `https://app.agenthuman.com/s/${link_id}`, agent: { agent_id } })
    const started = await request('POST', '/links/start-session', { link_id, aspect_ratio: '16:9' })
    expect([started.status, started.headers.get('access-control-allow-origin'), started.body]).toEqual([
      200,
      '*',
      {
        success: true,
        session_id: expect.stringMatching(/^sess_/) as string,
        livekit_url: expect.stringMatching(/^wss:/) as string,
        participant_token: expect.stringMatching(/^eyJ/) as string,
        agent_identity: 'agenthuman-avatar-agent',
      },
    ])
    expect(agenthuman.liveSessions).toBe(1)
    expect((await request('POST', '/links/start-session', { link_id })).status).toBe(403)
    expect((await own('GET', `/links/${link_id}`)).body['link']).toMatchObject({ status: 'expired', uses: 1 })
    expect((await own('PUT', `/links/${link_id}`, { use_limit: 1 })).status).toBe(400)
    await own('PUT', `/links/${link_id}`, { use_limit: null, name: null })
    expect((await request('POST', '/links/start-session', { link_id })).status).toBe(200)
    await own('PUT', `/links/${link_id}`, { status: 'paused' })
    expect((await request('POST', '/links/start-session', { link_id })).status).toBe(403)
    expect((await own('GET', '/links?status=paused')).body['links']).toHaveLength(1)
    expect((await own('GET', '/links?status=active')).body['links']).toEqual([])
    expect((await request('POST', '/links/start-session', { link_id: 'lnk_other' })).status).toBe(404)
    expect(agenthuman.secrets()).toEqual(expect.arrayContaining([link_id, started.body['participant_token']]))
  })

  test('a link’s time passes; its agent needs a picture', async () => {
    const { own, request, world } = fixture()
    const { agent_id } = (await own('POST', '/agents', { ...agentBody, avatar_image_url: undefined })).body['agent'] as typeof sample
    const expires_at = new Date(world.now() + minute).toISOString()
    const { link_id } = (await own('POST', '/links', { agent_id, expires_at })).body['link'] as { link_id: string }
    expect((await request('POST', '/links/start-session', { link_id })).status).toBe(400)
    await own('PUT', `/agents/${agent_id}`, { avatar_image_url: 'https://x' })
    expect((await request('POST', '/links/start-session', { link_id })).status).toBe(200)
    await world.pass(minute)
    expect((await request('POST', '/links/start-session', { link_id })).status).toBe(403)
    expect((await own('POST', '/links', { agent_id: 'agnt_other' })).status).toBe(404)
    expect((await own('POST', '/links', { agent_id, use_limit: 0 })).status).toBe(400)
    expect((await own('POST', '/links', { agent_id, expires_at: 'soon' })).status).toBe(400)
    expect((await own('PUT', `/links/${link_id}`, { status: 'open' })).status).toBe(400)
  })

  test('pages may ask a link and nothing else', async () => {
    const { agenthuman } = fixture()
    const preflight = (path: string) => agenthuman.fetch(new Request(`https://x/v1${path}`, { method: 'OPTIONS' }))
    expect([(await preflight('/links/start-session')).status, (await preflight('/sessions')).status]).toEqual([204, 404])
    const response = await agenthuman.fetch(get('/v1/sessions', { 'x-api-key': agenthuman.key }))
    expect(response.headers.has('access-control-allow-origin')).toBe(false)
  })
})

function get(path: string, headers: Record<string, string> = {}): Request {
  return new Request(`https://api.agenthuman.com${path}`, { headers })
}
