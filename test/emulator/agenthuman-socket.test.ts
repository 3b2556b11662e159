import { afterEach, describe, expect, test } from 'vitest'
import { createAgenthuman } from '../../src/emulator/agenthuman.ts'
import { mount } from '../../src/emulator/mount.ts'
import { realWorld, serve, type Served } from '../../src/emulator/node.ts'
import { type Created, fixture, init, pcm } from './agenthuman-fixture.ts'
import { connect, eventually } from './client.ts'

const second = 1000
const statusOf = async ({ call }: Pick<ReturnType<typeof fixture>, 'call'>, { session_id }: Created) =>
  ((await call('GET', `/sessions/${session_id}`)).body['session'] as { status: string }).status

describe('the first message', () => {
  test('session.init with id and token: connection.established', async () => {
    const { meet, agenthuman } = fixture()
    const { session, socket } = await meet()
    expect(socket.got).toEqual([{ type: 'connection.established', session_id: session.session_id }])
    expect([agenthuman.liveSockets, agenthuman.counts.upgrades, agenthuman.counts.initialised]).toEqual([1, 1, 1])
  })

  test('nothing is said before it, and the address needs no token', async () => {
    const { dial } = fixture()
    expect((await dial('/?access_token=anything')).got).toEqual([])
    await expect(dial('/v1/sessions')).rejects.toThrow('refused: 404')
  })

  test('the older form: nested in config, with access_token', async () => {
    const { call, dial } = fixture()
    const { session } = (await call('POST', '/sessions', { avatar_id: 'a' })).body as {
      session: { session_id: string; access_token: string }
    }
    const { session_id, access_token } = session
    const room = { platform: 'daily', url: 'https://agenthuman.daily.co/x', token: 't' }
    const first = { type: 'session.init', config: { session_id, access_token, room, video_width: 1280, video_height: 720 } }
    const early = await dial()
    early.say(first)
    expect([early.got, early.closed[0]?.code]).toEqual([[{ type: 'error', error: 'Session has not been started' }], 1008])
    await call('PUT', `/sessions/${session_id}/start`)
    const socket = await dial()
    socket.say(first)
    expect(socket.got).toEqual([{ type: 'connection.established', session_id }])
  })

  test.each([
    ['another type', { type: 'interrupt' }],
    ['no type', { session_id: 'x' }],
    ['no JSON', 'hello'],
    ['no object', '[]'],
    ['a binary frame', new Uint8Array(4)],
  ])('%s is refused with the documented text, and closed', async (_, data) => {
    const { dial, create, agenthuman } = fixture()
    await create()
    const socket = await dial()
    socket.say(data)
    const error = 'First message must be session.init'
    expect([socket.got, socket.closed]).toEqual([[{ type: 'error', error }], [{ code: 1008, reason: error }]])
    expect([agenthuman.liveSockets, agenthuman.liveSessions, agenthuman.counts.refusedInits]).toEqual([0, 1, 1])
  })

  test('a token of another, an ended or an expired session is refused; the session it named lives on', async () => {
    const kit = fixture({ sessionSeconds: 100 })
    const { create, dial, call, world, agenthuman } = kit
    const refusal = async (first: object) => {
      const socket = await dial()
      socket.say(first)
      return [socket.got, socket.closed.map(({ code }) => code)]
    }
    const refused = (error: string) => [[{ type: 'error', error }], [1008]]
    const [one, other] = [await create(), await create()]
    expect(await refusal({ ...init(one), session_token: other.session_token })).toEqual(refused('Invalid session credentials'))
    expect(await refusal({ type: 'session.init', session_id: one.session_id })).toEqual(refused('Invalid session credentials'))
    expect(await refusal({ ...init(one), session_id: 'sess_x' })).toEqual(refused('Invalid session credentials'))
    expect(await refusal({ ...init(one), session_token: agenthuman.key })).toEqual(refused('Invalid session credentials'))
    await call('POST', `/sessions/${other.session_id}/end`)
    expect(await refusal(init(other))).toEqual(refused('Session has already ended'))
    expect(await statusOf(kit, one)).toBe('started')
    await world.pass(100 * second)
    expect(await refusal(init(one))).toEqual(refused('Session has already ended'))
  })

  test('a second socket is refused, and the first goes on', async () => {
    const kit = fixture()
    const { session, socket } = await kit.meet()
    const second = await kit.dial()
    second.say(init(session))
    expect([second.got, second.closed.length]).toEqual([[{ type: 'error', error: 'Session already has a connection' }], 1])
    socket.say(init(session))
    expect([socket.got.at(-1), socket.closed]).toEqual([{ type: 'error', error: 'Session is already initialized' }, []])
    expect(await statusOf(kit, session)).toBe('started')
  })
})

