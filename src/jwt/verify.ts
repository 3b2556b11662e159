import type { JWTPayload, JWTVerifyOptions } from 'jose'
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import * as errors from 'jose/errors'
import { jwtVerify } from 'jose/jwt/verify'
import type { SigningKey } from './sign.ts'

/** `expired`: the signature is good and the time is over. `invalid`: everything else. */
export type Verified = { readonly claims: JWTPayload } | { readonly refused: 'expired' | 'invalid' }

export interface Expected {
  /** Epoch milliseconds. */
  readonly now: number
  readonly issuer?: string
  readonly audience?: string
  /** Claims that must be there. */
  readonly required?: readonly string[]
  /** The header's `typ`, exactly; then a `kid` must be there too. */
  readonly typ?: string
}

/**
 * Checks an HS256 token; other algorithms are refused whatever the header says. A token with a `kid` is checked with the
 * key of that `kid` only, one without it with each key in turn. Never rejects.
 */
export async function verify(token: string, keys: readonly SigningKey[], expected: Expected): Promise<Verified> {
  const { now, issuer, audience, required, typ } = expected
  const options: JWTVerifyOptions = {
    algorithms: ['HS256'],
    currentDate: new Date(now),
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    ...(required && { requiredClaims: [...required] }),
    ...(typ !== undefined && { typ }),
  }
  let refused: 'expired' | 'invalid' = 'invalid'
  for (const key of candidates(token, keys, typ !== undefined)) {
    try {
      return { claims: (await jwtVerify(token, key.secret, options)).payload }
    } catch (error) {
      if (error instanceof errors.JWTExpired) refused = 'expired'
    }
  }
  return { refused }
}

function candidates(token: string, keys: readonly SigningKey[], named: boolean): readonly SigningKey[] {
  try {
    const { kid } = decodeProtectedHeader(token)
    return kid === undefined && !named ? keys : keys.filter((key) => key.kid === kid)
  } catch {
    return []
  }
}
