import { describe, expect, test } from 'vitest'
import { agentBody, fixture, room, type Fields } from './agenthuman-fixture.ts'

const second = 1000
const minute = 60 * second
const token = expect.stringMatching(/^[A-Za-z0-9]{48}$/) as string
const sess = expect.stringMatching(/^sess_[0-9A-HJKMNP-TV-Z]{26}$/) as string
const usage = (current: number, max: number, total_remaining: number) => ({
  concurrency: { current, max, available: max - current },
  minutes: { total_remaining },
})

describe('the current generation', () => {
  test('starts at once, with token, room, expiration and usage', async () => {
    const { call, agenthuman } = fixture({ maxConcurrent: 3 })
    const metadata = { user_name: 'John Doe', session_purpose: 'Customer Support' }
    const { status, body } = await call('POST', '/sessions', { avatar: 'avat_x', aspect_ratio: '3:4', room, metadata })
    const session = {
      session_id: sess,
      status: 'started',
      session_token: token,
      started_at: '2026-11-22T12:00:00Z',
      ended_at: null,
      expiration: '2026-11-22T13:00:00Z',
      duration: 0,
      aspect_ratio: '3:4',
      metadata,
      room: { roomURL: 'wss://lk.example', participantToken: 'room-token' },
    }
    expect([status, body]).toEqual([200, { success: true, session, usage: usage(1, 3, 120), message: 'Session started successfully' }])
    expect(agenthuman.secrets()).toContain((body['session'] as Fields)['session_token'])
    expect([agenthuman.counts.sessions, agenthuman.liveSessions]).toEqual([1, 1])
  })

  test('as pipecat asks for it: a room of AgentHuman’s own, and a ratio that falls back to 4:3', async () => {
    const { create } = fixture()
    const session = await create({ aspect_ratio: 'auto', room: { platform: 'proxy' } })
    expect(session).toMatchObject({
      aspect_ratio: '4:3',
      room: { roomURL: expect.stringMatching(/^wss:/), participantToken: expect.any(String) },
    })
  })

  test('as "Making Avatars Talk" asks for it: avatar_id with a room', async () => {
    const { create } = fixture()
    const session = await create({ avatar: undefined, avatar_id: 'avat_x', room: { platform: 'daily', url: 'https://d', token: 't' } })
    expect(session).toMatchObject({ status: 'started', session_token: token })
  })

  test('read later it has no token and no room ("Get Session")', async () => {
    const { call, create, world } = fixture()
    const { session_id } = await create()
    await world.pass(90 * second)
    const { body } = await call('GET', `/sessions/${session_id}`)
    expect(Object.keys(body['session'] as object).sort()).toEqual([
      ...['aspect_ratio', 'duration', 'ended_at', 'expiration', 'metadata', 'session_id', 'started_at', 'status'],
    ])
    expect(body['session']).toMatchObject({ session_id, status: 'started', duration: 90 })
    expect(await call('GET', '/sessions/sess_other')).toMatchObject({
      status: 404,
      body: { success: false, error: { message: 'Session not found' } },
    })
  })

  test.each(['POST', 'PUT'])('is ended by %s, which is safe to repeat, and cannot be restarted', async (method) => {
    const { call, create, world } = fixture()
    const { session_id } = await create()
    await world.pass(2 * minute)
    const ended = { session_id, status: 'ended', started_at: '2026-11-22T12:00:00Z', ended_at: '2026-11-22T12:02:00Z', duration: 120 }
    expect(await call(method, `/sessions/${session_id}/end`)).toMatchObject({ status: 200, body: { success: true, session: ended } })
    await world.pass(minute)
    expect(await call(method, `/sessions/${session_id}/end`)).toMatchObject({ status: 200, body: { success: true, session: ended } })
    expect(await call('PUT', `/sessions/${session_id}/start`)).toMatchObject({ status: 400, body: { success: false } })
    expect((await call('GET', `/sessions/${session_id}`)).body['session']).toMatchObject(ended)
    expect(world.timers).toBe(0)
  })

  test.each([
    ['nothing named', {}, 'Avatar ID is required'],
    ['metadata that is no object', { avatar: 'a', metadata: [] }, 'metadata must be a valid JSON object'],
    ['an unknown platform', { avatar: 'a', room: { platform: 'zoom' } }, 'room.platform must be livekit, daily or proxy'],
    ['a room without a token', { avatar: 'a', room: { platform: 'livekit', url: 'wss://x' } }, 'room.token is required'],
  ])('%s is 400', async (_, body, message) => {
    const { call, agenthuman } = fixture()
    expect(await call('POST', '/sessions', body)).toMatchObject({ status: 400, body: { success: false, error: { message } } })
    expect(agenthuman.counts).toMatchObject({ sessions: 0, refusedSessions: 1 })
  })

  test('a body that is no JSON object is 400', async () => {
    const { call } = fixture()
    for (const body of ['{', '[]', 'null']) expect((await call('POST', '/sessions', body)).status).toBe(400)
  })

  test('a plan without an end has no expiration', async () => {
    const { create, meet, world } = fixture({ sessionSeconds: null })
    expect((await create())['expiration']).toBeNull()
    const { socket } = await meet()
    await world.pass(100 * 24 * 60 * minute)
    expect(socket.closed).toEqual([])
  })
})

