import { tokenAddress, tokenHost } from '../wire/address.ts'
import type { CloseCodeRange, LivenessTraits, MessageSchemas, Preset } from './preset.ts'
import { definePreset } from './preset.ts'

export { bitHumanLiveKit } from './bithuman.livekit.ts'
export type { BitHumanLiveKitOptions } from './bithuman.livekit.ts'

export interface BitHumanOptions<In = unknown, Out = unknown> {
  /**
   * The socket of your own runtime, without the token: it goes into the query as `access_token`. `ws://` on loopback only.
   * Absent: no socket, the session keeps the lease alive for an engine that you hand it to.
   */
  readonly url?: string
  /** The agent's code, such as `A78WKV4515`. A source that served one agent is then refused to another. */
  readonly agent?: string
  /** Milliseconds between beats; half the token's life if that is shorter. Default: 60 000, as in bitHuman's engines. */
  readonly beatMs?: number
  /** How long the session outlives its last good beat, in ms. Default: 300 000, the offline grace of bitHuman's engines. */
  readonly graceMs?: number
  /** With `url`: which of your runtime's messages makes the link usable. Default: the open socket is enough. */
  readonly ready?: (message: In) => boolean
  /** With `url`: how your runtime is to be probed when it is silent. Default: not at all. */
  readonly liveness?: LivenessTraits
  /** With `url`: what your runtime's close codes mean. Default: 1008 and 4401 to 4403 ask for a fresh token, others dial again. */
  readonly closeCodes?: readonly CloseCodeRange[]
  /** With `url`: the types, and checks, of your runtime's messages. Default: `unknown`, not checked. */
  readonly schemas?: MessageSchemas<In, Out>
}

export interface BitHumanEmbedOptions {
  /** The agent's code, such as `A78WKV4515`. */
  readonly agent: string
  /** Default: `https://bithuman.ai`. */
  readonly host?: string
}

/** The preset of an embedded agent. `page` is the address of its iframe, without the token. */
export interface BitHumanEmbedPreset extends Preset<never, never> {
  readonly page: string
}

/**
 * bitHuman has no public WebSocket for browsers, so these codes are ours, for a runtime of your own that closes with
 * "4000 + HTTP status". All of them ask for a fresh token instead of giving up: the mint asks bitHuman itself, and its
 * answer (402 no credit, 403 suspended or rotated key) is the better reason to pause, and the one that can end by itself.
 */
const runtimeCloseCodes: readonly CloseCodeRange[] = [
  { from: 1008, to: 1008, then: 'reauthorise' },
  { from: 4401, to: 4403, then: 'reauthorise' },
]

/**
 * A session on bitHuman's runtime token: a lease of about 5 minutes that a beat renews every 60 s by minting again. When
 * the key behind it is rotated or out of credit, the next beat is refused and the session pauses; when the network is gone,
 * it goes on for the grace window of 300 s. It resumes with the first good beat.
 *
 * Without `url` there is no socket: `connected` means that the lease is held, and `session.accessToken()` hands it to the
 * engine that renders. With `url`, the socket to your own runtime is open exactly while the lease is held; its messages are
 * yours. On `close()` the token endpoint is told, so that the transaction behind the lease can end.
 *
 * Throws `TypeError` for an option that cannot be right.
 *
 * @see https://docs.bithuman.ai/api/authentication
 */
export function bitHuman<In = unknown, Out = unknown>(options: BitHumanOptions<In, Out> = {}): Preset<In, Out> {
  const { url, agent, beatMs = 60_000, graceMs = 300_000, ready, liveness, closeCodes = runtimeCloseCodes, schemas } = options
  if (!(Number.isFinite(beatMs) && beatMs > 0)) throw new TypeError('bitHuman: beatMs must be a number of milliseconds above 0')
  if (!(Number.isFinite(graceMs) && graceMs >= 0)) throw new TypeError('bitHuman: graceMs must be a number of milliseconds, not negative')
  if (url === undefined && (ready || liveness || schemas || options.closeCodes)) {
    throw new TypeError(
      'bitHuman: ready, liveness, closeCodes and schemas are about a socket; give the url of your runtime, or leave them out',
    )
  }
  const address = url === undefined ? undefined : tokenAddress('bitHuman: url', url, 'wss').href
  return definePreset<In, Out>({
    name: 'bitHuman',
    docs: 'https://docs.bithuman.ai/api/authentication',
    audience: agent === undefined ? 'bithuman' : `bithuman/${agentCode('bitHuman', agent)}`,
    token: { kind: 'lease', scope: 'session', use: 'multi', placement: { in: 'query', name: 'access_token' }, lifetimeMs: 300_000 },
    heartbeat: { intervalMs: beatMs, graceMs },
    release: true,
    ...(address !== undefined && {
      url: () => address,
      ready: ready ? 'frame' : 'open',
      closeCodes,
      ...(ready && { control: (message: In) => (ready(message) ? { is: 'ready' } : undefined) }),
      ...(liveness && { liveness }),
      ...(schemas && { messages: { schemas } }),
    }),
  })
}

/**
 * An agent in bitHuman's own page, in an iframe. There is no socket of ours: `connected` means that a valid embed token
 * (1 hour, renewed after half of it) is held, so that the iframe can be loaded or loaded again at any moment. The call
 * inside the iframe is not seen by the session, and a renewed token does not reach an iframe that is already open.
 *
 * ```ts
 * const preset = bitHumanEmbed({ agent: 'A78WKV4515' })
 * const session = createSession({ preset, tokenSource: '/api/bithuman/embed' })
 * await session.connect()
 * iframe.allow = embedAllow
 * iframe.src = embedUrl(preset, await session.accessToken())
 * ```
 *
 * Throws `TypeError` for an option that cannot be right.
 *
 * @see https://docs.bithuman.ai/api/embedding
 */
export function bitHumanEmbed(options: BitHumanEmbedOptions): BitHumanEmbedPreset {
  const { agent, host = 'https://bithuman.ai' } = options
  const page = `${tokenHost('bitHumanEmbed: host', host, 'https')}/embed/${agentCode('bitHumanEmbed', agent)}`
  const preset = definePreset<never, never>({
    name: 'bitHuman embed',
    docs: 'https://docs.bithuman.ai/api/embedding',
    audience: page,
    token: { kind: 'lease', scope: 'session', use: 'multi', placement: { in: 'query', name: 'token' }, lifetimeMs: 3_600_000 },
    heartbeat: { intervalMs: 1_800_000 },
  })
  return Object.freeze({ ...preset, page })
}

/** The `allow` attribute that bitHuman asks for on the iframe. */
export const embedAllow = 'microphone *; camera *; autoplay *'

/**
 * The `src` of the iframe: `https://bithuman.ai/embed/{code}?token=…`, from `bitHumanEmbed()`'s preset or, for bitHuman's own
 * host, from an agent's code. It holds the token: give it to the iframe and to nothing else. Throws `TypeError` without one.
 */
export function embedUrl(embed: BitHumanEmbedPreset | string, token: string): string {
  const { page } = typeof embed === 'string' ? bitHumanEmbed({ agent: embed }) : embed
  if (typeof token !== 'string' || token === '') throw new TypeError('embedUrl: give it the token, as in await session.accessToken()')
  return `${page}?${new URLSearchParams({ token })}`
}

/** Codes are short; bitHuman's API secrets have 65 characters and no other mark to know them by. */
function agentCode(who: string, agent: unknown): string {
  if (typeof agent === 'string' && /^[\w-]{1,40}$/.test(agent)) return agent
  throw new TypeError(`${who}: agent must be the agent's code, such as A78WKV4515 (never a secret)`)
}
