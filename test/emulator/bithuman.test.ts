import { decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, test } from 'vitest'
import { fixture } from './bithuman-fixture.ts'

const refusal = (status: number, code: string, message: unknown = expect.any(String)) => ({
  status,
  body: { error: { code, message, httpStatus: status }, status: 'error', status_code: status },
})
const token = expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)

/** Every endpoint behind the secret, with a body that it takes. */
const tokenEndpoints = [
  ['/v1/runtime-tokens/request', {}],
  ['/v1/runtime-tokens/mint', { agent_code: 'A1', scope: 'livekit-cloud' }],
  ['/v1/embed-tokens/request', { agent_id: 'A1', fingerprint: 'f00d' }],
] as const
const restEndpoints = [
  ['/v1/realtime/ephemeral-token', {}],
  ['/v1/agent/A1/speak', { message: 'Hello' }],
  ['/v1/agent/A1/add-context', { context: 'A member' }],
  ['/v1/runtime-sessions/x/end', undefined],
] as const

describe('validate', () => {
  test.each([
    ['the current secret', true, (secret: string) => secret],
    ['another text', false, () => 'nonsense'],
    ['no header', false, () => null],
  ])('%s: always 200', async (_, valid, pick) => {
    const { post, bithuman } = fixture()
    const { status, body, headers } = await post('/v1/validate', undefined, pick(bithuman.secret))
    expect([status, body, headers.has('x-ratelimit-limit')]).toEqual([200, { valid }, false])
  })

  test('a rotated secret', async () => {
    const { post, bithuman } = fixture()
    const old = bithuman.secret
    bithuman.rotate()
    expect((await post('/v1/validate', undefined, old)).body).toEqual({ valid: false })
  })
})

describe('runtime-tokens/request', () => {
  test('answers the documented envelope', async () => {
    const { post } = fixture()
    const { status, body, headers } = await post('/v1/runtime-tokens/request', { agent_code: 'A1', fingerprint: 'f'.repeat(32) })
    expect([status, body]).toEqual([200, { data: { token, transaction_id: uuid }, status: 'success', status_code: 200 }])
    expect(headers.has('x-ratelimit-limit')).toBe(false)
  })

  test('the token is an HS256 JWT of 5 minutes with the documented claims and no more', async () => {
    const { mint, world } = fixture({ userId: 'u7' })
    const { token } = await mint()
    const iat = Math.floor(world.now() / 1000)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' })
    expect(decodeJwt(token)).toEqual({ iss: 'bitHuman', sub: 'u7', aud: 'bithuman-runtime', iat, exp: iat + 300, jti: uuid })
  })

  test('the older form: aud is the fingerprint', async () => {
    const { mint } = fixture({ audience: 'fingerprint', tokenTtlSeconds: 5 })
    const { aud, iat = 0, exp } = decodeJwt((await mint(undefined, { fingerprint: 'abc' })).token)
    expect([aud, exp]).toEqual(['abc', iat + 5])
    expect(decodeJwt((await mint()).token).aud).toMatch(/^[0-9a-f]{32}$/)
  })

  test('a body is optional; one that is no object is refused', async () => {
    const { post } = fixture()
    expect((await post('/v1/runtime-tokens/request')).status).toBe(200)
    for (const body of ['{', '[]', '"x"', 'null']) {
      expect(await post('/v1/runtime-tokens/request', body)).toMatchObject(refusal(400, 'VALIDATION_ERROR'))
    }
  })

  test('a beat with the transaction of a living session is the same billed session', async () => {
    const { mint, bithuman } = fixture()
    const { transaction } = await mint()
    for (let beat = 0; beat < 3; beat++) expect((await mint(transaction)).transaction).toBe(transaction)
    expect([bithuman.counts.sessions, bithuman.counts.mints]).toEqual([1, 4])
    expect((await mint()).transaction).not.toBe(transaction)
    expect(bithuman.counts.sessions).toBe(2)
  })

  test('a transaction that the caller named itself is taken over, and billed once', async () => {
    const { mint, bithuman } = fixture()
    expect((await mint('mine')).transaction).toBe('mine')
    await mint('mine')
    expect(bithuman.counts.sessions).toBe(1)
  })

  test('an ended transaction is not continued', async () => {
    const { mint, post, bithuman } = fixture()
    const { transaction } = await mint()
    await post(`/v1/runtime-sessions/${transaction}/end`)
    expect((await mint(transaction)).transaction).not.toBe(transaction)
    expect(bithuman.counts.sessions).toBe(2)
  })

  test('a runtime token is no secret', async () => {
    const { mint, post } = fixture()
    const { token } = await mint()
    for (const [path, body] of [...tokenEndpoints, ...restEndpoints]) {
      expect(await post(path, body, token)).toMatchObject(refusal(401, 'UNAUTHORIZED'))
    }
  })
})

