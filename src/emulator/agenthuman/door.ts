import { keyTexts, unauthorized } from './answers.ts'
import type { Keys } from './keys.ts'
import type { Login } from './login.ts'

/** Who an endpoint lets in: a user's JWT, an API key, either of them, or everybody. */
export type Door = 'jwt' | 'key' | 'both' | 'open'

/** The refusal, or null: come in. With a key and a login on the same request, an endpoint that takes both looks at the key. */
export async function admit(door: Door, headers: Headers, { keys, login }: { keys: Keys; login: Login }): Promise<Response | null> {
  if (door === 'open') return null
  const key = headers.get('x-api-key')
  if (door === 'jwt' || (door === 'both' && !key)) {
    const standing = await login.standing(headers)
    if (standing === 'good') return null
    if (standing === 'bad') return unauthorized('Invalid or expired token')
    return unauthorized(door === 'jwt' ? 'Authentication required' : keyTexts.missing)
  }
  if (!key) return unauthorized(keyTexts.missing)
  const standing = keys.standing(key)
  return standing === 'working' ? null : unauthorized(keyTexts[standing])
}