describe('the end', () => {
  test('a session ends the moment its socket is gone, and its token is dead', async () => {
    const kit = fixture()
    const { session, socket } = await kit.meet()
    socket.leave()
    expect([await statusOf(kit, session), kit.agenthuman.liveSockets, kit.world.timers]).toEqual(['ended', 0, 0])
    const again = await kit.dial()
    again.say(init(session))
    expect(again.got).toEqual([{ type: 'error', error: 'Session has already ended' }])
  })

  test('a socket that never showed a token ends nothing', async () => {
    const kit = fixture()
    const session = await kit.create()
    const socket = await kit.dial()
    socket.leave()
    expect(await statusOf(kit, session)).toBe('started')
  })

  test('at its expiration the socket is closed', async () => {
    const { meet, world, agenthuman } = fixture({ sessionSeconds: 600 })
    const { socket } = await meet()
    await world.pass(600 * second - 1)
    expect(socket.closed).toEqual([])
    await world.pass(1)
    expect(socket.got.at(-1)).toEqual({ type: 'session.state', state: 'disconnected', reason: 'expired' })
    expect([socket.closed, agenthuman.liveSockets, world.timers]).toEqual([[{ code: 1000, reason: 'session expired' }], 0, 0])
  })

  test('ended over REST the socket is closed', async () => {
    const { meet, call } = fixture()
    const { session, socket } = await meet()
    await call('POST', `/sessions/${session.session_id}/end`)
    expect(socket.got.at(-1)).toEqual({ type: 'session.state', state: 'disconnected', reason: 'ended' })
    expect(socket.closed).toEqual([{ code: 1000, reason: 'session ended' }])
  })

  test('expireSessions() and dropSockets() end sessions', async () => {
    const { meet, create, agenthuman } = fixture()
    const { socket } = await meet()
    await create()
    expect(agenthuman.expireSessions()).toBe(2)
    expect(socket.closed).toEqual([{ code: 1000, reason: 'session expired' }])
    const [cut, closed] = [await meet(), fixture()]
    expect(agenthuman.dropSockets()).toBe(1)
    expect([cut.socket.closed, agenthuman.liveSessions]).toEqual([[{ code: 1006, reason: '' }], 0])
    const other = await closed.meet()
    expect(closed.agenthuman.dropSockets(1012, 'restart')).toBe(1)
    expect([other.socket.closed, closed.agenthuman.liveSessions]).toEqual([[{ code: 1012, reason: 'restart' }], 0])
  })
})

describe('audio', () => {
  test.each([
    ['16 kHz', 1600, 16_000, 1600],
    ['48 kHz, resampled', 4800, 48_000, 1600],
    ['without a rate: 16 kHz', 1600, undefined, 1600],
  ])('%s: the confirmation counts samples at 16 kHz', async (_, samples, sample_rate, audio_samples) => {
    const { socket } = await fixture({ fps: 0 }).meet()
    socket.say({ type: 'speak', audio: pcm(samples), sample_rate })
    expect(socket.got.slice(1)).toEqual([{ type: 'audio.received', audio_samples }])
  })

  test('the avatar’s mouth moves as loud and as long as the sound, one piece after the other', async () => {
    const { meet, world, agenthuman } = fixture()
    const { socket } = await meet()
    socket.say({ type: 'speak', audio: pcm(3200, 16_384), sample_rate: 16_000 })
    socket.say({ type: 'speak', audio: pcm(1600, 0), sample_rate: 16_000 })
    await world.pass(10 * second)
    const frame = (index: number, mouth: number) => ({ type: 'avatar.frame', index, mouth })
    expect(socket.got.slice(1)).toEqual([
      { type: 'audio.received', audio_samples: 3200 },
      { type: 'session.state', state: 'speaking' },
      { type: 'audio.received', audio_samples: 1600 },
      ...[frame(0, 0.5), frame(1, 0.5), frame(2, 0)],
      { type: 'session.state', state: 'idle' },
    ])
    expect([agenthuman.counts.frames, socket.closed]).toEqual([3, []])
  })

  test('an interrupt stops it and is confirmed', async () => {
    const { meet, world } = fixture()
    const { socket } = await meet()
    socket.say({ type: 'speak', audio: pcm(16_000), sample_rate: 16_000 })
    await world.pass(250)
    socket.say({ type: 'interrupt' })
    await world.pass(10 * second)
    expect(socket.types().slice(3)).toEqual(['avatar.frame', 'avatar.frame', 'session.state', 'playback.interrupted'])
    socket.say({ type: 'interrupt' })
    expect(socket.types().at(-1)).toBe('playback.interrupted')
  })

  test('what is said after an interrupt keeps its own time', async () => {
    const { meet, world, agenthuman } = fixture()
    const { socket } = await meet()
    socket.say({ type: 'speak', audio: pcm(16_000), sample_rate: 16_000 })
    await world.pass(50)
    socket.say({ type: 'interrupt' })
    socket.say({ type: 'speak', audio: pcm(16_000), sample_rate: 16_000 })
    await world.pass(99)
    expect(agenthuman.counts.frames).toBe(0)
    await world.pass(1)
    expect(agenthuman.counts.frames).toBe(1)
  })

  test.each([
    ['no base64', { type: 'speak', audio: '%%%' }],
    ['half a sample', { type: 'speak', audio: 'AAAA' }],
    ['nothing', { type: 'speak', audio: '' }],
    ['a rate that is none', { type: 'speak', audio: pcm(2), sample_rate: 'fast' }],
    ['an unknown type', { type: 'wave' }],
    ['no type', { audio: pcm(2) }],
    ['no JSON', '{'],
    ['a binary frame', new Uint8Array(2)],
    ['more than 10 MB', `{"type":"speak","audio":"${'A'.repeat(10 * 2 ** 20)}"}`],
  ])('%s: an error with its text, and the socket stays', async (_, data) => {
    const { socket } = await fixture().meet()
    socket.say(data)
    expect(socket.got.slice(1)).toEqual([{ type: 'error', error: expect.any(String) as string }])
    expect(socket.closed).toEqual([])
  })

  test('a message over REST is answered aloud', async () => {
    const { meet, call, world } = fixture()
    const { session, socket } = await meet()
    const { body } = await call('POST', `/sessions/${session.session_id}/messages`, { content: 'Hello' })
    const { content } = body['reply'] as { content: string }
    await world.pass(60 * second)
    expect(socket.got[1]).toEqual({ type: 'transcript', role: 'assistant', text: content })
    expect(new Set(socket.types().slice(2))).toEqual(new Set(['session.state', 'avatar.frame']))
    expect(socket.got.at(-1)).toEqual({ type: 'session.state', state: 'idle' })
  })
})

