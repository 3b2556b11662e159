import type { Status } from './core/status.ts'
import type { ErrorCode, SessionError } from './errors.ts'
import type { Host, SocketLike } from './io/host.ts'
import type {
  BinaryMessage,
  CloseCodeRange,
  ContinuityTraits,
  Control,
  HeartbeatTraits,
  LivenessTraits,
  MessageSchemas,
  Placement,
  Preset,
} from './presets/preset.ts'

export type { Status } from './core/status.ts'

/** Why a session that should be connected is not: the codes that a status can carry. */
export type RefusalCode = Extract<ErrorCode, 'login_required' | 'key_refused' | 'revoked' | 'rejected' | 'quota'>
export type FailureCode = Extract<ErrorCode, 'network' | 'timeout' | 'unavailable' | 'malformed'>
export type FailedCode = Extract<ErrorCode, 'forbidden' | 'stopped' | 'bad_configuration' | 'gave_up'>

/** Things worth knowing that change no status. */
export type Notice<Out = unknown> =
  /** Messages from the server were lost, and it is known. */
  | { readonly name: 'gap'; readonly reason: 'continuity-denied' | 'session-replaced' | 'missed' }
  /** A queued message was not sent. */
  | {
      readonly name: 'dropped'
      readonly message: Out | BinaryMessage
      readonly reason: 'queue-full' | 'too-old' | 'continuity-denied' | 'session-replaced' | 'closed' | 'failed' | 'reset'
    }
  /** A mint failed while the session is connected. `retryAt` is in epoch ms; `cause` is free of secrets. */
  | {
      readonly name: 'renewal-failed'
      readonly code: RefusalCode | FailureCode | 'forbidden'
      readonly retryAt?: number
      readonly cause: SessionError
    }
  | { readonly name: 'session-replaced' }
  /** A frame that is not what the preset expects; the socket stays. `issue` never holds the frame itself. */
  | { readonly name: 'bad-frame'; readonly issue: string; readonly bytes: number }
  /** A timer came this much later than asked, and more than 2 s: a throttled or sleeping page. */
  | { readonly name: 'late'; readonly byMs: number }

export interface SessionEvents<In, Out> {
  status: (status: Status) => void
  message: (message: In) => void
  notice: (notice: Notice<Out>) => void
}

/** What `onReady` is told. It runs after the provider's ready frame and before anything that was queued. */
export interface Ready<Out> {
  /** Whether the provider continued the earlier conversation. False on the first link. */
  readonly resumed: boolean
  readonly attempt: number
  /** Sends at once, ahead of the queue. */
  readonly send: (message: Out | BinaryMessage) => void
}

/** A source of grants that several sessions may share, and that can be warmed up and reset. */
export interface TokenSource {
  /**
   * Mints once, before any session asks; a page that calls it on load saves the first session a round trip. Never renews.
   * Resolves when the answer is in, whatever it is. Needs `preset`, or a session that was made with this source.
   */
  prefetch(): Promise<void>
  /**
   * Forgets grant, verdict and handle, and aborts the request in flight: after a logout or a change of user. Every attached
   * session drops its socket, its queue and its continuity, and asks anew.
   */
  reset(): void
}

/** Where tokens come from: a URL, an endpoint with its own headers and body, a function, or a shared source. */
export type TokenSourceOption = string | TokenEndpointOptions | TokenCallback | TokenSource

export interface TokenEndpointOptions {
  readonly url: string
  /** Added to each token request; a function is asked each time. */
  readonly headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>)
  /** Merged into the JSON body of each token request; a function is asked each time. */
  readonly body?: Record<string, unknown> | (() => Record<string, unknown> | Promise<Record<string, unknown>>)
  /** Default `same-origin`. */
  readonly credentials?: RequestCredentials
}

/** Why a token is asked for. */
export type MintReason = 'connect' | 'renew' | 'rejected' | 'probe' | 'prefetch'

export interface MintRequest {
  readonly reason: MintReason
  /** 0 for the first try of a streak. */
  readonly attempt: number
  /** The opaque handle of the last grant, so that the backend can continue instead of begin. */
  readonly handle: string | undefined
  /** Fires at the deadline, on `close()` and on `reset()`. */
  readonly signal: AbortSignal
}

