import type { JWTPayload } from 'jose'
import { SignJWT } from 'jose/jwt/sign'

/** A key for HS256: at least 32 bytes of chance. With several keys in use, `kid` says which one signed. */
export interface SigningKey {
  readonly secret: Uint8Array
  readonly kid?: string
}

/**
 * Signs the claims as they are, with HS256 (RFC 7518 §3.2). Times are the caller's: `iat` and `exp` in seconds since the
 * epoch. `typ` keeps tokens of one kind from being taken for another (RFC 8725 §3.11). Needs WebCrypto, so in a browser a secure context.
 */
export function sign(claims: JWTPayload, key: SigningKey, typ = 'JWT'): Promise<string> {
  const header = { alg: 'HS256', typ, ...(key.kid !== undefined && { kid: key.kid }) }
  return new SignJWT(claims).setProtectedHeader(header).sign(key.secret)
}
