/** PROTOCOL.md, clause by clause, by a client that knows nothing of our preset. */
import { readdirSync, readFileSync } from 'node:fs'
import type { JWTPayload } from 'jose'
import { describe, expect, test } from 'vitest'
import { gateway as preset } from '../../src/presets/gateway.ts'
import { bands, closeCodes } from '../../src/protocol/codes.ts'
import { parseCursor, received } from '../../src/protocol/cursor.ts'
import { memoryStore } from '../../src/server/gateway/index.ts'
import type { Store } from '../../src/server/gateway/index.ts'
import { breakable, handshake, kit, latch, upstreamOf } from './kit.ts'
import type { Client } from './kit.ts'

const status = async (answer: Promise<object>): Promise<unknown> =>
  'status' in (await answer) ? ((await answer) as Response).status : 'open'
const seqOf = (cursor: string): number => parseCursor(cursor)!.seq

/** Users of one name hear these, one after the other. */
async function publish({ gateway }: ReturnType<typeof kit>, ids: readonly string[], scope?: string): Promise<void> {
  for (const id of ids) await gateway.publish({ id }, ['ann'], scope)
}
const names = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`)

describe('connecting', () => {
  test.each([
    ['no JSON', 'hello'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['no type', '{}'],
    ['a type that is no text', '{"type":1}'],
    ['an unknown type', '{"type":"subscribe"}'],
    ["a name of every object's", '{"type":"toString"}'],
    ['a prototype', '{"type":"__proto__"}'],
    ['a frame of the gateway', '{"type":"ready"}'],
    ['a sequence number that is none', '{"type":"ack","seq":"1"}'],
    ['a negative sequence number', '{"type":"ack","seq":-1}'],
    ['a fraction', '{"type":"ack","seq":1.5}'],
  ])('§1.1 %s is a protocol error', async (_, text) => {
    const client = await kit().greeted()
    await client.say(text)
    expect(client.closed).toBe(4000)
    expect(client.last).toMatchObject({ type: 'error', code: '4000' })
  })

  test('§1.1 a binary frame is 1003; a field that is not listed is ignored; all frames are objects with a type', async () => {
    const all = kit()
    const [first, second] = [await all.greeted(), await all.greeted()]
    await first.say(new Uint8Array([123, 125]))
    await second.say({ type: 'ping', more: true, __proto__: null })
    expect([first.closed, second.closed, second.last?.type]).toEqual([1003, null, 'position'])
    for (const { type } of [...first.frames, ...second.frames]) expect(type).toBeTypeOf('string')
  })

  test('§1.1 a type that is not listed is nothing to the client', () => {
    const { control, messages } = preset({ url: 'wss://gateway.test/socket' })
    const frame = { type: 'new-in-version-1', seq: 9 }
    expect([control?.(frame), messages?.unwrap?.(frame), received('s.1', frame)]).toEqual([undefined, undefined, undefined])
  })

  test('§1.2 hello is answered with ready; one without a lease, or a second one, is a protocol error', async () => {
    const all = kit()
    const client = await all.greeted()
    expect(client.frames.map(({ type }) => type)).toEqual(['ready'])
    await client.hello(await all.lease())
    const bare = await all.dial()
    await bare.say({ type: 'hello', version: 1 })
    expect([client.closed, bare.closed]).toEqual([4000, 4000])
  })

  test('§1.3 the address may carry the lease: no hello then, and the cursor counts', async () => {
    const all = kit()
    const first = await all.greeted()
    await publish(all, ['e1'])
    first.hangUp()
    const token = await all.lease()
    const client = await all.dial({ query: `?version=1&access_token=${token}&cursor=${first.cursor}` })
    expect(client.last).toMatchObject({ type: 'event', event: { id: 'e1' } })
    expect(client.frames[0]).toMatchObject({ type: 'ready', resumed: true })
    await client.hello(token)
    expect(client.closed).toBe(4000)
  })

  test.each([
    ['no lease of ours', '?version=1&access_token=nothing', 4100],
    ['an empty lease', '?version=1&access_token=', 4100],
    ['another version', '?version=2&access_token=nothing', 4001],
    ['no version at all', '?version=&access_token=nothing', 4001],
  ])('§1.3 what the handshake refuses is said by a close code: %s', async (_, query, code) => {
    const client = await kit().dial({ query })
    expect([client.closed, client.of('ready')]).toEqual([code, []])
  })

  test('§1.4 without a hello within 5 s: 4200', async () => {
    const all = kit()
    const [silent, quick] = [await all.dial(), await all.greeted()]
    await all.world.advance(4_999)
    expect(silent.closed).toBe(null)
    await all.world.advance(1)
    expect([silent.closed, quick.closed]).toEqual([4200, null])
  })

  test.each([0, 2, 1.5])('§1.5 version %s is 4001', async (version) => {
    const all = kit()
    const client = await all.dial()
    await client.say({ type: 'hello', version, access_token: await all.lease() })
    expect([client.closed, client.of('ready')]).toEqual([4001, []])
  })

  test('§1.6 ready says all of it, once and first', async () => {
    const all = kit()
    const client = await all.greeted()
    await publish(all, ['e1'])
    expect(client.frames.map(({ type }) => type)).toEqual(['ready', 'event'])
    expect(client.frames[0]).toEqual({
      type: 'ready',
      version: 1,
      session: expect.stringMatching(/^[\w-]{16,}$/) as string,
      cursor: expect.stringMatching(/^[\w-]+\.\d+$/) as string,
      resumed: false,
      expires_in: 120,
      ack_every: 32,
      spread_ms: 10,
    })
  })

  test.each([{ type: 'ping' }, { type: 'ack', seq: 1 }, { type: 'message', message: 1 }, { type: 'renew', access_token: '' }])(
    '§1.6 nothing may be sent between hello and ready: $type, while the lease is looked at, and while the store is read',
    async (frame) => {
      const [asked, answered] = [latch(), latch()]
      const all = kit({ wrap: (store) => ({ ...store, head: () => (asked.open(), answered.opened.then(() => store.head())) }) })
      const [early, late] = [await all.dial(), await all.dial()]
      const token = await all.lease()
      const hellos = [early.hello(token), late.hello(token)]
      await early.say(frame)
      await asked.opened
      await late.say(frame)
      answered.open()
      await Promise.all(hellos)
      for (const { closed, frames } of [early, late]) expect([closed, frames.map(({ type }) => type)]).toEqual([4000, ['error']])
    },
  )

  test('§1.7 the handshake is refused with 403 for an origin that is not listed, 429 for an address, 503 while draining; never redirected', async () => {
    const { gateway } = kit({ limits: { connectsPerAddressAndMinute: 2 } })
    const open = (asked = {}) => status(gateway.upgrade(handshake({ address: '192.0.2.1', ...asked })))
    expect([await open({ origin: 'https://evil.test' }), await open({ origin: null })]).toEqual([403, 403])
    expect([await open(), await open(), await open(), await open({ address: '192.0.2.2' })]).toEqual(['open', 'open', 429, 'open'])
    const limited = (await gateway.upgrade(handshake({ address: '192.0.2.1' }))) as Response
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    gateway.drain()
    expect(await open({ address: '192.0.2.3' })).toBe(503)
  })

  test('§1.7 503 while the store is away', async () => {
    const store = breakable(memoryStore())
    const { gateway, heard } = kit({ store })
    store.away = true
    expect(await status(gateway.upgrade(handshake({ address: '192.0.2.1' })))).toBe(503)
    expect(heard).toHaveLength(1)
  })
})

describe('the lease', () => {
  test.each<[string, object]>([
    ['another algorithm', { alg: 'HS512' }],
    ['another type', { typ: 'JWT' }],
    ['no type', { typ: undefined }],
    ['an unknown kid', { kid: 'k2' }],
    ['no kid', { kid: undefined }],
  ])('§2.1 %s makes it invalid', async (_, header) => {
    const secret = 'a signing key of 64 bytes, so that every algorithm can use it...'
    const all = kit({ keys: [{ kid: 'k1', secret }] })
    const client = await all.dial()
    await client.hello(await all.lease({}, header, secret))
    expect(client.closed).toBe(4100)
  })

  test('§2.1 a signing key has at least 32 bytes', () => {
    expect(() => kit({ keys: [{ kid: 'k', secret: 'x'.repeat(31) }] })).toThrow(TypeError)
  })

  test.each<[string, JWTPayload]>([
    ...['iss', 'aud', 'sub', 'jti', 'iat', 'exp', 'epoch', 'scope'].map(
      (name) => [`no ${name}`, { [name]: undefined }] as [string, JWTPayload],
    ),
    ['another issuer', { iss: 'https://gateway.other' }],
    ['another audience', { aud: 'https://gateway.other' }],
    ['more than 300 s', { exp: Date.UTC(2026, 0, 1) / 1000 + 301 }],
    ['signed in the future', { iat: Date.UTC(2027, 0, 1) / 1000, exp: Date.UTC(2027, 0, 1) / 1000 + 120 }],
    ["another page's origin", { origin: 'https://evil.test' }],
  ])('§2.2 claims: %s', async (_, claims) => {
    const all = kit()
    const client = await all.dial()
    await client.hello(await all.lease(claims))
    expect(client.closed).toBe(4100)
  })

  test("§2.2 300 s are allowed, and the page's own origin", async () => {
    const all = kit()
    const client = await all.greeted({ exp: all.now() / 1000 + 300, origin: 'https://app.test', scope: 'a b' })
    expect(client.of('ready')).toMatchObject([{ expires_in: 300 }])
  })

  test('§2.3 the first key signs, all verify', async () => {
    let keys = [{ kid: 'old', secret: 'o'.repeat(32) }]
    const all = kit({ keys: () => keys })
    const mint = async () =>
      (await all.gateway.mint({ user: { id: 'ann' }, handle: undefined, fields: {}, signal: new AbortController().signal })).access_token
    const take = async (token: string) => {
      const client = await all.dial()
      await client.hello(token)
      return client.closed ?? 'ready'
    }
    const old = await mint()
    keys = [{ kid: 'new', secret: 'n'.repeat(32) }, ...keys]
    const fresh = await mint()
    expect([await take(old), await take(fresh)]).toEqual(['ready', 'ready'])
    keys = keys.slice(0, 1)
    expect([await take(old), await take(fresh)]).toEqual([4100, 'ready'])
  })

  test('§2.4 4101 when its life is over, 4100 when it is none, 4103 when it serves once and has', async () => {
    const all = kit()
    const client = await all.greeted()
    await all.world.advance(119_999)
    expect(client.closed).toBe(null)
    await all.world.advance(1)
    expect(client.closed).toBe(4101)
    const codes: unknown[] = []
    const [once, over] = [await all.lease({ once: true }), await all.lease({ iat: all.now() / 1000 - 120, exp: all.now() / 1000 })]
    for (const token of ['nothing', over, once, once]) {
      const next = await all.dial()
      await next.hello(token)
      codes.push(next.closed)
    }
    expect(codes).toEqual([4100, 4101, null, 4103])
  })

  test('§2.5 a renewed lease counts from then on, its scopes included', async () => {
    const all = kit()
    const client = await all.greeted({ scope: 'a' })
    await publish(all, ['e1'], 'a')
    await all.world.advance(60_000)
    await client.say({ type: 'renew', access_token: await all.lease({ scope: 'b' }) })
    expect(client.last).toEqual({ type: 'renewed', expires_in: 120 })
    await publish(all, ['e2'], 'a')
    await publish(all, ['e3'], 'b')
    expect(client.ids).toEqual(['e1', 'e3'])
    await all.world.advance(119_999)
    expect(client.closed).toBe(null)
    await all.world.advance(1)
    expect(client.closed).toBe(4101)
  })

  test.each([
    ['of another user', { sub: 'bob' }, 4100],
    ['of another gateway', { aud: 'https://gateway.other' }, 4100],
    ['from before a login', { epoch: 0 }, 4102],
    ['whose life is over', { iat: 1, exp: 2 }, 4101],
  ])('§2.5 a renewal %s is refused', async (_, claims, code) => {
    const all = kit()
    const client = await all.greeted()
    await client.say({ type: 'renew', access_token: await all.lease(claims) })
    expect(client.closed).toBe(code)
  })

  test('§2.5 a renewal needs no store: a bad minute of it disturbs nobody', async () => {
    const store = breakable(kit().store)
    const all = kit({ store })
    const client = await all.greeted()
    store.away = true
    await client.say({ type: 'renew', access_token: await all.lease() })
    expect([client.closed, client.last?.type]).toEqual([null, 'renewed'])
  })

  test('§2.6 withdrawing closes living connections, refuses old leases, and leaves new ones and other users alone', async () => {
    const all = kit()
    const old = await all.lease()
    const [ann, bob] = [await all.greeted(), await all.greeted({ sub: 'bob' })]
    await all.world.advance(10)
    await all.gateway.revoke('ann')
    await all.world.advance(5_000)
    const late = await all.dial()
    await late.hello(old)
    const fresh = await all.greeted()
    expect([ann.closed, bob.closed, late.closed, fresh.closed]).toEqual([4102, null, 4102, null])
    await all.world.advance(10)
    await all.gateway.revoke(null)
    await all.world.advance(5_000)
    expect([bob.closed, fresh.closed]).toEqual([4102, 4102])
  })

  test('§2.6 what is withdrawn between the first look at the lease and the first event is not missed', async () => {
    let between = async (): Promise<unknown> => undefined
    const slow = (store: Store): Store => ({ ...store, take: async (...args) => (await between(), store.take(...args)) })
    const all = kit({ wrap: slow })
    const token = await all.lease()
    await all.world.advance(10)
    between = () => all.store.revoke('ann')
    const client = await all.dial()
    await client.hello(token)
    expect([client.closed, client.of('ready')]).toEqual([4102, []])
  })

  test('§2.6 after a hole in what the store tells, the epochs are looked at: who was withdrawn goes, who was not stays', async () => {
    let lapsed = (): void => {}
    const deaf = (store: Store): Store => ({
      ...store,
      follow(follower) {
        lapsed = () => follower.lapsed()
        return store.follow({ ...follower, fresh: () => follower.fresh(), entry() {}, revoked() {}, lapsed })
      },
    })
    const all = kit({ wrap: deaf })
    const [ann, bob] = [await all.greeted({ epoch: all.now() }), await all.greeted({ sub: 'bob', epoch: all.now() })]
    await all.world.advance(10)
    await all.store.revoke('ann')
    await all.gateway.publish({ id: 'e1' }, ['bob'])
    expect([ann.closed, bob.closed, bob.ids]).toEqual([null, null, []])
    lapsed()
    await all.world.settle()
    expect([ann.closed, bob.closed, bob.ids]).toEqual([4102, null, ['e1']])
  })

  test('§2.7 a gateway that cannot look for 15 s closes every connection, and refuses every lease', async () => {
    const inner = kit()
    const store = breakable(inner.store)
    const all = kit({ store, in: inner.world })
    const client = await all.greeted({ exp: all.now() / 1000 + 300 })
    store.away = true
    await all.world.advance(14_000)
    expect(client.closed).toBe(null)
    await all.world.advance(2_000)
    const next = await all.greeted()
    const asked = await all.dial({ query: `?version=1&access_token=${await all.lease()}` })
    expect([client.closed, next.closed, asked.closed]).toEqual([4104, 4104, 4104])
    store.away = false
    expect((await all.greeted()).closed).toBe(null)
  })
})

describe('events', () => {
  test('§3.1 numbers grow below 2⁵³, and each event says what came before it', async () => {
    const all = kit()
    const client = await all.greeted()
    await publish(all, names(1, 40))
    let at = seqOf(client.cursor)
    for (const { seq, after } of client.of('event') as unknown as { seq: number; after: number }[]) {
      expect([after, Number.isSafeInteger(seq), seq > at]).toEqual([at, true, true])
      at = seq
    }
    expect(client.ids).toEqual(names(1, 40))
  })

  test.each([
    ['the next', { seq: 6, after: 5 }, { is: 'next', cursor: 's.6' }],
    ['the next, with numbers left out', { seq: 9, after: 5 }, { is: 'next', cursor: 's.9' }],
    ['the next, after less', { seq: 9, after: 2 }, { is: 'next', cursor: 's.9' }],
    ['a duplicate', { seq: 5, after: 4 }, { is: 'known', cursor: 's.5' }],
    ['an older one', { seq: 3, after: 9 }, { is: 'known', cursor: 's.5' }],
    ['something between is missing', { seq: 9, after: 7 }, { is: 'gap', cursor: 's.9' }],
    ['no number', { seq: 2 ** 53, after: 5 }, undefined],
  ])('§3.2 to a receiver at 5, an event is %s', (_, numbers, said) => {
    expect(received('s.5', { type: 'event', ...numbers })).toEqual(said)
  })

  test('§3.3 a cursor is a stream and a number, and goes on where it was left', async () => {
    const all = kit()
    const client = await all.greeted()
    await publish(all, names(1, 3))
    const second = client.of('event')[1]!['seq']
    client.hangUp()
    const next = await all.greeted({}, `${client.stream}.${String(second)}`)
    expect([next.stream, next.ids]).toEqual([client.stream, ['e3']])
    for (const text of ['', 's', 's.', '.1', 's.1.2', 's.-1', 's.1e3', 's.99999999999999999', 's t.1', `${'s'.repeat(65)}.1`, 7]) {
      expect(parseCursor(text), String(text)).toBe(null)
    }
  })

  test('§3.4 resumed is true exactly when nothing is missing; else what is still kept follows', async () => {
    const all = kit({ memory: { entriesPerSubject: 2 } })
    const first = await all.greeted()
    expect(first.of('ready')).toMatchObject([{ resumed: false }])
    first.hangUp()
    await publish(all, ['e1', 'e2'])
    const whole = await all.greeted({}, first.cursor)
    await publish(all, ['e3'])
    const cut = await all.greeted({}, first.cursor)
    const other = await all.greeted({}, 'of-another-store.7')
    const none = await all.greeted({}, 'no cursor')
    const told = [whole, cut, other, none].map((client) => [client.of('ready')[0]?.['resumed'], client.ids])
    expect(told).toEqual([
      [true, ['e1', 'e2', 'e3']],
      [false, ['e2', 'e3']],
      [false, ['e2', 'e3']],
      [false, ['e2', 'e3']],
    ])
  })

  test('§3.5 a gap says where the client stands', async () => {
    expect(received('s.5', { type: 'gap', cursor: 't.9' })).toEqual({ is: 'gap', cursor: 't.9' })
    expect(received('s.5', { type: 'gap', cursor: 'nowhere' })).toBe(undefined)
    const all = kit({ memory: { entriesPerSubject: 2 } })
    const client = await all.greeted()
    client.buffered = 2 ** 20
    await publish(all, names(1, 5))
    client.buffered = 0
    await all.world.advance(1_000)
    const [gap, ...events] = client.frames.slice(1)
    expect([gap?.type, client.ids]).toEqual(['gap', ['e4', 'e5']])
    expect(events[0]!['after']).toBe(seqOf(String(gap!['cursor'])))
  })

  test('§3.6 a position every 25 s, so that the cursor of an idle client does not grow old', async () => {
    expect(received('s.5', { type: 'position', seq: 9 })).toEqual({ is: 'known', cursor: 's.9' })
    expect(received('s.5', { type: 'position', seq: 3 })).toEqual({ is: 'known', cursor: 's.5' })
    const all = kit()
    const idle = await all.greeted()
    for (let minute = 0; minute < 30; minute++) {
      await all.gateway.publish({ id: `b${minute}` }, ['bob'])
      await idle.say({ type: 'renew', access_token: await all.lease() })
      await all.world.advance(60_000)
    }
    const positions = idle.of('position')
    expect(positions).toHaveLength(72)
    idle.hangUp()
    const back = await all.greeted({}, `${idle.stream}.${String(positions.at(-1)!['seq'])}`)
    expect(back.of('ready')).toMatchObject([{ resumed: true }])
  })

  test('§3.7 an event whose scope the lease does not have is not sent, and its number is left out', async () => {
    const all = kit()
    const [some, every, none] = [await all.greeted({ scope: 'x a' }), await all.greeted({ scope: '*' }), await all.greeted()]
    await publish(all, ['e1'])
    await publish(all, ['e2'], 'b')
    await publish(all, ['e3'], 'a')
    expect([some.ids, every.ids, none.ids]).toEqual([['e1', 'e3'], ['e1', 'e2', 'e3'], ['e1']])
    const [first, third] = some.of('event')
    expect(third!['after']).toBe(first!['seq'])
    await expect(all.gateway.publish({ id: 'e4' }, ['ann'], 'two words')).rejects.toThrow(TypeError)
  })

  test('§3.8 an accepted event reaches who is there, and who comes back; never twice', async () => {
    const all = kit()
    const [here, away, bob] = [await all.greeted(), await all.greeted(), await all.greeted({ sub: 'bob' })]
    away.hangUp()
    expect(await all.gateway.publish({ id: 'e1' }, ['ann', 'ann'])).toBe('appended')
    expect(await all.gateway.publish({ id: 'e1' }, ['ann'])).toBe('duplicate')
    const back = await all.greeted({}, away.cursor)
    expect([here.ids, back.ids, bob.ids]).toEqual([['e1'], ['e1'], []])
  })
})

describe('acknowledgement', () => {
  /** Takes everything up to the last event. */
  const acknowledge = (client: Client) => client.say({ type: 'ack', seq: client.of('event').at(-1)!['seq'] })

  test('§4.1 ack makes room for as many as it covers', async () => {
    const all = kit({ limits: { window: 64 } })
    const client = await all.greeted()
    await publish(all, names(1, 100))
    expect(client.ids).toEqual(names(1, 64))
    await client.say({ type: 'ack', seq: client.of('event')[9]!['seq'] })
    await all.world.settle()
    expect(client.ids).toEqual(names(1, 74))
    await acknowledge(client)
    await all.world.settle()
    expect(client.ids).toEqual(names(1, 100))
  })

  test('§4.2 at most 256 events are in the air, and the others wait', async () => {
    const all = kit()
    const client = await all.greeted()
    await publish(all, names(1, 300))
    await all.world.advance(5_000)
    expect(client.ids).toHaveLength(256)
    await acknowledge(client)
    await all.world.settle()
    expect(client.ids).toEqual(names(1, 300))
  })

  test('§4.2 none while more than 1 MiB waits to leave, in the middle of a page of the store too', async () => {
    const all = kit()
    const client = await all.greeted()
    client.buffered = 2 ** 20
    await publish(all, names(1, 10))
    expect(client.ids).toEqual([])
    let left = 3
    Object.defineProperty(client, 'buffered', { get: () => (left-- > 0 ? 0 : 2 ** 20) })
    await all.world.advance(1_000)
    expect(client.ids).toEqual(['e1', 'e2'])
    left = Infinity
    await all.world.advance(1_000)
    expect(client.ids).toEqual(names(1, 10))
  })
})

describe('liveness, messages, closing, limits', () => {
  test('§5.1 a ping is answered with a position, at the last event', async () => {
    const all = kit()
    const client = await all.greeted()
    await publish(all, ['e1'])
    await client.say({ type: 'ping' })
    expect(client.last).toEqual({ type: 'position', seq: client.of('event')[0]!['seq'] })
    const { liveness } = preset({ url: 'wss://gateway.test/socket' })
    expect(liveness).toMatchObject({ idleMs: 60_000 })
  })

  test('§6.1 a message goes both ways; a gateway that takes none says not_allowed', async () => {
    const got: unknown[] = []
    const all = kit({
      onMessage(message, { user, scopes, send }) {
        got.push([message, user, scopes])
        send({ answer: message })
      },
    })
    const client = await all.greeted({ scope: 'a' })
    await client.say({ type: 'message', message: { any: ['thing', null] } })
    expect(got).toEqual([[{ any: ['thing', null] }, 'ann', ['a']]])
    expect(client.last).toEqual({ type: 'message', message: { answer: { any: ['thing', null] } } })
    const deaf = await kit().greeted()
    await deaf.say({ type: 'message', message: 1 })
    expect([deaf.closed, deaf.last]).toMatchObject([null, { type: 'error', code: 'not_allowed' }])
  })

  test('§6.1 an application that throws, now or later, ends no connection and is told to the operator; who is gone gets nothing', async () => {
    const sends: ((message: unknown) => boolean)[] = []
    const all = kit({
      onMessage(message, { send }) {
        sends.push(send)
        if (message === 'now') throw new Error('at once')
        return Promise.reject(new Error('later'))
      },
    })
    const client = await all.greeted()
    for (const message of ['now', 'later']) await client.say({ type: 'message', message })
    await all.world.settle()
    expect([client.closed, all.heard.length]).toEqual([null, 2])
    client.hangUp()
    expect([sends[0]!('late'), client.of('message')]).toEqual([false, []])
  })

  test('§6.2 before a close, an error says its code', async () => {
    const client = await kit().greeted()
    await client.say('no frame')
    expect(client.last).toEqual({ type: 'error', code: '4000', message: expect.any(String) as string })
  })

  test('§7.1 every code of the table is one of ours, in its band', () => {
    const table = [...protocol.matchAll(/^ {2}\| ([\d, ]+) \|/gm)].flatMap(([, codes = '']) => codes.split(', ').map(Number))
    expect(new Set(table)).toEqual(new Set([...Object.values(closeCodes), 1003, 1009]))
    const then = (code: number) => bands.find(({ from, to }) => from <= code && code <= to)?.then
    expect([4000, 4099, 4100, 4199, 4200, 4299, 4300, 1012].map(then)).toEqual([
      'stop',
      'stop',
      'reauthorise',
      'reauthorise',
      'retry',
      'retry',
      undefined,
      undefined,
    ])
  })

  test('§7.2 goaway with a spread, then 1012; who comes in just then is told the same', async () => {
    const all = kit({ returnsPerSecond: 1 })
    const [first, second, late] = [await all.greeted(), await all.greeted(), await all.gateway.upgrade(handshake())]
    expect(second.of('ready')).toMatchObject([{ spread_ms: 2_000 }])
    all.gateway.drain({ spreadMs: 40_000 })
    for (const { closed, last } of [first, second]) expect([closed, last]).toEqual([1012, { type: 'goaway', spread_ms: 40_000 }])
    const told: string[] = []
    if ('open' in late) late.open({ send: (frame) => told.push(frame), close: (code) => told.push(String(code)) })
    expect([...told, all.gateway.connections]).toEqual(['{"type":"goaway","spread_ms":40000}', '1012', 0])
  })

  test('§7.2 without a number, the spread is what the clients need at so many a second', async () => {
    const all = kit({ returnsPerSecond: 2 })
    const clients = [await all.greeted(), await all.greeted(), await all.greeted()]
    all.gateway.drain()
    expect(clients.map(({ last }) => last?.['spread_ms'])).toEqual([1_500, 1_500, 1_500])
  })

  test('§7.3 a client that leaves is gone at once, and nothing of it is left', async () => {
    const all = kit()
    const client = await all.greeted()
    client.hangUp(1000)
    expect([all.gateway.connections, all.world.census.timers]).toEqual([0, 1])
    // That one is the store's: it stops when it finds nobody who follows.
    await all.world.advance(1_000)
    expect(all.world.census.timers).toBe(0)
    await publish(all, ['e1'])
    expect(client.ids).toEqual([])
  })

  test('§8.1 65,536 characters are a frame, one more is 1009; the 601st within a minute is 4201', async () => {
    const all = kit({ onMessage: () => {} })
    const [long, longer, busy] = [await all.greeted(), await all.greeted(), await all.greeted()]
    const frame = (length: number) => JSON.stringify({ type: 'message', message: '' }).replace('""', `"${'x'.repeat(length - 31)}"`)
    expect(frame(65_536)).toHaveLength(65_536)
    await long.say(frame(65_536))
    await longer.say(frame(65_537))
    expect([long.closed, longer.closed]).toEqual([null, 1009])
    for (let i = 1; i < 600; i++) await busy.say({ type: 'ping' })
    expect(busy.closed).toBe(null)
    await busy.say({ type: 'ping' })
    expect(busy.closed).toBe(4201)
  })

  test('§8.2 a user has 20 connections, however many come at once', async () => {
    const all = kit()
    const clients = await Promise.all(Array.from({ length: 25 }, () => all.greeted()))
    const bob = await all.greeted({ sub: 'bob' })
    expect([clients.filter(({ closed }) => closed === null).length, bob.closed]).toEqual([20, null])
    expect(new Set(clients.map(({ closed }) => closed))).toEqual(new Set([null, 4201]))
    clients.find(({ closed }) => closed === null)!.hangUp()
    expect((await all.greeted()).closed).toBe(null)
  })

  test('§8.2 a user opens 60 a minute at all gateways of a store', async () => {
    const one = kit()
    const two = kit({ store: one.store, in: one.world })
    for (let i = 0; i < 30; i++) for (const all of [one, two]) (await all.greeted()).hangUp()
    expect([(await one.greeted()).closed, (await two.greeted()).closed, (await two.greeted({ sub: 'bob' })).closed]).toEqual([
      4201,
      4201,
      null,
    ])
  })
})

describe('REST', () => {
  const call = async ({ gateway }: ReturnType<typeof kit>, token: string, init: RequestInit = {}) => {
    const headers = { origin: 'https://app.test', 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const response = await gateway.fetch(new Request('https://gateway.test/v2/contacts', { headers, ...init }))
    return [response.status, ((await response.json()) as { error?: string }).error]
  }

  test('§9.1 a lease that is refused is 401, a route that it does not allow 403; the page’s lease goes nowhere', async () => {
    const upstream = upstreamOf()
    const all = kit({ upstream })
    const token = await all.lease({ scope: 'contacts:read' })
    expect(await call(all, 'nothing')).toEqual([401, 'login_required'])
    expect(await call(all, token, { method: 'POST', body: '{}' })).toEqual([403, 'forbidden'])
    expect(upstream.reached).toEqual([])
    expect(await call(all, token)).toEqual([200, undefined])
    expect(upstream.reached.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer long-lived-key-0123456789'])
    await all.world.advance(10)
    await all.gateway.revoke('ann')
    expect(await call(all, token)).toEqual([401, 'login_required'])
  })

  test('§9.1 whether a right stands cannot be known: 503, so that no page gives its lease away', async () => {
    const store = breakable(memoryStore())
    const all = kit({ upstream: upstreamOf(), store })
    const token = await all.lease({ scope: '*', epoch: Date.now() })
    store.away = true
    expect(await call(all, token)).toEqual([503, 'unavailable'])
  })

  test("§9.2 a 401 of the provider is about the gateway's key: 403 key_refused", async () => {
    const all = kit({ upstream: upstreamOf(() => new Response(null, { status: 401 })) })
    expect(await call(all, await all.lease({ scope: '*' }))).toEqual([403, 'key_refused'])
  })
})

const protocol = readFileSync('PROTOCOL.md', 'utf8')

test('every clause of PROTOCOL.md is named by a test, and no test names one that is not there', () => {
  const clauses = new Set([...protocol.matchAll(/^- \*\*(\d+\.\d+)\*\*/gm)].map(([, clause]) => clause))
  const titles = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) => [...readFileSync(`${import.meta.dirname}/${name}`, 'utf8').matchAll(/['"`]§(\d+\.\d+) /g)])
  expect(clauses.size).toBeGreaterThan(30)
  expect(new Set(titles.map(([, clause]) => clause))).toEqual(clauses)
})
