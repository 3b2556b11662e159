import * as z from 'zod/mini'
import { MintError } from '../mint-error.ts'
import type { KeyGuardOptions } from '../mint/key-guard.ts'
import { fromEnvironment, keyReader } from '../mint/long-lived-key.ts'
import { providerHost } from '../mint/provider-host.ts'
import type { UpstreamFetch } from '../mint/upstream.ts'
import { codeOf } from './upstream.ts'
import type { Refusal, Route, Upstream } from './upstream.ts'
import type { Budget } from './shares.ts'

/** HueChat's own nine; a key has all of them ("full access") or some. */
export type HuechatScope =
  | 'contacts:read'
  | 'contacts:write'
  | 'conversations:read'
  | 'conversations:write'
  | 'channels:read'
  | 'channels:write'
  | 'webhooks:manage'
  | 'admin:read'
  | 'admin:write'

export interface HuechatOptions {
  /** Asked for each call. Default: `HUECHAT_API_KEY` of the environment. */
  readonly key?: () => string | undefined | Promise<string | undefined>
  /** Which kind of key there has to be; another one is refused before any call. Default: whichever there is. */
  readonly environment?: 'live' | 'sandbox'
  /** Default `https://api.huechat.ai` and `https://sandbox.huechat.ai`. HueChat's own hosts, or this machine. */
  readonly hosts?: { readonly live?: string; readonly sandbox?: string }
  /** Further hosts that the key may go to. */
  readonly trustedHosts?: readonly string[]
  /** Which of its two headers carries the key. Default `x-api-key`. */
  readonly header?: 'x-api-key' | 'bearer'
  /** What the key may do until HueChat's answers tell it. Default: nothing is assumed; every answer tells it. */
  readonly budget?: Budget
  readonly fetch?: UpstreamFetch
  readonly guard?: KeyGuardOptions
}

const own = ['api.huechat.ai', 'sandbox.huechat.ai'] as const

/**
 * HueChat's REST API, for `createForwarder`. The key says where it goes: `sk_live_…` to production, where messages are
 * real, `sk_test_…` to the sandbox.
 *
 * Source: HueChat's documentation, "Authentication Overview" and "API Keys"; developer.huechat.ai, guides and error codes.
 *
 * @throws TypeError for a host that the key must not go to
 */
export function huechat(options: HuechatOptions = {}): Upstream {
  const { key = () => fromEnvironment('HUECHAT_API_KEY'), environment, hosts = {}, trustedHosts, header = 'x-api-key' } = options
  const bases = {
    live: providerHost(hosts.live ?? 'https://api.huechat.ai', own, trustedHosts),
    sandbox: providerHost(hosts.sandbox ?? 'https://sandbox.huechat.ai', own, trustedHosts),
  }
  const currentKey = keyReader(async () => ({ HUECHAT_API_KEY: await key() }))
  return {
    name: 'HueChat',
    docs: 'https://developer.huechat.ai/docs',
    routes,
    async credential() {
      const { parts, id } = await currentKey()
      const text = parts.join('')
      const kind = /^sk_live_./.test(text) ? 'live' : /^sk_test_./.test(text) ? 'sandbox' : undefined
      if (kind === undefined) throw refusedHere('HUECHAT_API_KEY begins neither with sk_live_ nor with sk_test_')
      if (environment !== undefined && environment !== kind) {
        throw refusedHere(`HUECHAT_API_KEY is a key for ${kind}, and environment says ${environment}`)
      }
      const headers: Record<string, string> = header === 'bearer' ? { authorization: `Bearer ${text}` } : { 'x-api-key': text }
      return { id, whose: 'backend', base: bases[kind], headers, secrets: [text] }
    },
    refusal,
    budget: options.budget,
    fetch: options.fetch,
    guard: options.guard,
  }
}

const refusedHere = (message: string): MintError => new MintError('key_refused', { message })

const envelope = z.object({ error: z.optional(z.string()), message: z.optional(z.string()) })

/** `{ error, message, code }`; the status is the code. */
function refusal(status: number, json: unknown): Refusal {
  const { success, data } = envelope.safeParse(json)
  return { code: codeOf(status), message: success ? data.message : undefined }
}

/** Both generations of the paths: items are singular today (`/v2/contact/:id`), and plural in older samples. */
const both = (one: string, many: string, build: (base: string) => readonly Route[]): readonly Route[] => [
  ...build(`/v2/${one}`),
  ...build(`/v2/${many}`),
]
const on = (scope: HuechatScope, ...calls: readonly `${Route['method']} ${string}`[]): readonly Route[] =>
  calls.map((call) => {
    const [method, path = ''] = call.split(' ')
    return { method: method as Route['method'], path, scope }
  })

const routes: readonly Route[] = [
  ...on('contacts:read', 'GET /v2/contacts'),
  ...both('contact', 'contacts', (base) => [
    ...on('contacts:read', `GET ${base}/:id`),
    ...on('contacts:write', `POST ${base}`, `PUT ${base}/:id`, `PATCH ${base}/:id`, `DELETE ${base}/:id`),
    ...on('conversations:write', `POST ${base}/:id/message`, `POST ${base}/:id/messages`),
  ]),
  ...on('conversations:read', 'GET /v2/conversations'),
  ...both('conversation', 'conversations', (base) => [
    ...on('conversations:read', `GET ${base}/:id`, `GET ${base}/:id/messages`),
    ...on('conversations:write', `PUT ${base}/:id`, `PATCH ${base}/:id`, `POST ${base}/:id/message`, `POST ${base}/:id/messages`),
    ...on('conversations:write', `POST ${base}/:id/resolve`, `POST ${base}/:id/assign`),
  ]),
  ...on('channels:read', 'GET /v2/channels'),
  ...both('channel', 'channels', (base) => [
    ...on('channels:read', `GET ${base}/:id`),
    ...on('channels:write', `POST ${base}`, `PUT ${base}/:id`, `DELETE ${base}/:id`),
  ]),
  // What signs the webhooks is for the backend that receives them, not for a page.
  ...both('webhook', 'webhooks', (base) =>
    on('webhooks:manage', `POST ${base}`, `GET ${base}/:id`, `PUT ${base}/:id`, `PATCH ${base}/:id`, `DELETE ${base}/:id`),
  ).map((route) => ({ ...route, hides: ['signing_secret'] })),
  ...on('webhooks:manage', 'GET /v2/webhooks').map((route) => ({ ...route, hides: ['signing_secret'] })),
  ...on('admin:read', 'GET /v2/users', 'GET /v2/analytics'),
  ...both('user', 'users', (base) => [
    ...on('admin:read', `GET ${base}/:id`),
    ...on('admin:write', `POST ${base}`, `PUT ${base}/:id`, `PATCH ${base}/:id`, `DELETE ${base}/:id`),
  ]),
  ...on('admin:write', 'GET /v2/settings', 'PUT /v2/settings', 'PATCH /v2/settings'),
]