describe('runtime-tokens/request with mode', () => {
  const start = { mode: 'gpu', agent_id: 'A1', livekit_url: 'wss://lk', livekit_token: 't', room_name: 'r', model: 'essence-2' }

  test('starts an avatar instead of giving a token', async () => {
    const { post, get, bithuman } = fixture()
    const { status, body } = await post('/v1/runtime-tokens/request', start)
    const session_id = (body as { session_id: string }).session_id
    expect([status, body]).toMatchObject([
      200,
      { avatar_session_started: true, session_id: expect.stringMatching(/^cs_/), model: 'essence-2' },
    ])
    expect(bithuman.counts).toMatchObject({ mints: 0, sessions: 1 })
    expect((await get(`/v1/runtime-sessions/${session_id}`)).body).toMatchObject({ session_id, status: 'live', room_name: 'r' })
  })

  test.each(['agent_id', 'livekit_url', 'livekit_token', 'room_name'])('without %s', async (field) => {
    const { post, bithuman } = fixture()
    expect(await post('/v1/runtime-tokens/request', { ...start, [field]: undefined })).toMatchObject(refusal(400, 'VALIDATION_ERROR'))
    expect(bithuman.counts.sessions).toBe(0)
  })

  test('a scoped token starts its agent in its room and nothing else', async () => {
    const { post, world, bithuman } = fixture()
    const { body } = await post('/v1/runtime-tokens/mint', {
      agent_code: 'A1',
      scope: 'livekit-cloud',
      room_name: 'r',
      livekit_url: 'wss://lk',
    })
    const { scoped_token: scoped, expires_at } = body as { scoped_token: string; expires_at: number }
    expect(expires_at).toBe(Math.floor(world.now() / 1000) + 3600)
    expect((await post('/v1/runtime-tokens/request', start, scoped)).status).toBe(200)
    const refusals = [
      await post('/v1/runtime-tokens/request', { ...start, agent_id: 'A2' }, scoped),
      await post('/v1/runtime-tokens/request', { ...start, room_name: 'other' }, scoped),
      await post('/v1/runtime-tokens/request', {}, scoped),
      await post('/v1/runtime-tokens/mint', { agent_code: 'A1' }, scoped),
      await post('/v1/agent/A1/speak', { message: 'x' }, scoped),
    ]
    for (const refused of refusals) expect(refused).toMatchObject(refusal(401, 'UNAUTHORIZED'))
    bithuman.rotate()
    expect(await post('/v1/runtime-tokens/request', start, scoped)).toMatchObject(refusal(403, 'RUNTIME_SUSPENDED'))
  })

  test('a scoped token lives for an hour', async () => {
    const { post, world } = fixture()
    const { body } = await post('/v1/runtime-tokens/mint', { agent_code: 'A1', scope: 'livekit-cloud' })
    await world.pass(3_600_000)
    expect((await post('/v1/runtime-tokens/request', start, (body as { scoped_token: string }).scoped_token)).status).toBe(401)
  })

  test.each([
    [{}, 'MISSING_PARAM'],
    [{ agent_code: 'A1', scope: 'everything' }, 'VALIDATION_ERROR'],
  ])('mint refuses %j', async (body, code) => {
    expect(await fixture().post('/v1/runtime-tokens/mint', body)).toMatchObject(refusal(400, code))
  })
})

