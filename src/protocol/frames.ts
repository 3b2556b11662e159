/** The frames of the gateway's protocol, version 1 (PROTOCOL.md). Nearly only types: what a page imports of them costs nothing. */

export const version = 1
/** After so many events a client acknowledges at the latest. */
export const ackEvery = 32

/** From the client. */
export type ClientFrame =
  /** The first frame. Lease and cursor may instead be `access_token` and `cursor` of the address; then there is no hello. */
  | { readonly type: 'hello'; readonly version: number; readonly access_token: string; readonly cursor?: string }
  /** A renewed lease, shown on the living connection. */
  | { readonly type: 'renew'; readonly access_token: string }
  /** All events up to this one have been taken. */
  | { readonly type: 'ack'; readonly seq: number }
  | { readonly type: 'ping' }
  /** A message of the application. */
  | { readonly type: 'message'; readonly message: unknown }

/** From the gateway. */
export type ServerFrame =
  | {
      readonly type: 'ready'
      readonly version: number
      /** Names this connection in logs; no secret. */
      readonly session: string
      /** Where the connection begins: what comes later follows it. */
      readonly cursor: string
      /** An offered cursor is continued, with nothing missing. */
      readonly resumed: boolean
      /** Seconds that the lease still lives. */
      readonly expires_in: number
      /** The client acknowledges at the latest after so many events. */
      readonly ack_every: number
      /** How wide clients should spread their return if the connection breaks unannounced. */
      readonly spread_ms: number
    }
  | { readonly type: 'event'; readonly seq: number; readonly after: number; readonly event: unknown }
  /** What lies between the client's position and this cursor is lost. */
  | { readonly type: 'gap'; readonly cursor: string }
  /** Nothing is missing up to here; also the answer to a ping. */
  | { readonly type: 'position'; readonly seq: number }
  | { readonly type: 'renewed'; readonly expires_in: number }
  /** A message of the application. */
  | { readonly type: 'message'; readonly message: unknown }
  /** The gateway is about to go. */
  | { readonly type: 'goaway'; readonly spread_ms: number }
  /** Said before a close, or instead of one; for people and logs. */
  | { readonly type: 'error'; readonly code: string; readonly message: string }
