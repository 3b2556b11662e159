/** What people are told, word for word; and the edges of each limit. */
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../src/wire/frames.ts'
import { readGrant, readRefusal } from '../../src/wire/grant.ts'

const detail = (body: unknown): unknown => (readGrant(body, 1) as { detail?: string }).detail
const grant = (over: object): unknown => readGrant({ access_token: 'abc', expires_in: 60, ...over }, 1)

describe('an answer that is no grant says why', () => {
  it.each([
    [null, 'the answer is not a JSON object'],
    ['abc', 'the answer is not a JSON object'],
    [{}, 'the answer has no access_token'],
    [{ access_token: '' }, 'the answer has no access_token'],
    [{ access_token: 'two words' }, 'access_token is not a token'],
    [{ access_token: 'x\n' }, 'access_token is not a token'],
    [{ access_token: 'sk_live_x' }, 'the endpoint answered with a long-lived API key; exchange it on the backend for a token'],
    [{ access_token: 'abc', expires_in: 0 }, 'expires_in is not a positive number of seconds'],
    [{ access_token: 'abc', expires_in: ' ' }, 'expires_in is not a positive number of seconds'],
    [{ access_token: 'abc', expires_in: true }, 'expires_in is not a positive number of seconds'],
    [{ access_token: 'abc', expires_in: 60, connect_by: 0 }, 'connect_by is not a positive number of seconds'],
  ])('%j: %s', (body, said) => {
    expect(detail(body)).toBe(said)
  })

  it('up to the edge of 16 KiB it is one', () => {
    expect([grant({ access_token: 'a'.repeat(16_384) }), grant({ access_token: 'a'.repeat(16_385) })]).toMatchObject([
      { is: 'grant' },
      { is: 'failed' },
    ])
    expect(grant({ expires_in: ' 60 ' })).toMatchObject({ lifetimeMs: 60_000 })
  })
})

describe('a refusal says what was answered', () => {
  it.each([
    [500, undefined, 'the token endpoint answered 500'],
    [401, { error: 'login_required' }, 'the token endpoint answered 401 login_required'],
    [500, { error: 'unavailable' }, 'the token endpoint answered 500 unavailable'],
    [403, { error: 'forbidden' }, 'the token endpoint answered 403 forbidden'],
    [400, { error: 'a b' }, 'the token endpoint answered 400'],
    [400, { error: '!x' }, 'the token endpoint answered 400'],
    [400, { error: 'x'.repeat(40) }, `the token endpoint answered 400 ${'x'.repeat(40)}`],
    [400, { error: 'x'.repeat(41) }, 'the token endpoint answered 400'],
    [400, { error: '' }, 'the token endpoint answered 400'],
    // Found by the fuzz: a key in the wrong place is not told to anybody.
    [400, { error: 'sk_live_0123456789abcdef' }, 'the token endpoint answered 400'],
    [400, { error: 'SECRET' }, 'the token endpoint answered 400'],
  ])('%i %j', (status, body, said) => {
    expect(readRefusal(status, body, null, 0)).toMatchObject({ detail: said })
  })

  it('is `unavailable` where our own body says so, whatever its status', () => {
    for (const status of [401, 402, 403, 429])
      expect(readRefusal(status, { error: 'unavailable' }, '3', 0)).toMatchObject({ is: 'failed', no: 'unavailable', retryAfterMs: 3_000 })
  })

  it('reads Retry-After as whole seconds or as a date, and nothing else', () => {
    const now = Date.UTC(2026, 0, 1)
    const waits = [' 7 ', '7.5', '-7', '1e3', '7 s', '', 'Thu, 01 Jan 2026 00:01:40 GMT']
    expect(waits.map((wait) => (readRefusal(503, null, wait, now) as { retryAfterMs: number }).retryAfterMs)).toEqual([
      7_000, 0, 0, 0, 0, 0, 100_000,
    ])
  })
})

describe('a frame says what is wrong with it', () => {
  const refusing = (result: unknown): never => ({ schemas: { inbound: schema(result), outbound: schema(result) } }) as never
  const schema = (result: unknown): object => ({ '~standard': { version: 1, vendor: 't', validate: () => result } })
  const late = 'the schema is asynchronous; messages keep their order only with a synchronous one'

  it('up to the edge of 8 MiB it is read', () => {
    const text = (length: number): string => `"${'x'.repeat(length - 2)}"`
    expect([decode(text(8 * 1024 * 1024), undefined).ok, decode(text(8 * 1024 * 1024 + 1), undefined).ok]).toEqual([true, false])
  })

  it.each<[string, unknown, unknown]>([
    ['{}', { envelope: () => false }, 'not the form of this provider'],
    ['{}', refusing(Promise.resolve({ value: 1 })), late],
    ['{}', refusing({ issues: [{ message: 'no', path: [null, 'a', { key: 'b' }, Symbol('c')] }] }), 'null.a.b.Symbol(c): no'],
    ['{}', refusing({ issues: [{ message: 'no', path: [] }] }), 'message: no'],
  ])('%s %#', (text, traits, issue) => {
    expect(decode(text, traits as never)).toEqual({ ok: false, issue, bytes: 2 })
  })

  it('names nothing of a frame that is not for the application', () => {
    expect(Object.keys(decode('{}', { unwrap: () => undefined }))).toEqual(['ok', 'frame'])
  })

  it('and so does a message that may not go out', () => {
    expect(() => encode({}, refusing({ issues: [{ message: 'no', path: ['a'] }] }))).toThrow(new TypeError('send: a: no'))
    expect(() => encode({}, refusing(Promise.resolve({ value: 1 })))).toThrow(new TypeError(`send: ${late}`))
    expect(() => encode(undefined, undefined)).toThrow(new TypeError('send: the message is nothing that JSON can carry'))
    const endless: object = { toJSON: () => JSON.stringify(endless) }
    expect(() => encode(endless, undefined)).toThrow(
      expect.objectContaining({ message: 'send: the message is too long, or nested too deeply', cause: expect.any(RangeError) }),
    )
    const torn = {
      toJSON: () => {
        throw new EvalError('torn')
      },
    }
    expect(() => encode(torn, undefined)).toThrow(new EvalError('torn'))
    expect(encode({ a: 1 }, refusing({ value: 'another' }))).toBe('{"a":1}')
  })
})