describe('embed-tokens/request', () => {
  test('answers a token of one hour', async () => {
    const { post } = fixture()
    const { status, body } = await post('/v1/embed-tokens/request', { agent_id: 'A1', fingerprint: 'f00d', model: 'essence-2' })
    const data = { token, sid: expect.any(String), supported_models: ['essence-2', 'expression-2'], model: 'essence-2' }
    expect([status, body]).toEqual([200, { status: 'success', status_code: 200, data }])
    const { iat = 0, exp, agent_id } = decodeJwt((body as { data: { token: string } }).data.token)
    expect([exp, agent_id]).toEqual([iat + 3600, 'A1'])
  })

  test.each([{ fingerprint: 'f' }, { agent_id: 'A1' }, { agent_id: 7, fingerprint: 'f' }, {}])('%j lacks a field', async (body) => {
    expect(await fixture().post('/v1/embed-tokens/request', body)).toMatchObject(refusal(400, 'VALIDATION_ERROR'))
  })

  test('an agent of somebody else', async () => {
    const { post } = fixture({ agents: ['A1'] })
    expect(await post('/v1/embed-tokens/request', { agent_id: 'A9', fingerprint: 'f' })).toMatchObject(refusal(404, 'NOT_FOUND'))
  })

  test('an embed token opens no runtime', async () => {
    const { post, dial } = fixture()
    const { body } = await post('/v1/embed-tokens/request', { agent_id: 'A1', fingerprint: 'f' })
    await expect(dial((body as { data: { token: string } }).data.token)).rejects.toThrow('refused: 401')
  })
})

test('realtime/ephemeral-token: 20 a minute', async () => {
  const { post, world } = fixture()
  const data = { value: expect.stringMatching(/^ek_/), expires_at: Math.floor(world.now() / 1000) + 600, model: 'gpt-realtime-mini' }
  expect(await post('/v1/realtime/ephemeral-token', {})).toMatchObject({ status: 200, body: { data, status: 'success', status_code: 200 } })
  for (let i = 0; i < 19; i++) await post('/v1/realtime/ephemeral-token', {})
  expect(await post('/v1/realtime/ephemeral-token', {})).toMatchObject(refusal(429, 'RATE_LIMITED'))
})

describe('agents', () => {
  test('speak says it in the live rooms of the agent', async () => {
    const { mint, dial, post, world } = fixture()
    const one = await dial((await mint(undefined, { agent_code: 'A1', room_name: 'lobby' })).token)
    const other = await dial((await mint(undefined, { agent_code: 'A2' })).token)
    await world.pass(0)
    const { status, body } = await post('/v1/agent/A1/speak', { message: 'Hello' })
    expect([status, body]).toMatchObject([200, { agent_code: 'A1', context_type: 'speak', delivered_to_rooms: 1, rooms: ['lobby'] }])
    expect(one.got).toContainEqual({ type: 'transcript', text: 'Hello' })
    expect(other.got).not.toContainEqual({ type: 'transcript', text: 'Hello' })
  })

  test('context is silent, unless its type is speak', async () => {
    const { mint, dial, post } = fixture()
    const socket = await dial((await mint()).token, 'A5')
    expect((await post('/v1/agent/A5/add-context', { context: 'a' })).body).toMatchObject({
      context_type: 'add_context',
      delivered_to_rooms: 1,
    })
    expect((await post('/v1/agent/A5/add-context', { context: 'b', type: 'speak' })).body).toMatchObject({ context_type: 'speak' })
    expect(socket.got.filter(({ type }) => type === 'transcript')).toEqual([{ type: 'transcript', text: 'b' }])
  })

  test.each(['speak', 'add-context'])('%s: the two 404s and the missing field', async (verb) => {
    const { mint, dial, post } = fixture({ agents: ['A1'] })
    const body = { message: 'x', context: 'x' }
    expect(await post(`/v1/agent/A1/${verb}`, body)).toMatchObject(refusal(404, 'NOT_FOUND', 'No active rooms found for agent A1'))
    expect(await post(`/v1/agent/A9/${verb}`, body)).toMatchObject(refusal(404, 'NOT_FOUND', 'Agent not found for code: A9'))
    await dial((await mint(undefined, { room_name: 'r' })).token)
    expect((await post(`/v1/agent/A1/${verb}`, body)).status).toBe(200)
    expect(await post(`/v1/agent/A1/${verb}`, { ...body, room_id: 'other' })).toMatchObject(refusal(404, 'NOT_FOUND'))
    expect(await post(`/v1/agent/A1/${verb}`, {})).toMatchObject(refusal(400, 'MISSING_PARAM'))
  })
})

