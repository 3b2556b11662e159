import * as z from 'zod/mini'
import type { KeyGuardOptions } from '../mint/key-guard.ts'
import { fromEnvironment, keyReader } from '../mint/long-lived-key.ts'
import { providerHost } from '../mint/provider-host.ts'
import type { UpstreamFetch } from '../mint/upstream.ts'
import { codeOf } from './upstream.ts'
import type { ForwardCode, Refusal, Route, Upstream } from './upstream.ts'
import type { Budget } from './shares.ts'

export interface BithumanForwardOptions {
  /** Asked for each call. Default: `BITHUMAN_API_SECRET` of the environment, else `BITHUMAN_API_KEY`, its other name. */
  readonly secret?: () => string | undefined | Promise<string | undefined>
  /** Default `https://api.bithuman.ai`. bitHuman's own host, or this machine. */
  readonly host?: string
  /** Further hosts that the secret may go to. */
  readonly trustedHosts?: readonly string[]
  /** What the secret may do until bitHuman's answers tell it. Default: nothing is assumed. */
  readonly budget?: Budget
  readonly fetch?: UpstreamFetch
  readonly guard?: KeyGuardOptions
}

/** One scope for both: a context of type `speak` is spoken too. */
const routes: readonly Route[] = [
  { method: 'POST', path: '/v1/agent/:code/speak', scope: 'agents:speak' },
  { method: 'POST', path: '/v1/agent/:code/add-context', scope: 'agents:speak' },
]

/**
 * What a page may make a running bitHuman agent say and know, for `createForwarder`. The scope covers every agent of the
 * account; allow it to those who may speak through all of them.
 *
 * Source: repo bithuman-product/public-docs, openapi and api/errors.md.
 *
 * @throws TypeError for a host that the secret must not go to
 */
export function bithuman(options: BithumanForwardOptions = {}): Upstream {
  const { secret = fromBithumanEnvironment, host = 'https://api.bithuman.ai', trustedHosts } = options
  const base = providerHost(host, ['api.bithuman.ai'], trustedHosts)
  const currentKey = keyReader(async () => ({ BITHUMAN_API_SECRET: await secret() }))
  return {
    name: 'bitHuman',
    docs: 'https://docs.bithuman.ai',
    routes,
    async credential() {
      const { parts, id } = await currentKey()
      const text = parts.join('')
      return { id, whose: 'backend', base, headers: { 'api-secret': text }, secrets: [text] }
    },
    refusal,
    budget: options.budget,
    fetch: options.fetch,
    guard: options.guard,
  }
}

const fromBithumanEnvironment = (): string | undefined => fromEnvironment('BITHUMAN_API_SECRET') ?? fromEnvironment('BITHUMAN_API_KEY')

/** Where bitHuman's code says more than the status. Source: api/errors.md. */
const meanings: Readonly<Record<string, ForwardCode>> = {
  MISSING_AUTH: 'key_refused',
  UNAUTHORIZED: 'key_refused',
  ACCOUNT_SUSPENDED: 'key_refused',
  RUNTIME_SUSPENDED: 'key_refused',
  CONCURRENCY_LIMIT_REACHED: 'quota',
}
const envelope = z.object({ error: z.object({ code: z.optional(z.string()), message: z.optional(z.string()) }) })

/** `{ error: { code, message, httpStatus }, … }`. */
function refusal(status: number, json: unknown): Refusal {
  const { success, data } = envelope.safeParse(json)
  if (!success) return { code: codeOf(status) }
  const { code = '', message } = data.error
  return { code: (Object.hasOwn(meanings, code) ? meanings[code] : undefined) ?? codeOf(status), message }
}
