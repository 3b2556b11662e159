import { MintError } from '../mint-error.ts'
import { agenthumanBase, agenthumanKey, agenthumanSaid } from '../mint/agenthuman-api.ts'
import type { AgenthumanKeyOptions } from '../mint/agenthuman-api.ts'
import type { KeyGuardOptions } from '../mint/key-guard.ts'
import { sha256Hex } from '../mint/long-lived-key.ts'
import type { UpstreamFetch } from '../mint/upstream.ts'
import { codeOf } from './upstream.ts'
import type { Route, Upstream } from './upstream.ts'
import type { Budget } from './shares.ts'

export interface AgenthumanForwardOptions extends AgenthumanKeyOptions {
  /** What the key may do: AgentHuman's answers do not say. Default: not known, not limited. */
  readonly budget?: Budget
  readonly fetch?: UpstreamFetch
  readonly guard?: KeyGuardOptions
}

/**
 * AgentHuman's REST API, for `createForwarder`. Sessions and messages use the backend's key; agents, and the user's own
 * avatars, voices and roles use the user's own JWT, which `authorize` returns as `bearer`. The lists of avatars, voices and
 * roles take both: the user's JWT where there is one, and the key, which sees the public ones, where there is none. Never
 * both at once: a call has the right of one of them, and a refusal is about that one.
 *
 * Source: AgentHuman's documentation, "Authentication"; docs.agenthuman.com, endpoints.
 *
 * @throws TypeError for a host that the key must not go to
 */
export function agenthuman(options: AgenthumanForwardOptions = {}): Upstream {
  const base = agenthumanBase(options)
  const currentKey = agenthumanKey(options)
  return {
    name: 'AgentHuman',
    docs: 'https://docs.agenthuman.com',
    routes,
    async credential(route, { bearer }) {
      if (route.with === 'bearer' || (route.with === 'either' && bearer !== undefined)) {
        if (bearer === undefined) throw new MintError('forbidden', { message: 'authorize returned no bearer for a route of the user' })
        if (!/^[\x21-\x7e]{1,8192}$/.test(bearer)) throw new TypeError('authorize returned a bearer that cannot stand in a header')
        const headers = { authorization: `Bearer ${bearer}` }
        return { id: `bearer ${await sha256Hex(bearer)}`, whose: 'caller', base, headers, secrets: [bearer] }
      }
      const { parts, id } = await currentKey()
      const key = parts.join('')
      return { id, whose: 'backend', base, headers: { 'x-api-key': key }, secrets: [key] }
    },
    refusal: (status, json) => ({ code: codeOf(status), ...agenthumanSaid(status, json) }),
    budget: options.budget,
    fetch: options.fetch,
    guard: options.guard,
  }
}

const item = (base: string, scope: string, right: Route['with'] & string): readonly Route[] => [
  { method: 'POST', path: base, scope, with: right },
  { method: 'PUT', path: `${base}/:id`, scope, with: right },
  { method: 'PATCH', path: `${base}/:id`, scope, with: right },
  { method: 'DELETE', path: `${base}/:id`, scope, with: right },
]
const read = (base: string, scope: string, right: Route['with'] & string): readonly Route[] => [
  { method: 'GET', path: base, scope, with: right },
  { method: 'GET', path: `${base}/:id`, scope, with: right },
]

const routes: readonly Route[] = [
  ...read('/v1/sessions', 'sessions:read', 'key'),
  { method: 'POST', path: '/v1/sessions', scope: 'sessions:write' },
  { method: 'PUT', path: '/v1/sessions/:id/start', scope: 'sessions:write' },
  { method: 'POST', path: '/v1/sessions/:id/end', scope: 'sessions:write' },
  { method: 'PUT', path: '/v1/sessions/:id/end', scope: 'sessions:write' },
  { method: 'GET', path: '/v1/sessions/:id/messages', scope: 'messages:read' },
  { method: 'POST', path: '/v1/sessions/:id/messages', scope: 'messages:write' },
  ...read('/v1/agents', 'agents:read', 'bearer'),
  ...item('/v1/agents', 'agents:write', 'bearer'),
  ...['avatars', 'voices', 'roles'].flatMap((kind) => [
    // Where the public ones have a list of their own; before `:id`, which would take the word for an id.
    { method: 'GET', path: `/v1/${kind}/public`, scope: `${kind}:read`, with: 'key' } as const,
    ...read(`/v1/${kind}`, `${kind}:read`, 'either'),
    ...item(`/v1/${kind}`, `${kind}:write`, 'bearer'),
  ]),
]
