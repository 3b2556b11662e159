import * as z from 'zod/mini'
import { MintError } from '../mint-error.ts'
import type { RefusalCode } from '../mint-error.ts'
import { secretFromEnvironment } from './bithuman-secret.ts'
import { keyGuard } from './key-guard.ts'
import type { KeyGuardOptions } from './key-guard.ts'
import { keyReader } from './long-lived-key.ts'
import type { LongLivedKey } from './long-lived-key.ts'
import { providerHost } from './provider-host.ts'
import { callUpstream } from './upstream.ts'
import type { UpstreamAnswer, UpstreamFetch, UpstreamOptions } from './upstream.ts'

export interface BithumanAccountOptions extends UpstreamOptions {
  /** Asked at each mint. Default: `BITHUMAN_API_SECRET` of the environment, else `BITHUMAN_API_KEY`, its other name. */
  readonly secret?: () => string | undefined | Promise<string | undefined>
  /** Hears once that the two names of the environment differ; never their values. Default: `process.emitWarning`. */
  readonly warn?: (message: string) => void
  /**
   * Default `https://api.bithuman.ai`. bitHuman's own hosts, or this machine. The address of the token endpoint, as bitHuman's
   * LiveKit plugin has it in `BITHUMAN_API_URL`, is taken for its host. The variable itself is not read: it is a host for some
   * of bitHuman's tools, this endpoint or somebody's own worker for others.
   */
  readonly host?: string
  /** Further hosts that the secret may go to. */
  readonly trustedHosts?: readonly string[]
  /** How a bad secret is kept from being tried again and again. */
  readonly guard?: KeyGuardOptions
}

/** The documentation names the first, the Python SDK and the LiveKit plugin use the second. */
const hosts = ['api.bithuman.ai', 'auth.api.bithuman.ai'] as const

export interface BithumanApi {
  key(): Promise<LongLivedKey>
  /** POSTs JSON with the secret; throws a `MintError` for every answer but a 2xx. */
  post(key: LongLivedKey, path: string, body: object, signal: AbortSignal): Promise<BithumanAnswer>
}

export interface BithumanAnswer {
  readonly json: unknown
  /** Epoch ms by bitHuman's own clock (the answer's `Date`), else by ours: what its absolute times are counted from. */
  readonly at: number
}

/** bitHuman's REST API with the account's secret. Source: docs.bithuman.ai, authentication and errors; repo bithuman-product/public-docs. */
export function bithumanApi(options: BithumanAccountOptions): BithumanApi {
  const { secret = secretFromEnvironment(options.warn), host = 'https://api.bithuman.ai', trustedHosts } = options
  const base = providerHost(host, hosts, trustedHosts).replace(/\/v1\/runtime-tokens\/request$/, '')
  const guard = keyGuard(options.guard)
  const send: UpstreamFetch = options.fetch ?? ((request) => globalThis.fetch(request))
  return {
    key: keyReader(async () => ({ BITHUMAN_API_SECRET: await secret() })),
    post: (key, path, body, signal) =>
      guard.run(
        key.id,
        async () => {
          const headers = { 'api-secret': key.parts.join(''), 'content-type': 'application/json', accept: 'application/json' }
          let date = ''
          const fetch: UpstreamFetch = async (request) => {
            const response = await send(request)
            date = response.headers.get('date') ?? ''
            return response
          }
          const answer = await callUpstream(base + path, { headers, body: JSON.stringify(body) }, { ...options, fetch, signal })
          if (answer.status < 200 || answer.status >= 300) throw refusalOf(answer)
          return { json: answer.json, at: Date.parse(date) || Date.now() }
        },
        signal,
      ),
  }
}

/** bitHuman's error codes → ours, with the HTTP status for the page. Source: api/errors.md. */
const meanings: Readonly<Record<string, readonly [RefusalCode, number]>> = {
  MISSING_AUTH: ['key_refused', 403],
  UNAUTHORIZED: ['key_refused', 403],
  ACCOUNT_SUSPENDED: ['key_refused', 403],
  RUNTIME_SUSPENDED: ['key_refused', 403],
  INSUFFICIENT_BALANCE: ['quota', 402],
  CONCURRENCY_LIMIT_REACHED: ['quota', 429],
  RATE_LIMITED: ['quota', 429],
  RATE_LIMIT_EXCEEDED: ['quota', 429],
  SESSION_LIMIT: ['quota', 429],
  PLAN_REQUIRED: ['forbidden', 403],
  // It will not come back: a page that went on asking would ask for ever.
  ENDPOINT_RETIRED: ['forbidden', 403],
  // Our own request is wrong (agent code, model): the operator has to look, the page can only come again.
  NOT_FOUND: ['unavailable', 502],
  MODEL_NOT_GENERATED: ['unavailable', 502],
  VALIDATION_ERROR: ['unavailable', 502],
  MISSING_PARAM: ['unavailable', 502],
  NO_AVAILABLE_WORKERS: ['unavailable', 503],
  SERVICE_UNAVAILABLE: ['unavailable', 503],
  INTERNAL_ERROR: ['unavailable', 503],
}
const envelope = z.object({ error: z.object({ code: z.string() }) })

function refusalOf({ status, json, retryAfter }: UpstreamAnswer): MintError {
  const { success, data } = envelope.safeParse(json)
  const code = success && Object.hasOwn(meanings, data.error.code) ? data.error.code : undefined
  const [ours, shown] = (code === undefined ? undefined : meanings[code]) ?? meaningOf(status)
  return new MintError(ours, {
    status: shown,
    upstreamStatus: status,
    // Only a code that we know is repeated, even in the operator's log.
    message: `bitHuman answered ${status}${code === undefined ? '' : ` ${code}`}${code === 'ENDPOINT_RETIRED' ? ': this call is gone for good; docs/presets.md says what takes its place' : ''}`,
    // A refused key has no time to wait for: a corrected one works at once.
    retryAfter: ours === 'quota' || ours === 'unavailable' ? retryAfter : undefined,
  })
}

function meaningOf(status: number): readonly [RefusalCode, number] {
  if (status === 401 || status === 403) return ['key_refused', 403]
  if (status === 402 || status === 409 || status === 429) return ['quota', status]
  return ['unavailable', status >= 500 ? 503 : 502]
}