describe('over real HTTP and WebSocket', () => {
  let served: Served | undefined
  afterEach(() => served?.close())

  test('from the API key to the end of the session', async () => {
    const agenthuman = createAgenthuman({ world: realWorld(), fps: 100 })
    served = await serve(mount({ '/agenthuman': agenthuman, '/': agenthuman }))
    const headers = { 'x-api-key': agenthuman.key, 'content-type': 'application/json' }
    const at = `${served.url}/agenthuman/v1/sessions`
    const response = await fetch(at, { method: 'POST', headers, body: JSON.stringify({ avatar: 'avat_x', room: { platform: 'proxy' } }) })
    const { session } = (await response.json()) as { session: Created }
    const client = connect(`${served.wsUrl}/agenthuman`)
    await client.opened
    client.socket.send(JSON.stringify(init(session)))
    client.socket.send(JSON.stringify({ type: 'speak', audio: pcm(320), sample_rate: 16_000 }))
    const frames = await client.got(6)
    expect(frames.map((frame) => (JSON.parse(String(frame)) as { type: string }).type)).toEqual([
      ...['connection.established', 'audio.received', 'session.state', 'avatar.frame', 'avatar.frame', 'session.state'],
    ])
    client.socket.terminate()
    await eventually(() => [agenthuman.liveSockets, agenthuman.liveSessions]).toEqual([0, 0])
    const again = connect(served.wsUrl)
    await again.opened
    again.socket.send(JSON.stringify(init(session)))
    expect(await again.closed).toEqual({ code: 1008, reason: 'Session has already ended' })
  })

  test('the page’s own test request, and the login with a cookie', async () => {
    const agenthuman = createAgenthuman()
    served = await serve(agenthuman)
    const listed = await fetch(`${served.url}/api/v1/sessions`, { headers: { 'x-api-key': 'your_api_key_here' } })
    expect([listed.status, await listed.json()]).toEqual([401, { success: false, error: 'Invalid API key' }])
    const post = (path: string, body: object) =>
      fetch(`${served?.url}/v1${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    await post('/auth/otp/request', { email: agenthuman.email })
    const verified = await post('/auth/otp/verify', { email: agenthuman.email, otp: agenthuman.otp })
    const [cookie = ''] = verified.headers.getSetCookie()
    // Over plain HTTP a browser would not keep a `Secure` cookie.
    expect(cookie).not.toContain('Secure')
    const agents = await fetch(`${served.url}/v1/agents`, { headers: { cookie: cookie.split(';')[0] ?? '' } })
    expect([agents.status, await agents.json()]).toEqual([200, { success: true, agents: [] }])
  })
})
