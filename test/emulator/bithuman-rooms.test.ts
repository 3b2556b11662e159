import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { createBithuman, type BithumanOptions } from '../../src/emulator/bithuman.ts'
import { field, firstField, message } from '../../src/emulator/bithuman/protobuf.ts'
import type { Conversation } from '../../src/emulator/provider.ts'
import { sign } from '../../src/jwt/sign.ts'
import { manualWorld } from './manual-world.ts'

const key = { apiKey: 'APIabc', apiSecret: 'a-secret-of-a-livekit-server-that-is-long' }
const seat = { room: 'lobby', identity: 'ann' }
type Bytes = Uint8Array<ArrayBuffer>

function fixture(options: BithumanOptions = {}) {
  const world = manualWorld()
  const bithuman = createBithuman({ world, livekit: key, ...options })
  const upgrade = (path: string, headers: Record<string, string> = {}) =>
    bithuman.upgrade({ url: new URL(`wss://room.example${path}`), headers: new Headers(headers), protocols: [] })
  const get = (path: string, init: RequestInit = {}) => bithuman.fetch(new Request(`https://room.example${path}`, init))
  /** A token of one's own, as a backend with LiveKit's server SDK makes it. */
  const signed = (claims: object = {}, secret = key.apiSecret) => {
    const now = Math.floor(world.now() / 1000)
    const whole = { iss: key.apiKey, sub: 'ann', nbf: now, exp: now + 600, video: { roomJoin: true, room: 'lobby' }, ...claims }
    return sign(whole, { secret: new TextEncoder().encode(secret) })
  }
  const dial = async (path: string) => {
    const outcome = await upgrade(path)
    if (!('open' in outcome)) throw new Error(`refused: ${outcome.status}`)
    const frames: Bytes[] = []
    const closes: [number, string][] = []
    const line: { talk?: Conversation } = {}
    const end = (code: number, reason: string) => {
      closes.push([code, reason])
      line.talk?.closed(code, reason)
    }
    line.talk = outcome.open({
      send: (data) => void frames.push(data as Bytes),
      close: (code = 1005, reason = '') => end(code, reason),
      terminate: () => end(1006, ''),
    })
    return { frames, closes, say: (data: Bytes | string) => void line.talk?.message(data) }
  }
  return { world, bithuman, upgrade, get, signed, dial }
}

/** The fields of a message, by number. */
function fieldsOf(bytes: Bytes): Record<number, number | Bytes> {
  const found: Record<number, number | Bytes> = {}
  for (let rest = bytes; rest.length > 0;) {
    const next = firstField(rest)
    if (!next) throw new Error('not a message')
    found[next.number] = next.value
    rest = rest.slice(field(next.number, next.value).length)
  }
  return found
}
const within = (bytes: number | Bytes | undefined) => fieldsOf(bytes as Bytes)
const text = (bytes: number | Bytes | undefined) => new TextDecoder().decode(bytes as Bytes)

describe('the handshake', () => {
  test.each(['/rtc?', '/rtc/v1?join_request=CgA&'])('%s opens with a room token in the query', async (path) => {
    const { bithuman, upgrade } = fixture()
    expect(await upgrade(`${path}access_token=${await bithuman.roomToken(seat)}`)).toHaveProperty('open')
  })

  test('a header counts before the query', async () => {
    const { bithuman, upgrade } = fixture()
    const token = await bithuman.roomToken(seat)
    expect(await upgrade('/rtc?access_token=nonsense', { authorization: `Bearer ${token}` })).toHaveProperty('open')
    expect(await upgrade(`/rtc?access_token=${token}`, { authorization: 'Bearer nonsense' })).toHaveProperty('status', 401)
    expect(await upgrade(`/rtc?access_token=${token}`, { authorization: 'Basic nonsense' })).toHaveProperty('status', 401)
  })

  test('a token is what a backend signs with LiveKit’s SDK, and one that it signed itself is as good', async () => {
    const { world, bithuman, upgrade, signed } = fixture()
    const now = Math.floor(world.now() / 1000)
    expect(decodeJwt(await bithuman.roomToken(seat, 60))).toMatchObject({
      iss: 'APIabc',
      sub: 'ann',
      nbf: now,
      exp: now + 60,
      video: { roomJoin: true, room: 'lobby' },
    })
    expect(await upgrade(`/rtc?access_token=${await signed()}`)).toHaveProperty('open')
  })

  test.each<[string, object, number]>([
    ['another key', { iss: 'APIother' }, 401],
    ['no right to join', { video: { room: 'lobby' } }, 401],
    ['no grants', { video: undefined }, 401],
    ['a time that is over', { exp: 1 }, 401],
    ['nobody', { sub: '' }, 400],
  ])('%s', async (_, claims, status) => {
    const { upgrade, get, signed } = fixture()
    const token = await signed(claims)
    expect(await upgrade(`/rtc?access_token=${token}`)).toHaveProperty('status', status)
    expect((await get(`/rtc/validate?access_token=${token}`)).status).toBe(status)
  })

  test('no token, a wrong signature, and what is none', async () => {
    const { upgrade, signed } = fixture()
    for (const query of ['', `?access_token=${await signed({}, 'another-secret-that-is-as-long-as-it')}`, '?access_token=x']) {
      expect(await upgrade(`/rtc${query}`)).toHaveProperty('status', 401)
    }
  })

  test('v1 wants a join_request, once the token is good', async () => {
    const { bithuman, upgrade } = fixture()
    expect(await upgrade(`/rtc/v1?access_token=${await bithuman.roomToken(seat)}`)).toHaveProperty('status', 400)
    expect(await upgrade('/rtc/v1')).toHaveProperty('status', 401)
  })

  test('a token ends with its time, or by hand; a socket that is open stays', async () => {
    const { world, bithuman, upgrade, dial } = fixture()
    const short = await bithuman.roomToken(seat, 60)
    const wire = await dial(`/rtc?access_token=${short}`)
    await world.pass(60_000)
    expect(await upgrade(`/rtc?access_token=${short}`)).toHaveProperty('status', 401)
    const token = await bithuman.roomToken(seat)
    bithuman.expireTokens()
    expect(await upgrade(`/rtc?access_token=${token}`)).toHaveProperty('status', 401)
    expect(await upgrade(`/rtc?access_token=${await bithuman.roomToken(seat)}`)).toHaveProperty('open')
    expect(wire.closes).toEqual([])
  })
})

