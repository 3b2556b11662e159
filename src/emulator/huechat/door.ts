import { refuse } from './answers.ts'
import { type Environment, type Key, type Keys, prefixes } from './keys.ts'

export interface DoorTraits {
  readonly keys: Keys
  readonly environment: Environment
  readonly requireHttps: boolean
}

/**
 * The key of a request, or its refusal. `X-API-Key` and `Authorization: Bearer` are equivalent. Two different keys are
 * refused (ours): a server that passes a stranger's `Authorization` on should learn of it here.
 */
export function admit(request: Request, { keys, environment, requireHttps }: DoorTraits): Key | Response {
  if (requireHttps && new URL(request.url).protocol !== 'https:') return refuse('https_required', 'HTTPS is required')
  const inHeader = request.headers.get('x-api-key') || null
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? null
  const secret = inHeader ?? bearer
  if (secret === null) return refuse('unauthorized', 'API key is required')
  if (bearer !== null && bearer !== secret) return refuse('unauthorized', 'Invalid API key')
  const elsewhere = misplaced(secret, environment)
  if (elsewhere) return elsewhere
  const key = keys.find(secret)
  if (!key) return refuse('unauthorized', 'Invalid API key')
  if (key.allowedIps && !key.allowedIps.includes(clientOf(request))) {
    return refuse('forbidden', 'API key is not allowed from this IP address')
  }
  return key
}

/** The refusal of a key that belongs to the other environment. That it is 401 follows from the docs; the text is ours. */
function misplaced(secret: string, environment: Environment): Response | null {
  if (environment === 'live' && secret.startsWith(prefixes.sandbox)) {
    return refuse('unauthorized', 'Test keys work with https://sandbox.huechat.ai/v2 only')
  }
  if (environment === 'sandbox' && secret.startsWith(prefixes.live)) {
    return refuse('unauthorized', 'Live keys work with https://api.huechat.ai/v2 only')
  }
  return null
}

/** The first address of `X-Forwarded-For`; a request without one comes from `127.0.0.1`. */
const clientOf = (request: Request): string => request.headers.get('x-forwarded-for')?.split(',')[0]?.trim() || '127.0.0.1'