/** RFC 6749 §5.1, plus optional fields of ours. */
export interface TokenResponse {
  readonly access_token: string
  /** Seconds. Without it: the `exp − iat` of a JWT, else the preset's own lifetime, else two beats or 5 minutes. */
  readonly expires_in?: number
  /** Opaque; echoed with each renewal. */
  readonly handle?: string
  /** Seconds after the request's start within which a handshake may begin. */
  readonly connect_by?: number
}

/** Return a token response, or throw. To refuse, throw `new SessionError(code, …)` or return `{ error, retry_after? }`. */
export type TokenCallback = (request: MintRequest) => TokenResponse | TokenRefusal | Promise<TokenResponse | TokenRefusal>

export interface TokenRefusal {
  readonly error: 'login_required' | 'forbidden' | 'key_refused' | 'revoked' | 'quota' | 'unavailable'
  /** Seconds. */
  readonly retry_after?: number
  /** 402 beside `quota`: out of credit, which ends a lease at once. Other limits pass, and do not. */
  readonly status?: number
}

/** The world that a session or a source lives in, and how it probes. */
export interface WorldOptions {
  /** First delay and cap of the probes while refused, in ms. Default: 30 s and 8 min. */
  readonly probe?: { readonly firstMs: number; readonly capMs: number }
  /** Default: the global `WebSocket`, which Node has from 22 on; before, give the one of `ws`. */
  readonly webSocket?: new (url: string, protocols?: string[]) => SocketLike
  /** Default: the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** The whole world at once, for tests and for engines that are no browser. */
  readonly host?: Host
}

interface CommonOptions<Out> extends WorldOptions {
  readonly tokenSource: TokenSourceOption
  /** Runs synchronously at each ready link, before the queue. */
  readonly onReady?: (ready: Ready<Out>) => void
  /** Pause with reason `hidden` when the page was hidden this long, in ms. Default: never. */
  readonly pauseWhenHiddenMs?: number
  /** Fail with `gave_up` when not connected this long, in ms. Default: never. */
  readonly giveUpAfterMs?: number
}

export interface PresetSessionOptions<In, Out> extends CommonOptions<Out> {
  readonly preset: Preset<In, Out>
}

/** The plain form, for anybody's server. */
export interface PlainSessionOptions<In, Out> extends CommonOptions<Out> {
  /** `wss://…` (`ws://` on loopback only), or a function asked before each dial. Without the token. */
  readonly url: string | (() => string)
  /** `ticket`: checked at the handshake only. `lease`: checked all the time; at its end the session pauses. Default: `ticket`. */
  readonly kind?: 'ticket' | 'lease'
  /** `single`: a token opens one socket. Default: `multi`. */
  readonly use?: 'multi' | 'single'
  /** Where the token goes. Default: the query parameter `access_token`. */
  readonly placement?: Placement
  /** Needed by a multi-use `lease`. A ticket without one is renewed after half its life. */
  readonly heartbeat?: HeartbeatTraits
  /** Says which message makes the link usable. Default: `open` is enough. */
  readonly ready?: (message: In) => boolean
  /** Names the server's control frames, where it has any. */
  readonly control?: (message: In) => Control | undefined
  /** How a silent server is probed. Default: not at all. */
  readonly liveness?: LivenessTraits
  /** How a conversation goes on at the next socket. Default: it does not. */
  readonly continuity?: ContinuityTraits
  /** Default: 1008, 3000 and 4401 `reauthorise`, 3003 and 4403 `stop`. Every other code is dialled again. */
  readonly closeCodes?: readonly CloseCodeRange[]
  /** Types of the messages and checks of both directions, by any Standard Schema. Default: `unknown`, not checked. */
  readonly schemas?: MessageSchemas<In, Out>
  /** Origins that `fetchWith` may use. Default: none. */
  readonly rest?: readonly string[]
  /** Whether `close()` tells the token endpoint that the grant's `handle` is done with. Default: false. */
  readonly release?: boolean
}

export type SessionOptions<In = unknown, Out = unknown> = PresetSessionOptions<In, Out> | PlainSessionOptions<In, Out>
