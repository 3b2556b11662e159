/**
 * The world, as the library sees it. Everything that is not a pure decision goes through one `Host`: two clocks, chance,
 * one timer, HTTP, sockets and the page's life. Tests hand in their own; `browserHost()` is the real one.
 */
export interface Host {
  /** Milliseconds since some start; never goes back. It may stand still while the device sleeps. */
  monotonic(): number
  /** Epoch milliseconds by the device's clock, right or wrong. Only shown to people and compared with itself. */
  wall(): number
  /** In [0, 1). */
  random(): number
  /** Runs `run` once, not before `ms` (0 ≤ ms < 2³¹). Returns its cancel. */
  timer(run: () => void, ms: number): () => void
  fetch(url: string, init: RequestInit): Promise<Response>
  /** Constructs a socket; throws what the constructor throws. */
  socket(url: string, protocols: string[]): SocketLike
  /** Hosts that share this object count their handshakes together (six at a time to one origin). Default: the host itself. */
  readonly engine?: object
  /** Starts to tell of the page's life; returns its stop. `release` lets a page that is about to be frozen go. */
  page(listener: (fact: PageFact) => void): () => void
  /** Takes what a listener of the application threw: nothing is swallowed. */
  report(error: unknown): void
}

/**
 * Facts (`away`, `back`) are certain: the page was frozen, put in the back/forward cache, or came back from there.
 * Hints (`hidden`, `visible`, `online`, `offline`) decide nothing by themselves.
 */
export type PageFact = 'away' | 'back' | 'hidden' | 'visible' | 'online' | 'offline'

/** What the library uses of a `WebSocket`: the browser's, `ws`, Node's own or an emulated one fit as they are. */
export interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  binaryType: string
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string | ArrayBuffer | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}