describe('/rtc/validate', () => {
  test.each(['/rtc/validate', '/rtc/v1/validate?join_request=CgA'])(
    '%s says success to a good token in a header or the query',
    async (path) => {
      const { bithuman, get } = fixture()
      const token = await bithuman.roomToken(seat)
      const query = `${path}${path.includes('?') ? '&' : '?'}access_token=${token}`
      for (const answer of [await get(path, { headers: { authorization: `Bearer ${token}` } }), await get(query)]) {
        expect([answer.status, await answer.text(), answer.headers.get('access-control-allow-origin')]).toEqual([200, 'success', '*'])
      }
    },
  )

  test('and 401 to any other; a page may read it, and may send the header', async () => {
    const { get } = fixture()
    const refused = await get('/rtc/validate', { headers: { authorization: 'Bearer nonsense' } })
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, '*'])
    expect((await get('/rtc/validate')).status).toBe(401)
    const preflight = await get('/rtc/validate', { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, 'authorization'])
  })

  test('is no socket, and the sockets are no pages', async () => {
    const { bithuman, get, upgrade } = fixture()
    const token = await bithuman.roomToken(seat)
    expect((await get(`/rtc?access_token=${token}`)).status).toBe(404)
    expect(await upgrade(`/rtc/validate?access_token=${token}`)).toHaveProperty('status', 404)
  })
})

describe('a room', () => {
  const enter = async () => {
    const all = fixture()
    return { ...all, wire: await all.dial(`/rtc?access_token=${await all.bithuman.roomToken(seat)}`) }
  }

  test('begins with the join, in which are the room, the participant and the times for pings', async () => {
    const { wire } = await enter()
    expect(wire.frames).toHaveLength(1)
    const { 1: join } = within(wire.frames[0])
    const { 1: room, 2: participant, 10: timeout, 11: interval } = within(join)
    expect([text(within(room)[2]), text(within(participant)[2]), timeout, interval]).toEqual(['lobby', 'ann', 15, 5])
    expect([text(within(room)[1]), text(within(participant)[1])]).toEqual([expect.stringMatching(/^RM_/), expect.stringMatching(/^PA_/)])
  })

  test('answers both kinds of ping with the provider’s clock', async () => {
    const { wire, world } = await enter()
    wire.say(field(14, 1_767_225_600_123))
    wire.say(field(16, message(field(1, 77), field(2, 12))))
    expect(wire.frames.slice(1).map(within)).toMatchObject([{ 18: world.now() }, { 20: expect.anything() }])
    expect(within(within(wire.frames[2])[20])).toEqual({ 1: 77, 2: world.now() })
  })

  test('keeps still about everything else, nonsense too', async () => {
    const { wire } = await enter()
    for (const data of ['{"ping":1}', Uint8Array.of(), Uint8Array.of(255), Uint8Array.of(0x0a, 200), field(1, 'offer'), field(16, 3)])
      wire.say(data)
    expect([wire.frames.length, wire.closes]).toEqual([1, []])
  })

  test('ends when the participant leaves, and is dropped with the others', async () => {
    const { wire, bithuman, dial } = await enter()
    const other = await dial(`/rtc?access_token=${await bithuman.roomToken({ ...seat, identity: 'bob' })}`)
    expect(bithuman.liveSockets).toBe(2)
    wire.say(field(8, message()))
    expect([wire.closes, bithuman.liveSockets]).toEqual([[[1000, '']], 1])
    expect([bithuman.dropSockets(1001, 'restart'), other.closes, bithuman.liveSockets]).toEqual([1, [[1001, 'restart']], 0])
  })

  test('is told apart from the API: a room token opens no runtime and mints nothing', async () => {
    const { bithuman, upgrade, get } = fixture()
    const token = await bithuman.roomToken(seat)
    expect(await upgrade(`/v1/runtime/A1?access_token=${token}`)).toHaveProperty('status', 401)
    expect((await get('/v1/runtime-tokens/request', { method: 'POST', headers: { 'api-secret': token } })).status).toBe(401)
    expect(bithuman.secrets()).toContain(token)
  })
})

test('every answer of the API carries the provider’s date', async () => {
  const { world, get } = fixture()
  expect((await get('/v1/me')).headers.get('date')).toBe(new Date(world.now()).toUTCString())
})

test('a retired realtime mint says so', async () => {
  const { bithuman, get } = fixture({ realtime: 'retired' })
  const answer = await get('/v1/realtime/ephemeral-token', { method: 'POST', headers: { 'api-secret': bithuman.secret } })
  expect([answer.status, await answer.json()]).toMatchObject([
    410,
    { error: { code: 'ENDPOINT_RETIRED', httpStatus: 410 }, status_code: 410 },
  ])
})
