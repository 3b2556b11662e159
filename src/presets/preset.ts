import type { StandardSchemaV1 } from '../wire/standard-schema.ts'

/**
 * A preset is what a provider is: data, and pure functions without state. The core never asks for its name.
 * Write your own with `definePreset()`, or give single traits to `createSession({ url, … })`.
 *
 * `In` is a message from the server, `Out` one to it.
 */
export interface Preset<In = unknown, Out = unknown> {
  /** Shown in events and in the demo; no code branches on it. */
  readonly name: string
  /** The page of the provider that this preset was written from. */
  readonly docs: string
  /** Sessions may share a source only if their audience is the same. Default: `name`. */
  readonly audience?: string
  /**
   * The address of one attempt, `wss:` (`ws:` on loopback only), without the token. Absent: no link, the session is
   * connected while its lease is held.
   */
  readonly url?: (attempt: Attempt) => string
  readonly token: TokenTraits
  /** Needed by a lease; renews a grant in the background whether or not there is a socket. */
  readonly heartbeat?: HeartbeatTraits
  /** `frame`: the link is up only when `control` says so. Default: `open`. */
  readonly ready?: 'open' | 'frame'
  readonly liveness?: LivenessTraits
  readonly continuity?: ContinuityTraits
  /** What a close code after open means; the first range that holds the code decides. Default: `retry`. */
  readonly closeCodes?: readonly CloseCodeRange[]
  /** Names the few control frames; everything else is `undefined` and goes to the application only. Sees the frame before `unwrap`. */
  readonly control?: (frame: In) => Control | undefined
  readonly messages?: MessageTraits<In, Out>
  /** Origins, or addresses with a path, that `fetchWith` may send this grant to as Bearer. */
  readonly rest?: readonly string[]
  /** A call with Bearer that tells a refused token (401) from a broken network, after a close before open. */
  readonly verify?: { readonly url: string; readonly method?: 'GET' | 'POST' }
  /** Whether `close()` tells the token endpoint that this grant's handle is done with. Default: false. */
  readonly release?: boolean
}

/** The traits that say nothing of messages; what a source reads of a preset. */
export type SourcePreset = Pick<Preset, 'name' | 'audience' | 'token' | 'heartbeat' | 'rest'>

/** What a URL function is told. */
export interface Attempt {
  /** 0 for the first socket of a streak. */
  readonly attempt: number
  /** The continuity id from the last link's frames, if there is one. */
  readonly continuity: string | undefined
}

export interface TokenTraits {
  /**
   * `ticket`: checked at the handshake only; the live socket outlives it. `lease`: checked all the time; at its end the
   * session pauses.
   */
  readonly kind: 'ticket' | 'lease'
  /** `shared`: one grant may serve several sessions. `session`: one session, one grant. Default: `shared` for tickets. */
  readonly scope?: 'shared' | 'session'
  /** `single`: spent when it leaves the page. Default: `multi`. */
  readonly use?: 'multi' | 'single'
  /** Default: the query parameter `access_token`. */
  readonly placement?: Placement
  /** How long after the request's start a handshake may still begin. Default: the grant's lifetime. */
  readonly connectByMs?: number
  /** The lifetime of a grant whose endpoint does not say. */
  readonly lifetimeMs?: number
}

export type Placement =
  | { readonly in: 'query'; readonly name: string }
  | { readonly in: 'subprotocol'; readonly protocols: (token: string) => string[] }
  /** `continuity` is the id from the last link's frames, where there is one. */
  | {
      readonly in: 'first-frame'
      readonly frame: (token: string, handle: string | undefined, continuity: string | undefined) => object
    }
  /** The grant is the whole signed address. */
  | { readonly in: 'url' }

export interface HeartbeatTraits {
  /** Milliseconds between beats; half the grant's lifetime if that is shorter. */
  readonly intervalMs: number
  /** How long a held lease outlives its last good beat, in ms. Default: until the grant's own end. */
  readonly graceMs?: number
  /** How a live link shows a renewed grant, where the provider wants to see it. */
  readonly show?: (token: string) => object
}

export interface LivenessTraits {
  /** Silence after which the link is probed, in ms. Any frame counts as life. */
  readonly idleMs: number
  /** The probe; the link is dead if nothing at all arrives within `answerMs` (default 10 s). */
  readonly probe: () => object
  readonly answerMs?: number
}

