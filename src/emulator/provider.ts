/**
 * One emulated provider without a transport: requests in, responses out, sockets as two small objects. Two fronts carry
 * it: `node.ts` over real HTTP and WebSocket, and `heartwire/testing` in memory with virtual time.
 */
export interface Provider {
  readonly name: string
  /** Answers one HTTP request; never throws for what a client sends. */
  fetch(request: Request): Promise<Response>
  /**
   * A WebSocket handshake: a `Response` refuses it (status ≥ 400), an `Accepted` opens it. Told apart by `open`, never by
   * `instanceof`: @hono/node-server replaces the global class, and `Response.json` and `fetch` do not make instances of it.
   */
  upgrade(request: Upgrade): Promise<Response | Accepted>
}

export interface Upgrade {
  readonly url: URL
  readonly headers: Headers
  readonly protocols: readonly string[]
}

export interface Accepted {
  /** The subprotocol chosen, if any. */
  readonly protocol?: string
  /** Called once, when the socket is open. */
  open(peer: Peer): Conversation
}

/** The provider's hand on one open socket. */
export interface Peer {
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  /** Cuts the connection without a close frame: the client sees 1006. */
  terminate(): void
}

/** What the provider hears from one open socket. */
export interface Conversation {
  /** May resolve later, when what the frame asked for is done. */
  message(data: string | Uint8Array<ArrayBuffer>): void | Promise<void>
  closed(code: number, reason: string): void
}

/** The clock and the chance of an emulator: `realWorld()` on Node, the virtual clock in tests. */
export interface World {
  /** Epoch milliseconds by the provider's (right) clock. */
  now(): number
  /** Runs once after `ms`; returns its cancel. */
  timer(run: () => void, ms: number): () => void
  random(): number
}
