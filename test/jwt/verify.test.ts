import { SignJWT, UnsecuredJWT } from 'jose'
import { expect, test } from 'vitest'
import { sign } from '../../src/jwt/sign.ts'
import { verify } from '../../src/jwt/verify.ts'

const now = Date.UTC(2026, 10, 22, 12)
const iat = now / 1000
const key = (fill: number, kid?: string) => ({ secret: new Uint8Array(32).fill(fill), ...(kid !== undefined && { kid }) })
const claims = { iss: 'us', aud: 'here', sub: 'u1', iat, exp: iat + 60 }

test('what was signed is verified, until its end', async () => {
  const token = await sign(claims, key(1))
  expect(await verify(token, [key(1)], { now, issuer: 'us', audience: 'here' })).toEqual({ claims })
  expect(await verify(token, [key(1)], { now: now + 59_000 })).toEqual({ claims })
  expect(await verify(token, [key(1)], { now: now + 60_000 })).toEqual({ refused: 'expired' })
})

test('two keys are valid at a time; a kid says which', async () => {
  const [old, fresh] = [key(1, 'old'), key(2, 'fresh')]
  for (const signer of [old, fresh]) expect(await verify(await sign(claims, signer), [fresh, old], { now })).toEqual({ claims })
  expect(await verify(await sign(claims, old), [fresh], { now })).toEqual({ refused: 'invalid' })
  expect(await verify(await sign(claims, key(2)), [old, fresh], { now })).toEqual({ claims })
})

test.each([
  ['another key', () => sign(claims, key(2)), {}],
  ['another issuer', () => sign(claims, key(1)), { issuer: 'them' }],
  ['another audience', () => sign(claims, key(1)), { audience: 'there' }],
  ['a missing claim', () => sign(claims, key(1)), { required: ['jti'] }],
  ['another algorithm', () => new SignJWT(claims).setProtectedHeader({ alg: 'HS512' }).sign(new Uint8Array(64).fill(1)), {}],
  ['no signature', async () => new UnsecuredJWT(claims).encode(), {}],
  ['an unknown kid', () => sign(claims, key(1, 'x')), {}],
  ['no token at all', async () => 'nonsense', {}],
  ['an empty text', async () => '', {}],
])('%s is refused', async (_, token, expected) => {
  expect(await verify(await token(), [key(1)], { now, ...expected })).toEqual({ refused: 'invalid' })
})

test('expired and forged is invalid, not expired', async () => {
  expect(await verify(await sign({ ...claims, exp: iat - 1 }, key(2)), [key(1)], { now })).toEqual({ refused: 'invalid' })
})
