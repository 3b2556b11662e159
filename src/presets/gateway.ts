import { bands } from '../protocol/codes.ts'
import { received } from '../protocol/cursor.ts'
import type { ClientFrame, ServerFrame } from '../protocol/frames.ts'
import { version } from '../protocol/frames.ts'
import { tokenAddress, tokenHost } from '../wire/address.ts'
import type { Control, MessageSchemas, Preset } from './preset.ts'
import { definePreset } from './preset.ts'

export { readForwarded } from './forwarded.ts'
export type { ForwardedAnswer, ForwardedCode, ForwardedError, ForwardedRate } from './forwarded.ts'

export interface GatewayOptions<In = unknown, Out = unknown> {
  /** Where your gateway's socket is, `wss://…` (`ws://` on loopback only). */
  readonly url: string
  /** Where your gateway's REST is, for `fetchWith`: `https://…`, with a path if it is mounted under one. Default: the host of `url`. */
  readonly rest?: string
  /**
   * `first-frame`: the lease goes out in the first frame, so that no log of addresses holds it. `query`: as `?access_token=`,
   * for gateways behind something that must see it. Default: `first-frame`.
   */
  readonly lease?: 'first-frame' | 'query'
  /** Shown in events and errors. Default: `gateway`. */
  readonly name?: string
  /** Types, and checks, of your messages and events. Default: `unknown`, not checked. */
  readonly schemas?: MessageSchemas<In, Out>
}

/** Events of the gateway come numbered; so many are in the air at most before the client says how far it has come. */
const acknowledgeEvery = 32

const say = (frame: ClientFrame): ClientFrame => frame

function control(frame: ServerFrame): Control | undefined {
  switch (frame.type) {
    case 'ready':
      return {
        is: 'ready',
        continuity: frame.cursor,
        resumed: frame.resumed,
        spreadMs: frame.spread_ms,
        acknowledgeEvery: frame.ack_every,
      }
    case 'renewed':
      return { is: 'ack' }
    case 'goaway':
      return { is: 'goaway', spreadMs: frame.spread_ms }
    default:
      return undefined
  }
}

/** What of a frame is the application's: events and messages. */
function unwrap(frame: ServerFrame): unknown {
  switch (frame.type) {
    case 'event':
      return frame.event
    case 'message':
      return frame.message
    default:
      return undefined
  }
}

/**
 * A gateway of your own (`heartwire/server/gateway`), for providers that give pages no token at all. The lease is a token
 * that your backend signs, of at most 5 minutes; a beat renews it and shows it on the living socket. Events are numbered:
 * a reconnect goes on where it was left, nothing is delivered twice, and what was lost is a notice `gap`. REST goes through
 * `fetchWith(session, '/…')`, with your provider's key added on the backend. The protocol is PROTOCOL.md.
 *
 * Throws `TypeError` for an option that cannot be right.
 */
export function gateway<In = unknown, Out = unknown>(options: GatewayOptions<In, Out>): Preset<In, Out> {
  const { url, lease = 'first-frame', name = 'gateway', schemas } = options
  const address = tokenAddress(`${name}: url`, url, 'wss')
  const rest = tokenHost(`${name}: rest`, options.rest ?? `${address.protocol.replace('ws', 'http')}//${address.host}`, 'https')
  if (lease === 'query') address.searchParams.set('version', String(version))
  return definePreset<In, Out>({
    name,
    docs: 'https://github.com/heartwire/heartwire/blob/main/PROTOCOL.md',
    audience: address.href,
    url: () => address.href,
    token: {
      kind: 'lease',
      scope: 'session',
      placement:
        lease === 'query'
          ? { in: 'query', name: 'access_token' }
          : {
              in: 'first-frame',
              frame: (token, _handle, cursor) =>
                say({ type: 'hello', version, access_token: token, ...(cursor !== undefined && { cursor }) }),
            },
      lifetimeMs: 120_000,
    },
    heartbeat: { intervalMs: 60_000, show: (token) => say({ type: 'renew', access_token: token }) },
    ready: 'frame',
    liveness: { idleMs: 60_000, probe: () => say({ type: 'ping' }) },
    continuity: {
      kind: 'cursor',
      name: 'cursor',
      receive: (cursor, frame) => received(cursor, frame as ServerFrame),
      acknowledge: {
        every: acknowledgeEvery,
        frame: (cursor) => say({ type: 'ack', seq: Number(cursor.slice(cursor.lastIndexOf('.') + 1)) }),
      },
    },
    closeCodes: bands,
    control: (frame) => control(frame as unknown as ServerFrame),
    messages: {
      envelope: (frame) => typeof frame === 'object' && frame !== null && typeof (frame as { type?: unknown }).type === 'string',
      unwrap: (frame) => unwrap(frame as ServerFrame),
      wrap: (message) => say({ type: 'message', message }),
      schemas,
    },
    rest: [rest],
  })
}
