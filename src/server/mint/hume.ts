import * as z from 'zod/mini'
import { MintError } from '../mint-error.ts'
import { lifeLeft, malformed, tokenText } from './answer-fields.ts'
import { flights } from './flights.ts'
import { keyGuard } from './key-guard.ts'
import type { KeyGuardOptions } from './key-guard.ts'
import { fromEnvironment, keyReader } from './long-lived-key.ts'
import type { LongLivedKey } from './long-lived-key.ts'
import type { Mint } from './mint.ts'
import { providerHost } from './provider-host.ts'
import { callUpstream } from './upstream.ts'
import type { UpstreamAnswer, UpstreamOptions } from './upstream.ts'

export interface HumeCredentials {
  readonly apiKey: string | undefined
  readonly secretKey: string | undefined
}

export interface HumeMintOptions extends UpstreamOptions {
  /** Asked at each mint. Default: `HUME_API_KEY` and `HUME_SECRET_KEY` of the environment. */
  readonly credentials?: () => HumeCredentials | Promise<HumeCredentials>
  /** Default `https://api.hume.ai`. Hume's own host, or this machine. */
  readonly host?: string
  /** Further hosts that the key may go to. */
  readonly trustedHosts?: readonly string[]
  /** How a bad key is kept from being tried again and again. */
  readonly guard?: KeyGuardOptions
}

const hosts = ['api.hume.ai'] as const
/** Seconds. Documented: "Access tokens expire after 30 minutes". */
const lifetime = 1800
/** Only `access_token` is documented; Hume's own client reads nothing else. */
const tokenAnswer = z.object({ access_token: tokenText, expires_in: z.optional(z.unknown()) })

/**
 * Mints Hume access tokens for EVI and TTS: `POST /oauth2-cc/token` with the key pair as Basic. One token may serve several
 * sessions, so callers who ask at the same time share one call; nothing is kept after it.
 *
 * Source: dev.hume.ai, "Getting your API keys"; the request is the one that hume@0.16.0 sends.
 */
export function humeMint(options: HumeMintOptions = {}): Mint {
  const { credentials = fromHumeEnvironment, host = 'https://api.hume.ai', trustedHosts, guard: guardOptions } = options
  const url = `${providerHost(host, hosts, trustedHosts)}/oauth2-cc/token`
  const guard = keyGuard(guardOptions)
  const inFlight = flights<{ token: string; lifetime: number }>(guardOptions?.now)

  const exchange = async (key: LongLivedKey, signal: AbortSignal): Promise<{ token: string; lifetime: number }> => {
    const answer = await callUpstream(
      url,
      {
        // RFC 7617; both parts are printable ASCII, which `btoa` can take.
        headers: {
          authorization: `Basic ${btoa(key.parts.join(':'))}`,
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
        },
        body: 'grant_type=client_credentials',
      },
      { ...options, signal },
    )
    if (answer.status !== 200) throw refusalOf(answer)
    const { success, data } = tokenAnswer.safeParse(answer.json)
    if (!success) throw malformed('no token response')
    // Undocumented, so one that is no number counts as not there.
    const seconds = typeof data.expires_in === 'number' ? data.expires_in : lifetime
    if (!(seconds > 0)) throw malformed('a token without any life')
    return { token: data.access_token, lifetime: seconds }
  }

  const currentKey = keyReader(async () => {
    const { apiKey, secretKey } = await credentials()
    return { HUME_API_KEY: apiKey, HUME_SECRET_KEY: secretKey }
  })

  return async ({ signal }) => {
    const key = await currentKey()
    const { value, ageMs } = await inFlight.join(key.id, (signal) => guard.run(key.id, () => exchange(key, signal), signal), signal)
    return { access_token: value.token, expires_in: lifeLeft(value.lifetime, ageMs) }
  }
}

const fromHumeEnvironment = (): HumeCredentials => ({
  apiKey: fromEnvironment('HUME_API_KEY'),
  secretKey: fromEnvironment('HUME_SECRET_KEY'),
})

/** The shape of Hume's error bodies at this route is not documented, so the status speaks, except for RFC 6749's own code. */
function refusalOf({ status, json, retryAfter }: UpstreamAnswer): MintError {
  const parts = { upstreamStatus: status, message: `Hume answered ${status}` }
  const invalidClient = z.object({ error: z.literal('invalid_client') }).safeParse(json).success
  if (status === 401 || status === 403 || invalidClient) return new MintError('key_refused', parts)
  if (status === 402) return new MintError('quota', { ...parts, status, retryAfter })
  if (status === 409 || status === 429) return new MintError('quota', { ...parts, status, retryAfter })
  return new MintError('unavailable', { ...parts, status: status >= 500 ? 503 : 502, retryAfter })
}