test('me', async () => {
  const { get, bithuman } = fixture({ userId: 'u7' })
  expect(await get('/v1/me')).toMatchObject({
    status: 200,
    body: { data: { user_id: 'u7', credit_balance: 99, account_status: 'active' } },
  })
  bithuman.outOfCredit(true)
  expect(await get('/v1/me')).toMatchObject({ status: 200, body: { data: { credit_balance: 0 } } })
})

test('a session is ended once, and its end is the same answer the second time', async () => {
  const { mint, post, get, world } = fixture()
  const { transaction } = await mint()
  await world.pass(131_200)
  const first = await post(`/v1/runtime-sessions/${transaction}/end`)
  expect(first).toMatchObject({ status: 200, body: { session_id: transaction, status: 'ended', billed_seconds: 131.2, ended: true } })
  await world.pass(60_000)
  expect((await post(`/v1/runtime-sessions/${transaction}/end`)).body).toEqual(first.body)
  expect((await get(`/v1/runtime-sessions/${transaction}`)).body).toMatchObject({ status: 'ended' })
  expect(await post('/v1/runtime-sessions/nobody/end')).toMatchObject(refusal(404, 'NOT_FOUND'))
})

describe('who is asking', () => {
  const everywhere = [...tokenEndpoints, ...restEndpoints]

  test.each(everywhere)('%s without and with a wrong secret', async (path, body) => {
    const { post } = fixture()
    expect(await post(path, body, null)).toMatchObject(refusal(401, 'MISSING_AUTH'))
    expect(await post(path, body, 'wrong')).toMatchObject(refusal(401, 'UNAUTHORIZED', 'Invalid API secret'))
  })

  test.each(tokenEndpoints)('%s with a rotated secret: 403', async (path, body) => {
    const { post, bithuman } = fixture()
    const old = bithuman.secret
    const fresh = bithuman.rotate()
    expect(await post(path, body, old)).toMatchObject(refusal(403, 'RUNTIME_SUSPENDED'))
    expect((await post(path, body, fresh)).status).toBe(200)
  })

  test.each(restEndpoints)('%s with a rotated secret: 401', async (path, body) => {
    const { post, bithuman } = fixture()
    const old = bithuman.secret
    bithuman.rotate()
    expect(await post(path, body, old)).toMatchObject(refusal(401, 'UNAUTHORIZED'))
  })

  test('the older docs: 401 for a rotated secret everywhere', async () => {
    const { post, bithuman } = fixture({ revokedStatus: 401 })
    const old = bithuman.secret
    bithuman.rotate()
    expect(await post('/v1/runtime-tokens/request', {}, old)).toMatchObject(refusal(401, 'UNAUTHORIZED'))
  })

  test('suspended: 403 on token endpoints only', async () => {
    const { post, get, bithuman } = fixture()
    bithuman.suspend(true)
    for (const [path, body] of tokenEndpoints) expect(await post(path, body)).toMatchObject(refusal(403, 'RUNTIME_SUSPENDED'))
    expect((await get('/v1/me')).status).toBe(200)
    bithuman.suspend(false)
    expect((await post('/v1/runtime-tokens/request')).status).toBe(200)
  })

  test('out of credit: 402', async () => {
    const { post, bithuman } = fixture()
    bithuman.outOfCredit(true)
    for (const [path, body] of tokenEndpoints) expect(await post(path, body)).toMatchObject(refusal(402, 'INSUFFICIENT_BALANCE'))
    expect(bithuman.counts.refusedMints).toBe(1)
  })

  test.each([
    [401, undefined, 'UNAUTHORIZED'],
    [402, undefined, 'INSUFFICIENT_BALANCE'],
    [403, undefined, 'RUNTIME_SUSPENDED'],
    [403, 'CONCURRENCY_LIMIT_REACHED', 'CONCURRENCY_LIMIT_REACHED'],
    [403, 'ACCOUNT_SUSPENDED', 'ACCOUNT_SUSPENDED'],
    [429, undefined, 'RATE_LIMITED'],
    [500, undefined, 'INTERNAL_ERROR'],
    [503, 'SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE'],
    [502, undefined, 'INTERNAL_ERROR'],
  ] as const)('refuseMints(%i, %s)', async (status, code, seen) => {
    const { post, bithuman } = fixture()
    bithuman.refuseMints(status, code)
    expect(await post('/v1/runtime-tokens/request')).toMatchObject(refusal(status, seen))
    bithuman.refuseMints(null)
    expect((await post('/v1/runtime-tokens/request')).status).toBe(200)
  })

  test('30 failures a minute and address, then 429; a valid secret is never throttled', async () => {
    const { post, world, bithuman } = fixture()
    for (let i = 0; i < 30; i++) expect((await post('/v1/runtime-tokens/request', {}, 'wrong')).status).toBe(401)
    const throttled = await post('/v1/runtime-tokens/request', {}, 'wrong')
    expect(throttled).toMatchObject(refusal(429, 'RATE_LIMITED'))
    expect(throttled.headers.get('retry-after')).toBe('60')
    expect((await post('/v1/runtime-tokens/request')).status).toBe(200)
    const elsewhere = new Request('https://api.bithuman.ai/v1/me', {
      headers: { 'api-secret': 'wrong', 'x-forwarded-for': '10.0.0.1, 10.0.0.2' },
    })
    expect((await bithuman.fetch(elsewhere)).status).toBe(401)
    await world.pass(60_000)
    expect((await post('/v1/runtime-tokens/request', {}, 'wrong')).status).toBe(401)
    bithuman.throttleFailures(false)
    for (let i = 0; i < 40; i++) expect((await post('/v1/runtime-tokens/request', {}, 'wrong')).status).toBe(401)
  })

  test('metered calls show the bucket, and are refused when it is empty; beats never are', async () => {
    const { post, get, world } = fixture({ writesPerMinute: 2 })
    const first = await post('/v1/embed-tokens/request', { agent_id: 'A1', fingerprint: 'f' })
    const shown = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'x-request-id'].map((name) => first.headers.get(name))
    expect(shown).toEqual(['2', '1', String(world.now() / 1000 + 30), uuid])
    await post('/v1/agent/A1/speak', { message: 'x' })
    const refused = await post('/v1/agent/A1/speak', { message: 'x' })
    expect(refused).toMatchObject(refusal(429, 'RATE_LIMITED', 'Too many write requests for this api-secret. Retry in ~30s.'))
    expect(refused.headers.get('retry-after')).toBe('30')
    expect((await get('/v1/me')).headers.get('x-ratelimit-limit')).toBe('240')
    for (let beat = 0; beat < 300; beat++) expect((await post('/v1/runtime-tokens/request')).status).toBe(200)
    await world.pass(30_000)
    expect((await post('/v1/agent/A1/speak', { message: 'x' })).status).toBe(404)
  })
})

test.each([
  ['GET', '/v1/runtime-tokens/request'],
  ['POST', '/v1/nothing'],
  ['POST', '/v2/user_01/runtime-sessions'],
  ['GET', '/'],
])('%s %s is not there', async (method, path) => {
  const { get, post } = fixture()
  expect(await (method === 'GET' ? get(path) : post(path))).toMatchObject(refusal(404, 'NOT_FOUND'))
})

test('secrets() lists everything that was given out', async () => {
  const { post, mint, bithuman } = fixture({ secret: 'first' })
  const given = ['first', (await mint()).token]
  const { body } = await post('/v1/realtime/ephemeral-token')
  given.push((body as { data: { value: string } }).data.value, bithuman.rotate())
  const embed = await post('/v1/embed-tokens/request', { agent_id: 'A1', fingerprint: 'f' })
  given.push((embed.body as { data: { token: string } }).data.token)
  expect(bithuman.secrets()).toEqual(given)
})

test('a secret has the documented length', () => {
  const { bithuman } = fixture()
  expect([bithuman.secret.length, bithuman.rotate().length]).toEqual([65, 65])
})
