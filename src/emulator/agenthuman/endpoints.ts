import { createKey, deleteKey, listKeys, sendOtp, verifyOtp } from './account-endpoints.ts'
import { createAgent, deleteAgent, getAgent, listAgents, updateAgent } from './agent-endpoints.ts'
import type { Answer } from './call.ts'
import type { Door } from './door.ts'
import { listAvatars, listRoles, listVoices, publicAvatars, publicRoles, publicVoices } from './library.ts'
import { createLink, getLink, listLinks, startByLink, updateLink } from './link-endpoints.ts'
import { createSession, endSession, getSession, listMessages, listSessions, sendMessage, startSession } from './session-endpoints.ts'

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below either base: `/v1` as in today's docs, `/api/v1` as on the older page's host. `{id}` is one segment. */
  readonly path: string
  readonly door: Door
  readonly answer: Answer
}

/**
 * What there is, and who may come in. The authentication page sorts most of it: JWT for "Agent CRUD operations" and "User-specific
 * resources for avatars, voices, and roles"; API key for "Session management", "Message endpoints" and "Public resource
 * lists". "Most endpoints accept both": so do links, which it does not sort. API keys are managed "after authentication", so
 * by JWT. Where it names no path (`/v1/auth`, `/v1/api-keys`, what stands below voices and roles), the path is ours.
 */
export const endpoints: readonly Endpoint[] = [
  { method: 'POST', path: '/auth/otp/request', door: 'open', answer: sendOtp },
  { method: 'POST', path: '/auth/otp/verify', door: 'open', answer: verifyOtp },
  { method: 'POST', path: '/api-keys', door: 'jwt', answer: createKey },
  { method: 'GET', path: '/api-keys', door: 'jwt', answer: listKeys },
  { method: 'DELETE', path: '/api-keys/{id}', door: 'jwt', answer: deleteKey },

  { method: 'POST', path: '/agents', door: 'jwt', answer: createAgent },
  { method: 'GET', path: '/agents', door: 'jwt', answer: listAgents },
  { method: 'GET', path: '/agents/{id}', door: 'jwt', answer: getAgent },
  { method: 'PUT', path: '/agents/{id}', door: 'jwt', answer: updateAgent },
  { method: 'DELETE', path: '/agents/{id}', door: 'jwt', answer: deleteAgent },
  { method: 'GET', path: '/avatars', door: 'jwt', answer: listAvatars },
  { method: 'GET', path: '/voices', door: 'jwt', answer: listVoices },
  { method: 'GET', path: '/roles', door: 'jwt', answer: listRoles },

  { method: 'GET', path: '/avatars/public', door: 'key', answer: publicAvatars },
  { method: 'GET', path: '/voices/public', door: 'key', answer: publicVoices },
  { method: 'GET', path: '/roles/public', door: 'key', answer: publicRoles },
  { method: 'POST', path: '/sessions', door: 'key', answer: createSession },
  { method: 'GET', path: '/sessions', door: 'key', answer: listSessions },
  { method: 'GET', path: '/sessions/{id}', door: 'key', answer: getSession },
  { method: 'PUT', path: '/sessions/{id}/start', door: 'key', answer: startSession },
  { method: 'POST', path: '/sessions/{id}/start', door: 'key', answer: startSession },
  { method: 'POST', path: '/sessions/{id}/end', door: 'key', answer: endSession },
  { method: 'PUT', path: '/sessions/{id}/end', door: 'key', answer: endSession },
  { method: 'POST', path: '/sessions/{id}/messages', door: 'key', answer: sendMessage },
  { method: 'GET', path: '/sessions/{id}/messages', door: 'key', answer: listMessages },

  { method: 'POST', path: '/links', door: 'both', answer: createLink },
  { method: 'GET', path: '/links', door: 'both', answer: listLinks },
  { method: 'GET', path: '/links/{id}', door: 'both', answer: getLink },
  { method: 'PUT', path: '/links/{id}', door: 'both', answer: updateLink },
  { method: 'POST', path: '/links/start-session', door: 'open', answer: startByLink },
]

/** The endpoint at an address and what its `{id}` stands for; undefined if nothing is there. */
export function endpointAt(method: string, pathname: string): { endpoint: Endpoint; name: string } | undefined {
  const segments = /^(?:\/api)?\/v1(\/.*)$/.exec(pathname)?.[1]?.split('/') ?? []
  for (const endpoint of endpoints) {
    const wanted = endpoint.path.split('/')
    const fits = wanted.every((part, at) => (part === '{id}' ? segments[at] !== '' : part === segments[at]))
    if (endpoint.method !== method || wanted.length !== segments.length || !fits) continue
    const place = wanted.indexOf('{id}')
    return { endpoint, name: segments[place] ?? '' }
  }
  return undefined
}
