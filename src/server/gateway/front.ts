/**
 * The gateway without a transport: requests in, responses out, sockets as two small objects. `node.ts` carries it over
 * real HTTP and WebSocket; `heartwire/testing` in memory.
 */
export interface Handshake {
  readonly url: URL
  readonly headers: Headers
  readonly protocols: readonly string[]
  /** Where it comes from, for limits; behind a proxy that is the proxy. */
  readonly address?: string | undefined
}

export interface Accepted {
  open(peer: Peer): Conversation
}

/** The gateway's hand on one open socket. */
export interface Peer {
  send(frame: string): void
  close(code: number, reason: string): void
  /** Bytes that were given to `send` and have not left this process. Default: unknown, taken for none. */
  buffered?(): number
}

/** What the gateway hears from one open socket. */
export interface Conversation {
  /** May resolve later, when what the frame asked for is done. */
  message(frame: string | Uint8Array): void | Promise<void>
  closed(code: number, reason: string): void
}

/** Clock, timer and chance of a gateway; tests bring virtual ones. */
export interface World {
  /** Epoch milliseconds. */
  now(): number
  /** Runs once after `ms`; returns its cancel. */
  timer(run: () => void, ms: number): () => void
}

export const realWorld: World = {
  now: () => Date.now(),
  timer(run, ms) {
    const handle = setTimeout(run, ms)
    return () => clearTimeout(handle)
  },
}
