import { decodeJwt } from 'jose/jwt/decode'

/** A JWT's life in seconds, `exp − iat`: a difference, so that nobody's clock matters. Undefined for anything else. */
export function lifeOf(token: string): number | undefined {
  try {
    const { exp, iat } = decodeJwt(token)
    return exp !== undefined && iat !== undefined ? exp - iat : undefined
  } catch {
    return undefined
  }
}
