import * as z from 'zod/mini'
import { lifeOf } from '../../jwt/life.ts'
import { MintError } from '../mint-error.ts'
import { isHandle } from '../token-ask.ts'
import type { MintAnswer } from './mint.ts'

/** A token as it can stand in a URL, a header or a frame: printable, at most 8 KiB. */
export const tokenText = z.string().check(z.regex(/^[\x21-\x7e]{1,8192}$/))

/**
 * The life of a JWT in seconds, `exp − iat`: relative, so that neither our clock nor the provider's counts. The signature is
 * not ours to check.
 *
 * @param otherwise the documented life, for a token that does not say
 * @throws MintError `unavailable` when the token says that it has no life at all
 */
export function lifetimeOf(token: string, otherwise: number): number {
  const life = lifeOf(token)
  if (life === undefined) return otherwise
  if (!Number.isFinite(life) || life <= 0) throw malformed('a token without any life')
  return life
}

/** Whole seconds that are left to a caller who joined `ageMs` late: he counts from later than the token does. */
export function lifeLeft(seconds: number, ageMs: number): number {
  const left = Math.floor(seconds - Math.floor(ageMs) / 1000)
  if (left <= 0) throw malformed('a token that lived no longer than its way to us')
  return left
}

export const malformed = (what: string): MintError =>
  new MintError('unavailable', { status: 502, upstreamStatus: 200, message: `the provider answered with ${what}` })

const positive = z.number().check(z.positive())
const answer = z.object({
  access_token: tokenText,
  expires_in: z.optional(positive),
  handle: z.optional(z.string().check(z.refine(isHandle))),
  connect_by: z.optional(positive),
})

/**
 * What a mint returned, checked: it may be the application's own.
 *
 * @throws MintError `unavailable` when it is no token response
 */
export function checkedAnswer(value: unknown): MintAnswer {
  const { success, data } = answer.safeParse(value)
  if (!success) throw new MintError('unavailable', { status: 502, message: 'the mint returned no token response' })
  return data
}