export type ContinuityTraits =
  | { readonly kind: 'none' }
  /** The id goes into the query of the next dial; the server says with its ready frame whether it took it. */
  | { readonly kind: 'query'; readonly name: string }
  /**
   * The server numbers what it sends. A cursor says how far this client has come; it is offered at the next dial, in the
   * first frame or as `name` in the query. Known messages are not delivered again, a hole is a notice `gap`.
   */
  | {
      readonly kind: 'cursor'
      readonly name: string
      /** What a frame is to a client that stands at `cursor`; undefined for a frame that has no number. Pure. */
      readonly receive: (cursor: string | undefined, frame: unknown) => Received | undefined
      /** Sent after so many numbered messages at the latest, so that the server knows how far this client has come. */
      readonly acknowledge?: { readonly every: number; readonly frame: (cursor: string) => object }
    }
  /** The old session cannot be continued: a new one replaces it. */
  | { readonly kind: 'replace' }

/** What a numbered frame is to this client, and its cursor from then on. */
export interface Received {
  readonly is: 'next' | 'known' | 'gap'
  readonly cursor: string
}

export interface CloseCodeRange {
  readonly from: number
  readonly to: number
  /** `stop`: failed. `reauthorise`: this grant was rejected. `retry`: dial again after a backoff. */
  readonly then: 'stop' | 'reauthorise' | 'retry'
}

export type Control =
  /**
   * The link is usable. `continuity` is the id of this conversation, to be offered at the next dial; `resumed`, whether the
   * one that was offered goes on (default: it is the same again); `spreadMs`, the window in which clients should come back
   * if this link breaks unannounced; `acknowledgeEvery`, the server's own number in place of the preset's.
   */
  | {
      readonly is: 'ready'
      readonly continuity?: string
      readonly resumed?: boolean
      readonly spreadMs?: number
      readonly acknowledgeEvery?: number
    }
  /** The grant last shown was taken. */
  | { readonly is: 'ack' }
  /** This grant is not valid (an error frame). */
  | { readonly is: 'rejected' }
  /** The server is about to go; `spreadMs` is the window in which its clients should come back. */
  | { readonly is: 'goaway'; readonly spreadMs?: number }

export interface MessageTraits<In, Out> {
  /** Cheap check of a decoded text frame's outer form; always run. False: notice `bad-frame`, the socket stays. */
  readonly envelope?: (message: unknown) => boolean
  /** For a protocol that wraps its messages: what of a frame is the application's; undefined: nothing. Default: the whole frame. */
  readonly unwrap?: (frame: unknown) => unknown
  /** The frame around a message of the application. Default: the message itself. */
  readonly wrap?: (message: Out) => object
  /** Deep checks at run time of the application's messages, handed in by who wants to pay for them. */
  readonly schemas?: MessageSchemas<In, Out>
  /** Outbound kinds that are useless when late (audio): never queued. */
  readonly stale?: (message: Out | BinaryMessage) => boolean
}

export interface MessageSchemas<In, Out> {
  readonly inbound?: StandardSchemaV1<unknown, In>
  readonly outbound?: StandardSchemaV1<Out, unknown>
}

/** A binary frame as the application gives it. It arrives as `ArrayBuffer`. */
export type BinaryMessage = ArrayBuffer | Uint8Array<ArrayBuffer>

/** Checks and freezes a preset of your own. Throws `TypeError` for traits that contradict each other. */
export function definePreset<In, Out>(preset: Preset<In, Out>): Preset<In, Out> {
  if (preset.token.kind === 'lease' && !preset.heartbeat && preset.token.use !== 'single') {
    throw new TypeError(`preset ${preset.name}: a lease needs a heartbeat (or token.use 'single')`)
  }
  if (!preset.url && preset.token.kind === 'ticket') {
    throw new TypeError(`preset ${preset.name}: a ticket without a url has nothing to open`)
  }
  if (preset.ready === 'frame' && !preset.control) {
    throw new TypeError(`preset ${preset.name}: ready 'frame' needs a \`control\` that says which frame it is`)
  }
  return Object.freeze(preset)
}
