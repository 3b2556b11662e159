import { describe, expect, it } from 'vitest'
import { isLongLivedKey, readGrant, readRefusal } from '../../src/wire/grant.ts'

const jwt = (claims: object): string =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`

describe('a grant', () => {
  it.each([
    ['a plain one', { access_token: 'abc', expires_in: 60 }, 60_000],
    ['seconds as text', { access_token: 'abc', expires_in: '60' }, 60_000],
    ['a fraction of a second', { access_token: 'abc', expires_in: 0.5 }, 500],
    ['a very long life', { access_token: 'abc', expires_in: 1e15 }, 1e18],
    ['no lifetime: the preset’s', { access_token: 'abc' }, 300_000],
    ['null as lifetime', { access_token: 'abc', expires_in: null }, 300_000],
    ['a JWT’s own life, wherever its clock stands', { access_token: jwt({ iat: 5_000_000_000, exp: 5_000_000_090 }) }, 90_000],
    ['expires_in before the JWT’s', { access_token: jwt({ iat: 1, exp: 91 }), expires_in: 10 }, 10_000],
    ['a JWT without iat', { access_token: jwt({ exp: 91 }) }, 300_000],
    ['a JWT without exp', { access_token: jwt({ iat: 1 }) }, 300_000],
    ['fields of other people', { access_token: 'abc', expires_in: 60, refresh_token: 'r', scope: 'x', __proto__: { admin: true } }, 60_000],
  ])('%s', (_what, body, lifetimeMs) => {
    expect(readGrant(body, 300_000)).toMatchObject({ is: 'grant', lifetimeMs })
  })

  it('carries handle and connect_by', () => {
    expect(readGrant({ access_token: 'abc', handle: 'h', connect_by: 30 }, 1)).toMatchObject({ handle: 'h', connectByMs: 30_000 })
    expect(readGrant({ access_token: 'abc', handle: 7, connect_by: null }, 1)).toMatchObject({ handle: undefined, connectByMs: null })
  })

  const bodies: unknown[] = [
    null,
    undefined,
    7,
    'abc',
    [],
    {},
    { access_token: '' },
    { access_token: 7 },
    { access_token: null },
    { token: 'abc' },
    { access_token: 'undefined' },
    { access_token: 'null' },
    { access_token: 'two words' },
    { access_token: 'tab\t' },
    { access_token: 'ümlaut' },
    { access_token: 'a'.repeat(16_385) },
    { access_token: 'sk_live_0123456789' },
    { access_token: 'ah_test_0123456789' },
    { access_token: 'abc', expires_in: 0 },
    { access_token: 'abc', expires_in: -1 },
    { access_token: 'abc', expires_in: 'soon' },
    { access_token: 'abc', expires_in: '' },
    { access_token: 'abc', expires_in: Infinity },
    { access_token: 'abc', expires_in: NaN },
    { access_token: 'abc', expires_in: {} },
    { access_token: 'abc', expires_in: true },
    { access_token: jwt({ iat: 100, exp: 100 }) },
    { access_token: 'abc', connect_by: 0 },
    { access_token: 'abc', connect_by: 'x' },
  ]
  it('is nothing else, and a verdict repeats nothing of it', () => {
    for (const body of bodies) {
      const answer = readGrant(body, 300_000)
      expect(answer, JSON.stringify(body)).toMatchObject({ is: 'failed', no: 'malformed' })
      expect(JSON.stringify(answer)).not.toMatch(/sk_live_0|ah_test_0|two words|aaaa|eyJ/)
    }
  })
})

describe('a refusal', () => {
  it.each([
    [401, undefined, 'login_required'],
    [403, undefined, 'key_refused'],
    [402, undefined, 'quota'],
    [409, undefined, 'quota'],
    [429, undefined, 'quota'],
    [401, { error: 'login_required' }, 'login_required'],
    [403, { error: 'revoked' }, 'revoked'],
    [403, { error: 'key_refused' }, 'key_refused'],
    [403, { error: 'login_required' }, 'login_required'],
    [401, { error: 'key_refused' }, 'key_refused'],
    [500, { error: 'quota' }, 'quota'],
    [401, { error: 'invalid_client' }, 'login_required'],
    [403, 'a page of HTML', 'key_refused'],
    [403, { error: { message: 'x' } }, 'key_refused'],
  ])('%i %j is %s', (status, body, no) => {
    expect(readRefusal(status, body, null, 0)).toMatchObject({ is: 'refused', no, hard: status === 402 })
  })

  it('is never for ever, unless our own body says so', () => {
    expect(readRefusal(403, { error: 'forbidden' }, null, 0).is).toBe('forbidden')
    expect(readRefusal(403, { error: 'Forbidden' }, null, 0).is).toBe('refused')
  })

  it.each([400, 404, 405, 418, 500, 502, 503, 504])('%i says nothing, so it may pass', (status) => {
    expect(readRefusal(status, undefined, null, 0)).toMatchObject({ is: 'failed', no: 'unavailable' })
  })

  it.each([
    ['seconds', undefined, '120', 120_000],
    ['a date', undefined, 'Thu, 01 Jan 1970 00:01:40 GMT', 90_000],
    ['a date that has passed', undefined, 'Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['nonsense', undefined, 'soon', 0],
    ['the body, which wins', { retry_after: 7 }, '120', 7000],
    ['a body of nonsense', { retry_after: 'x' }, '120', 120_000],
    ['a body of nothing', { retry_after: '' }, '120', 120_000],
    ['a body of blanks', { retry_after: ' ' }, '120', 120_000],
    ['a negative body', { retry_after: -5 }, null, 0],
    ['a year: a day at most', { retry_after: 31_536_000 }, null, 86_400_000],
  ])('waits as Retry-After says: %s', (_what, body, header, ms) => {
    expect(readRefusal(503, body, header, 10_000)).toMatchObject({ retryAfterMs: ms })
  })

  it('repeats no text of the answer', () => {
    const answer = readRefusal(500, { error: 'token abc.def.ghi leaked', message: 'secret' }, 'secret', 0)
    expect(JSON.stringify(answer)).not.toMatch(/abc|secret/)
  })
})

it('knows the shapes of long-lived keys', () => {
  for (const key of ['sk_live_x', 'sk_test_x', 'ah_live_x', 'ah_test_x']) expect(isLongLivedKey(key)).toBe(true)
  for (const key of ['task_live_x', 'skip', 'eyJhbGciOiJIUzI1NiJ9.e30.x', '']) expect(isLongLivedKey(key)).toBe(false)
})
