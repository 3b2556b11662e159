import { describe, expect, it } from 'vitest'
import { bytesOf, decode, encode } from '../../src/wire/frames.ts'
import { addressOf } from '../../src/wire/url.ts'
import { dice } from '../canary/walk.ts'

describe('a frame that arrives', () => {
  it('is JSON, or bytes as they are', () => {
    expect(decode('{"a":1}', undefined)).toEqual({ ok: true, frame: { a: 1 }, message: { a: 1 } })
    expect(decode('7', undefined)).toEqual({ ok: true, frame: 7, message: 7 })
    const bytes = new ArrayBuffer(2)
    expect(decode(bytes, undefined)).toEqual({ ok: true, frame: bytes, message: bytes })
  })

  it('of a protocol that wraps its messages is unwrapped, and may say nothing to the application', () => {
    const unwrap = (frame: unknown): unknown => (frame as { inner?: unknown }).inner
    expect(decode('{"inner":1}', { unwrap })).toEqual({ ok: true, frame: { inner: 1 }, message: 1 })
    expect(decode('{"ping":1}', { unwrap })).toEqual({ ok: true, frame: { ping: 1 } })
    const wrap = (inner: unknown): object => ({ inner })
    expect([encode({ a: 1 }, { wrap }), encode('a', { wrap })]).toEqual(['{"inner":{"a":1}}', '{"inner":"a"}'])
    expect(() => encode(new Uint8Array([1]), { wrap })).toThrow(new TypeError('send: only JSON here, no bytes'))
  })

  it('that is bad is a value with an issue and a length, never its content', () => {
    expect(decode('secret {', undefined)).toEqual({ ok: false, issue: 'not JSON', bytes: 8 })
    expect(decode(`"${'x'.repeat(9 * 1024 * 1024)}"`, undefined)).toMatchObject({ ok: false, issue: 'longer than 8 MiB' })
    expect(decode('{"a":1}', { envelope: () => false })).toMatchObject({ ok: false })
  })

  it('pollutes no prototype', () => {
    const decoded = decode<Record<string, unknown>, never>(
      '{"__proto__":{"admin":true},"a":{"__proto__":{"admin":true}},"constructor":{"prototype":{"admin":true}}}',
      undefined,
    )
    const message = (decoded as { message: Record<string, unknown> }).message
    Object.assign({}, message, message['a'])
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    expect(Object.hasOwn(message, '__proto__')).toBe(false)
  })

  it('of any shape never throws: 20,000 mutations of a message', () => {
    const roll = dice(1)
    const seed = '{"type":"user_message","text":"héllo \\u0000","n":[1,2.5e3,-0],"deep":{"a":{"b":null}}}'
    for (let i = 0; i < 20_000; i++) {
      const cut = Math.floor(roll.next() * seed.length)
      const text = seed.slice(0, cut) + String.fromCharCode(Math.floor(roll.next() * 256)) + seed.slice(cut + Math.floor(roll.next() * 3))
      expect(decode(text, { envelope: (message) => typeof message === 'object' })).toHaveProperty('ok')
    }
    expect(decode('['.repeat(100_000), undefined).ok).toBe(false)
  })

  it('is read however deep it is', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    expect(decode(deep, undefined).ok).toBe(true)
  })

  it('passes a schema, which may change it; a promise is refused', () => {
    const schema = (validate: (value: unknown) => unknown) =>
      ({ schemas: { inbound: { '~standard': { version: 1, vendor: 't', validate } } } }) as never
    expect(
      decode(
        '1',
        schema(() => ({ value: 'one' })),
      ),
    ).toEqual({ ok: true, frame: 1, message: 'one' })
    expect(
      decode(
        '1',
        schema(() => ({ issues: [{ message: 'no', path: ['a', { key: 'b' }, 0] }] })),
      ),
    ).toMatchObject({ ok: false, issue: 'a.b.0: no' })
    expect(
      decode(
        '1',
        schema(() => ({ issues: [] })),
      ),
    ).toMatchObject({ ok: false, issue: 'message: not valid' })
    expect(
      decode(
        '1',
        schema(() => Promise.resolve({ value: 1 })),
      ),
    ).toMatchObject({ ok: false })
  })
})

describe('a message that goes out', () => {
  it('becomes JSON; text and bytes go as they are', () => {
    const bytes = new Uint8Array(2)
    expect([encode({ a: 1 }, undefined), encode('{', undefined), encode(bytes, undefined)]).toEqual(['{"a":1}', '{', bytes])
  })

  it('is a TypeError where JSON has no word for it', () => {
    for (const message of [undefined, () => {}, Symbol('x'), 1n]) expect(() => encode(message as never, undefined)).toThrow(TypeError)
  })

  it('is as long as on the wire', () => {
    expect([bytesOf('aä€😀'), bytesOf(new Uint8Array(3)), bytesOf(new ArrayBuffer(4))]).toEqual([1 + 2 + 3 + 4, 3, 4])
  })
})

describe('an address', () => {
  it('takes any token into its query, and replaces one that is there', () => {
    const token = 'a+b/c=&d#e?f%20~"\'<>'
    const { url, protocols } = addressOf('wss://x.test/p?room=1&access_token=old', { in: 'query', name: 'access_token' }, token)
    expect(new URL(url).searchParams.getAll('access_token')).toEqual([token])
    expect(new URL(url).searchParams.get('room')).toBe('1')
    expect(protocols).toEqual([])
  })

  it('keeps the token out of the address where it travels otherwise', () => {
    const base = 'wss://x.test/p'
    expect(addressOf(base, { in: 'subprotocol', protocols: (token) => ['v1', token] }, 't')).toEqual({ url: base, protocols: ['v1', 't'] })
    expect(addressOf(base, { in: 'first-frame', frame: () => ({}) }, 't')).toEqual({ url: base, protocols: [] })
    expect(addressOf(base, { in: 'url' }, 'wss://signed.test/?sig=1')).toEqual({ url: 'wss://signed.test/?sig=1', protocols: [] })
    expect(() => addressOf(base, { in: 'url' }, 'no address')).toThrow()
    const plain = 'a signed address must begin with wss://: over ws:// everyone on the way can read the token (localhost excepted)'
    expect(() => addressOf(base, { in: 'url' }, 'ws://signed.test/?sig=1')).toThrow(new TypeError(plain))
  })
})