describe('the older generation', () => {
  test('is created first, with access_token and a Daily room', async () => {
    const { call } = fixture({ maxConcurrent: 1 })
    const { body } = await call('POST', '/sessions', { avatar_id: 'avat_01H3Z8G9YR3K2N5M6P7Q8W4T', metadata: {} })
    // The documented sample, with what is drawn left open.
    expect(body).toMatchObject({
      success: true,
      session: {
        session_id: sess,
        avatar: { avatar_id: 'avat_01H3Z8G9YR3K2N5M6P7Q8W4T', name: expect.any(String) as string, url: expect.any(String) as string },
        session_type: 'webrtc_video',
        status: 'created',
        access_token: token,
        started_at: null,
        ended_at: null,
        expiration: null,
        created_at: '2026-11-22T12:00:00Z',
        metadata: {},
      },
      usage: { concurrency: { current: 0, max: 1, available: 1 }, minutes: { total_remaining: 120 } },
      message: 'Session created successfully',
    })
    expect(Object.keys((body['session'] as { daily_room: object }).daily_room)).toEqual(['url', 'name', 'token'])
  })

  test.each(['PUT', 'POST'])('%s start: try_again first, then the address; asking again is safe', async (method) => {
    const { call, world } = fixture({ wsUrl: 'wss://wss.example' })
    const { session } = (await call('POST', '/sessions', { avatar_id: 'a' })).body as { session: { session_id: string } }
    await world.pass(minute)
    const start = () => call(method, `/sessions/${session.session_id}/start`)
    // From docs.agenthuman.com, "Start Session", with our times.
    const sample = { success: true, ws_uri: 'try_again', expiration: '2026-11-22T13:01:00Z', message: 'Session started successfully' }
    expect((await start()).body).toEqual(sample)
    await world.pass(1 * second)
    expect((await start()).body).toEqual(sample)
    await world.pass(1 * second)
    expect((await start()).body).toEqual({ ...sample, ws_uri: 'wss://wss.example' })
    expect((await call('GET', `/sessions/${session.session_id}`)).body['session']).toMatchObject({
      status: 'started',
      started_at: '2026-11-22T12:01:00Z',
    })
  })

  test('start asks for minutes and a place once more', async () => {
    const { call, create, agenthuman } = fixture({ maxConcurrent: 1 })
    const { session } = (await call('POST', '/sessions', { avatar_id: 'a' })).body as { session: { session_id: string } }
    const { session_id } = await create()
    const start = () => call('PUT', `/sessions/${session.session_id}/start`)
    expect((await start()).status).toBe(429)
    await call('POST', `/sessions/${session_id}/end`)
    agenthuman.outOfMinutes(true)
    expect((await start()).status).toBe(402)
    agenthuman.outOfMinutes(false)
    expect((await start()).status).toBe(200)
  })

  test('a session that was only created waits, uses nothing, and can be ended', async () => {
    const { call, world } = fixture()
    const { session } = (await call('POST', '/sessions', { avatar_id: 'a' })).body as { session: { session_id: string } }
    await world.pass(60 * minute)
    expect((await call('GET', `/sessions/${session.session_id}`)).body['session']).toMatchObject({ status: 'created' })
    await call('PUT', `/sessions/${session.session_id}/end`)
    expect((await call('PUT', `/sessions/${session.session_id}/start`)).status).toBe(400)
    expect((await call('POST', '/sessions', { avatar_id: 'a' })).body['usage']).toEqual(usage(0, 5, 120))
  })
})

