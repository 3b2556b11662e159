import { done, refuse, stamp, stampOrNull, textIn, timeIn, unauthorized } from './answers.ts'
import type { Call } from './call.ts'
import type { ApiKey } from './keys.ts'
import { cookieName } from './login.ts'

/** Mails a one-time code. Who owns the account is not given away: every address gets the same answer. All of it is ours. */
export function sendOtp({ account, body }: Call): Response {
  const email = textIn(body, 'email')
  if (email === undefined) return refuse(400, 'Email is required', { suggestion: 'Include email in the request body' })
  account.login.send(email)
  return done({ message: 'If this address has an account, a code is on its way.' })
}

/**
 * Trades a one-time code for a JWT, as a field and as an HttpOnly cookie: the page says "cookie-based" and shows a Bearer
 * header, so both work. All but these two words is ours.
 */
export async function verifyOtp({ account, body, isSecure }: Call): Promise<Response> {
  const { email, ttlSeconds, userId } = account.login.traits
  const token = await account.login.redeem(textIn(body, 'email') ?? '', textIn(body, 'otp') ?? '')
  if (token === null) return unauthorized('Invalid or expired code')
  const cookie = `${cookieName}=${token}; Path=/; Max-Age=${ttlSeconds}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  return done({ token, expires_in: ttlSeconds, user: { user_id: userId, email } }, { 'set-cookie': cookie, 'cache-control': 'no-store' })
}

/** "API keys are shown only once when created": in this answer. Its shape is ours. */
export function createKey({ account, body }: Call): Response {
  const { environment = 'live' } = body
  if (environment !== 'live' && environment !== 'test') return refuse(400, 'environment must be live or test')
  const expiresAt = timeIn(body, 'expires_at')
  if (Number.isNaN(expiresAt)) return refuse(400, 'expires_at must be an ISO 8601 timestamp')
  const name = textIn(body, 'name')
  const key = account.keys.create({ environment, expiresAt, ...(name !== undefined && { name }) })
  const message = 'Store this key now: it is not shown again.'
  return done({ api_key: { ...describe(key), key: key.text }, message }, { 'cache-control': 'no-store' })
}

export function listKeys({ account }: Call): Response {
  return done({ api_keys: account.keys.all.map(describe) })
}

export function deleteKey({ account, name }: Call): Response {
  // Only by its id: who sends the key itself would leave it in an address.
  if (!name.startsWith('key_') || !account.keys.delete(name)) return refuse(404, 'API key not found')
  return done({ message: 'API key deleted' })
}

/** A key without its text; the last four letters help to tell keys apart. */
const describe = (key: ApiKey) => ({
  key_id: key.id,
  name: key.name,
  environment: key.environment,
  hint: `ah_${key.environment}_…${key.text.slice(-4)}`,
  created_at: stamp(key.createdAt),
  expires_at: stampOrNull(key.expiresAt),
})
