import * as z from 'zod/mini'
import { MintError } from '../mint-error.ts'
import { keyGuard } from './key-guard.ts'
import type { KeyGuardOptions } from './key-guard.ts'
import { fromEnvironment, keyReader } from './long-lived-key.ts'
import type { LongLivedKey } from './long-lived-key.ts'
import { providerHost } from './provider-host.ts'
import { callUpstream } from './upstream.ts'
import type { UpstreamAnswer, UpstreamOptions } from './upstream.ts'

export interface AgenthumanKeyOptions {
  /** Asked for each call. Default: `AGENTHUMAN_API_KEY` of the environment. */
  readonly key?: () => string | undefined | Promise<string | undefined>
  /** Default `https://api.agenthuman.com`. AgentHuman's own host, or this machine. */
  readonly host?: string
  /** Where its API begins: today's `/v1`, or the older `/api/v1`. Default `/v1`. */
  readonly basePath?: '/v1' | '/api/v1'
  /** Further hosts that the key may go to. */
  readonly trustedHosts?: readonly string[]
  /** Hears once about a key that looks odd but is tried. Default: a process warning, where there are any. */
  readonly warn?: (text: string) => void
}

export interface AgenthumanAccountOptions extends AgenthumanKeyOptions, UpstreamOptions {
  /** How a bad key is kept from being tried again and again. */
  readonly guard?: KeyGuardOptions
}

/** The address before `/v1/…`. @throws TypeError for a host that the key must not go to */
export function agenthumanBase({ host = 'https://api.agenthuman.com', basePath = '/v1', trustedHosts }: AgenthumanKeyOptions): string {
  if (basePath !== '/v1' && basePath !== '/api/v1') throw new TypeError('basePath: "/v1" or "/api/v1" is needed')
  return providerHost(host, ['api.agenthuman.com'], trustedHosts) + basePath.slice(0, -'/v1'.length)
}

/**
 * Reads the key and checks what it looks like: `ah_live_…` or `ah_test_…`. The documentation says that 32 characters follow,
 * and shows examples of other lengths, so another length is only warned about.
 *
 * The returned function throws a MintError `key_refused` for no key or for another provider's.
 */
export function agenthumanKey(options: AgenthumanKeyOptions): () => Promise<LongLivedKey> {
  const { key = () => fromEnvironment('AGENTHUMAN_API_KEY'), warn = processWarning } = options
  const currentKey = keyReader(async () => ({ AGENTHUMAN_API_KEY: await key() }))
  let looked: { readonly id: string; readonly refusal: MintError | undefined } | undefined
  return async () => {
    const current = await currentKey()
    if (looked?.id !== current.id) looked = { id: current.id, refusal: look(current.parts.join(''), warn) }
    if (looked.refusal !== undefined) throw looked.refusal
    return current
  }
}

function look(key: string, warn: (text: string) => void): MintError | undefined {
  const random = /^ah_(?:live|test)_(.+)$/.exec(key)?.[1]
  if (random === undefined)
    return new MintError('key_refused', { message: 'AGENTHUMAN_API_KEY begins neither with ah_live_ nor with ah_test_' })
  if (random.length !== 32) warn(`AGENTHUMAN_API_KEY has ${random.length} characters after its prefix, not 32; it is tried all the same`)
  return undefined
}

function processWarning(text: string): void {
  ;(globalThis as { process?: { emitWarning?: (text: string) => void } }).process?.emitWarning?.(`heartwire: ${text}`)
}

const envelope = z.object({ error: z.string() })

/** The three 401 differ by their words only. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/api key required/i, 'key_missing'],
  [/invalid api key/i, 'key_invalid'],
  [/api key has been revoked/i, 'key_revoked'],
]

const limited = /concurren|minutes|limit|quota/i

export interface AgenthumanSaid {
  readonly message?: string
  readonly reason?: string
}

/** What `{ success: false, error }` says, and which of the three refusals of a key it is. */
export function agenthumanSaid(status: number, json: unknown): AgenthumanSaid {
  const { success, data } = envelope.safeParse(json)
  if (!success) return {}
  const reason = status === 401 ? reasons.find(([words]) => words.test(data.error))?.[1] : undefined
  return { message: data.error, ...(reason !== undefined && { reason }) }
}

export interface AgenthumanApi {
  key(): Promise<LongLivedKey>
  /** Sends JSON with the key; throws a `MintError` for every answer but a 2xx. */
  call(key: LongLivedKey, method: 'POST' | 'PUT', path: string, body: object, signal: AbortSignal): Promise<unknown>
}

/** AgentHuman's REST API with the account's key. Source: docs.agenthuman.com, authentication and endpoints. */
export function agenthumanApi(options: AgenthumanAccountOptions): AgenthumanApi {
  const base = agenthumanBase(options)
  const guard = keyGuard(options.guard)
  return {
    key: agenthumanKey(options),
    call: (key, method, path, body, signal) =>
      guard.run(
        key.id,
        async () => {
          const headers = { 'x-api-key': key.parts.join(''), 'content-type': 'application/json', accept: 'application/json' }
          const answer = await callUpstream(base + path, { method, headers, body: JSON.stringify(body) }, { ...options, signal })
          if (answer.status < 200 || answer.status >= 300) throw refusalOf(answer)
          return answer.json
        },
        signal,
      ),
  }
}

function refusalOf({ status, json, retryAfter }: UpstreamAnswer): MintError {
  const { reason, message = '' } = agenthumanSaid(status, json)
  // Only a reason that we know is repeated, even in the operator's log.
  const parts = { upstreamStatus: status, message: `AgentHuman answered ${status}${reason === undefined ? '' : `: ${reason}`}` }
  if (status === 401) return new MintError('key_refused', parts)
  // How the plan's limits are refused is not documented.
  if (status === 403 && limited.test(message)) return new MintError('quota', { ...parts, retryAfter })
  if (status === 403) return new MintError('forbidden', parts)
  if (status === 402 || status === 409 || status === 429) return new MintError('quota', { ...parts, status, retryAfter })
  return new MintError('unavailable', { ...parts, status: status >= 500 ? 503 : 502, retryAfter })
}