describe('the oldest generation', () => {
  test('an agent, numbers for ids, active and completed, and no token', async () => {
    const { call, own, world } = fixture()
    await own('POST', '/agents', agentBody)
    const body = { agent_id: 1, session_type: 'agent_voice', metadata: { source: 'web_app', device: 'desktop' } }
    // From docs.agenthuman.com, "Create Session" on the host of that time, with our values.
    const session = {
      session_id: 1,
      agent_id: 1,
      agent_name: 'Support Agent',
      session_type: 'agent_voice',
      status: 'active',
      started_at: '2026-11-22T12:00:00Z',
      metadata: { source: 'web_app', device: 'desktop' },
      avatar_id: 1,
      avatar_name: 'Professional Avatar',
      avatar_url: agentBody.avatar_image_url,
      voice_id: null,
    }
    expect((await call('POST', '/sessions', body)).body).toEqual({ success: true, session, message: 'Session started successfully' })
    await world.pass(5 * minute)
    const ended = { ...session, status: 'completed', ended_at: '2026-11-22T12:05:00Z', duration: 300 }
    expect((await call('PUT', '/sessions/1/end')).body).toEqual({ success: true, session: ended, message: 'Session ended successfully' })
  })

  test('another agent is refused with the documented text', async () => {
    const { call } = fixture()
    expect(await call('POST', '/sessions', { agent_id: 123 })).toMatchObject({
      status: 404,
      body: { success: false, error: 'Agent not found or access denied' },
    })
  })

  test('messages are kept and answered', async () => {
    const { call, own } = fixture()
    const { agent_id } = (await own('POST', '/agents', agentBody)).body['agent'] as { agent_id: string }
    await call('POST', '/sessions', { agent_id })
    const said = await call('POST', '/sessions/1/messages', { content: 'Hello' })
    expect(said.body).toMatchObject({ success: true, message: { role: 'user', content: 'Hello' }, reply: { role: 'assistant' } })
    const { message, reply } = said.body
    expect((await call('GET', '/sessions/1/messages')).body).toEqual({ success: true, messages: [message, reply] })
    expect((await call('POST', '/sessions/1/messages', {})).status).toBe(400)
    expect((await call('POST', '/sessions/2/messages', { content: 'x' })).status).toBe(404)
    await call('POST', '/sessions/1/end')
    expect((await call('POST', '/sessions/1/messages', { content: 'x' })).status).toBe(400)
  })
})

test('sessions are listed, newest first, by status and agent', async () => {
  const { call, own, create } = fixture()
  await own('POST', '/agents', agentBody)
  const { session_id } = await create()
  await call('POST', '/sessions', { agent_id: 1 })
  await call('POST', '/sessions', { avatar_id: 'a' })
  await call('POST', `/sessions/${session_id}/end`)
  const listed = async (query: string) =>
    ((await call('GET', `/sessions${query}`)).body['sessions'] as { session_id: unknown }[]).map((one) => one.session_id)
  expect(await listed('')).toEqual([sess, 2, session_id])
  expect(await listed('?status=active')).toEqual([2])
  expect(await listed('?status=completed')).toEqual([session_id])
  expect(await listed('?status=ended')).toEqual([session_id])
  expect(await listed('?agent_id=1')).toEqual([2])
})

describe('the ends of a session', () => {
  test('at its expiration', async () => {
    const { call, create, world } = fixture({ sessionSeconds: 60 })
    const { session_id } = await create()
    await world.pass(59 * second)
    expect((await call('GET', `/sessions/${session_id}`)).body['session']).toMatchObject({ status: 'started' })
    await world.pass(1 * second)
    expect((await call('GET', `/sessions/${session_id}`)).body['session']).toMatchObject({
      status: 'ended',
      ended_at: '2026-11-22T12:01:00Z',
      expiration: '2026-11-22T12:01:00Z',
    })
  })

  test('as an orphan, 3 minutes after its start, if nobody ever connected', async () => {
    const { agenthuman, create, meet, world } = fixture()
    const { socket } = await meet()
    await create()
    await world.pass(3 * minute - 1)
    expect(agenthuman.liveSessions).toBe(2)
    await world.pass(1)
    expect([agenthuman.liveSessions, socket.closed]).toEqual([1, []])
  })

  test('the orphan of an older session is counted from its start', async () => {
    const { agenthuman, call, world } = fixture()
    const { session } = (await call('POST', '/sessions', { avatar_id: 'a' })).body as { session: { session_id: string } }
    await world.pass(10 * minute)
    await call('PUT', `/sessions/${session.session_id}/start`)
    await world.pass(3 * minute - 1)
    expect(agenthuman.liveSessions).toBe(1)
    await world.pass(1)
    expect(agenthuman.liveSessions).toBe(0)
  })
})

