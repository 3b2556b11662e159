import { tokenHost } from '../wire/address.ts'
import type { CloseCodeRange, MessageSchemas, Preset } from './preset.ts'
import { definePreset } from './preset.ts'

/** A frame of AgentHuman's socket. Its pages name these fields and few others, so the rest is whatever comes. */
export interface AgentHumanMessage {
  readonly type: string
  readonly session_id?: string
  /** Says what went wrong, on `type: 'error'`. */
  readonly error?: string
  /** On confirmations of audio: how many samples were taken. */
  readonly audio_samples?: number
  readonly [field: string]: unknown
}

export interface AgentHumanOptions<Out = AgentHumanMessage> {
  /** Default: `wss://wss.agenthuman.com`. `ws://` on loopback only. */
  readonly host?: string
  /** Which outbound messages are useless when late, as audio is: they are never queued. Default: none. */
  readonly stale?: (message: Out) => boolean
  /** Types, and checks, of the messages. Default: an object with a text as `type`. */
  readonly schemas?: MessageSchemas<AgentHumanMessage, Out>
}

export interface AgentHumanUserOptions {
  /** Where the user's resources are: AgentHuman itself, or your backend that forwards to it. Default: `https://api.agenthuman.com`. */
  readonly rest?: string
}

/**
 * AgentHuman documents no close code, so this one is our reading: 1000 ends a session on purpose, and coming back would
 * begin a new one, which counts and costs.
 */
const closeCodes: readonly CloseCodeRange[] = [{ from: 1000, to: 1000, then: 'stop' }]

const isMessage = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/**
 * An AgentHuman session. Your backend begins it with the API key (`agenthumanMint()`); its `session_token` goes out in the
 * first frame and serves that one socket. A session dies with its socket and at its `expiration`, and cannot be restarted:
 * then a new one takes its place, with the notices `session-replaced` and `gap`. On `close()` the token endpoint is told,
 * so that the session ends at once.
 *
 * Throws `TypeError` for an option that cannot be right.
 *
 * @see https://docs.agenthuman.com (client messages, server messages, end session)
 */
export function agentHuman<Out = AgentHumanMessage>(options: AgentHumanOptions<Out> = {}): Preset<AgentHumanMessage, Out> {
  const { host = 'wss://wss.agenthuman.com', stale, schemas } = options
  const address = tokenHost('agentHuman: host', host, 'wss')
  return definePreset<AgentHumanMessage, Out>({
    name: 'AgentHuman',
    docs: 'https://docs.agenthuman.com',
    audience: address,
    url: () => address,
    token: {
      kind: 'lease',
      scope: 'session',
      use: 'single',
      placement: {
        in: 'first-frame',
        frame: (token, handle) => ({ type: 'session.init', session_id: handle, session_token: token }),
      },
      // `expiration` depends on the plan, and the mint says it. Without it the provider's own end of the session is soon enough.
      lifetimeMs: 3_600_000,
    },
    ready: 'frame',
    control: ({ type }) => (type === 'connection.established' ? { is: 'ready' } : undefined),
    continuity: { kind: 'replace' },
    closeCodes,
    messages: { envelope: isMessage, stale: stale as never, schemas },
    release: true,
  })
}

/**
 * The user's own JWT at AgentHuman: agents, and the user's avatars, voices and roles, with
 * `fetchWith(session, '/v1/agents')`. A second token source beside the session's, since the two tokens open different
 * doors. There is no socket: `connected` means that a valid JWT is held; it is renewed after half its life.
 *
 * @see https://docs.agenthuman.com (authentication)
 */
export function agentHumanUser({ rest = 'https://api.agenthuman.com' }: AgentHumanUserOptions = {}): Preset<never, never> {
  return definePreset<never, never>({
    name: 'AgentHuman user',
    docs: 'https://docs.agenthuman.com',
    audience: 'agenthuman/user',
    token: { kind: 'lease', scope: 'shared', lifetimeMs: 3_600_000 },
    heartbeat: { intervalMs: 1_800_000 },
    rest: [tokenHost('agentHumanUser: rest', rest, 'https')],
  })
}