describe('usage enforcement', () => {
  test('concurrency: refused with a code until a session ends', async () => {
    const { call, create, agenthuman } = fixture({ maxConcurrent: 1 })
    const { session_id } = await create()
    const error = {
      code: 'CONCURRENCY_LIMIT_REACHED',
      message: 'Concurrent session limit reached.',
      details: { current: 1, max: 1, available: 0 },
    }
    const body = { avatar: 'a', room }
    expect(await call('POST', '/sessions', body)).toMatchObject({ status: 429, body: { success: false, error } })
    expect(agenthuman.counts).toMatchObject({ sessions: 1, refusedSessions: 1 })
    await call('POST', `/sessions/${session_id}/end`)
    expect((await call('POST', '/sessions', body)).status).toBe(200)
  })

  test('two requests at the same moment get one place', async () => {
    const { call } = fixture({ maxConcurrent: 1 })
    const answers = await Promise.all([1, 2].map(() => call('POST', '/sessions', { avatar: 'a', room: { platform: 'proxy' } })))
    expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 429]))
  })

  test('minutes: each session is rounded up; none left is the documented refusal', async () => {
    const { call, create, world } = fixture({ minutes: 3 })
    const { session_id } = await create()
    await world.pass(61 * second)
    await call('POST', `/sessions/${session_id}/end`)
    const next = await call('POST', '/sessions', { avatar: 'a', room })
    expect(next.body['usage']).toEqual(usage(1, 5, 1))
    await world.pass(1 * second)
    // From docs.agenthuman.com, "Error".
    const message = 'No minutes remaining. Please purchase additional minutes or upgrade your plan.'
    expect(await call('POST', '/sessions', { avatar: 'a', room })).toMatchObject({
      status: 402,
      body: { success: false, error: { code: 'INSUFFICIENT_MINUTES', message } },
    })
  })

  test('outOfMinutes(): no new session, those that run go on', async () => {
    const { call, meet, agenthuman } = fixture()
    const { socket } = await meet()
    agenthuman.outOfMinutes(true)
    expect((await call('POST', '/sessions', { avatar: 'a' })).status).toBe(402)
    expect(socket.closed).toEqual([])
    agenthuman.outOfMinutes(false)
    expect((await call('POST', '/sessions', { avatar: 'a' })).status).toBe(200)
  })
})

test('refuseMints(): any status, with a code, a text for 401, and Retry-After', async () => {
  const { call, agenthuman } = fixture()
  const ask = () => call('POST', '/sessions', { avatar: 'a' })
  agenthuman.refuseMints(503, { error: 'NO_SERVERS', retryAfterSeconds: 7 })
  const busy = await ask()
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '7'])
  expect(busy.body).toMatchObject({ success: false, error: { code: 'NO_SERVERS' } })
  agenthuman.refuseMints(401)
  expect((await ask()).body).toEqual({ success: false, error: 'Invalid API key' })
  agenthuman.refuseMints(401, { error: 'API key has been revoked' })
  expect((await ask()).body).toEqual({ success: false, error: 'API key has been revoked' })
  expect((await call('GET', '/sessions')).status).toBe(200)
  agenthuman.refuseMints(null)
  expect((await ask()).status).toBe(200)
  expect(agenthuman.counts).toMatchObject({ sessions: 1, refusedSessions: 3 })
})

test('the same chance and the same clock give the same secrets', async () => {
  const [one, other] = [fixture(), fixture()]
  expect(await one.create()).toEqual(await other.create())
  expect(one.agenthuman.secrets()).toEqual(other.agenthuman.secrets())
})
