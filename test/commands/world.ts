/**
 * The smallest world that a session can live in, and the fastest: one clock, timers, sockets and token requests as plain
 * objects, and nothing that happens by itself. Whoever runs it decides what comes next.
 */
import type { Host, MintRequest, PageFact, SocketLike, TokenResponse } from '../../src/index.ts'

type Handler = ((event: never) => void) | null

/** A socket whose other end is the test. */
export class FastSocket implements SocketLike {
  readyState = 0
  bufferedAmount = 0
  binaryType = 'blob'
  onopen: Handler = null
  onmessage: Handler = null
  onclose: Handler = null
  onerror: Handler = null
  readonly url: string
  readonly #heard: (socket: FastSocket, data: unknown) => void
  #token: string | undefined

  constructor(url: string, heard: (socket: FastSocket, data: unknown) => void) {
    this.url = url
    this.#heard = heard
  }

  get token(): string {
    return (this.#token ??= new URL(this.url).searchParams.get('access_token') ?? '')
  }

  send(data: unknown): void {
    if (this.readyState === 0) throw new Error('still connecting')
    if (this.readyState === 1) this.#heard(this, data)
  }

  close(): void {
    if (this.readyState < 2) this.readyState = 2
  }

  // What its other end does.

  open(): void {
    if (this.readyState !== 0) return
    this.readyState = 1
    this.#tell(this.onopen, {})
  }

  say(data: unknown): void {
    if (this.readyState === 1) this.#tell(this.onmessage, { data })
  }

  /** Ends it, by the peer or by nobody (1006); also what completes our own `close()`. */
  end(code: number): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.#tell(this.onclose, { code })
  }

  #tell(handler: Handler, event: object): void {
    ;(handler as ((event: object) => void) | null)?.(event)
  }
}

export interface Ask {
  readonly request: MintRequest
  readonly answer: (response: TokenResponse | Refusal) => void
  readonly fail: (error: unknown) => void
  done: boolean
}

type Refusal = { readonly error: string; readonly retry_after?: number; readonly status?: number }

interface Timer {
  readonly at: number
  readonly run: () => void
}

const longestTimer = 2 ** 31 - 1

export class FastWorld {
  /** Monotonic ms. */
  now = 1_000
  /** What the wall clock is ahead of it. */
  offset = 1_700_000_000_000
  readonly timers = new Map<number, Timer>()
  readonly sockets: FastSocket[] = []
  readonly asks: Ask[] = []
  readonly reported: unknown[] = []
  readonly pages = new Set<(fact: PageFact) => void>()
  /** What went wrong in the world itself. */
  readonly wrong: string[] = []
  constructorThrows = false
  random: () => number = () => 0.5
  rest: () => Promise<Response> = () => Promise.resolve(new Response(null, { status: 200 }))
  heard: (socket: FastSocket, data: unknown) => void = () => {}
  dialled: (socket: FastSocket) => void = () => {}
  asked: (ask: Ask) => void = () => {}
  #next = 0

  readonly host: Host = {
    monotonic: () => this.now,
    wall: () => this.now + this.offset,
    random: () => this.random(),
    timer: (run, ms) => {
      if (!(ms >= 0 && ms <= longestTimer)) this.wrong.push(`a timer of ${ms} ms`)
      const id = this.#next++
      this.timers.set(id, { at: this.now + ms, run })
      return () => this.timers.delete(id)
    },
    fetch: () => this.rest(),
    socket: (url) => {
      if (this.constructorThrows) throw new SyntaxError(`Failed to construct 'WebSocket': ${url}`)
      const socket = new FastSocket(url, (own, data) => this.heard(own, data))
      this.sockets.push(socket)
      this.dialled(socket)
      return socket
    },
    page: (listener) => {
      this.pages.add(listener)
      return () => this.pages.delete(listener)
    },
    report: (error) => void this.reported.push(error),
  }

  /** The token callback. */
  readonly tokenSource = (request: MintRequest): Promise<TokenResponse> =>
    new Promise((resolve, reject) => {
      const ask: Ask = {
        request,
        answer: (response) => ((ask.done = true), resolve(response as TokenResponse)),
        fail: (error) => ((ask.done = true), reject(error)),
        done: false,
      }
      this.asks.push(ask)
      this.asked(ask)
    })

  page(fact: PageFact): void {
    for (const listener of [...this.pages]) listener(fact)
  }

  /** Requests that somebody still waits for. */
  get waiting(): Ask[] {
    return this.asks.filter(({ done, request }) => !done && !request.signal.aborted)
  }

  /** Sockets that are connecting or open. */
  get live(): FastSocket[] {
    return this.sockets.filter(({ readyState }) => readyState < 2)
  }

  /** Lets the next timer fire if it is due by `until`. */
  fire(until: number): boolean {
    let first: [number, Timer] | null = null
    for (const entry of this.timers) if (entry[1].at <= until && (first === null || entry[1].at < first[1].at)) first = entry
    if (first === null) return false
    this.timers.delete(first[0])
    this.now = Math.max(this.now, first[1].at)
    first[1].run()
    return true
  }
}

/** Lets every promise that can settle do so: Node runs what is put off to the next tick when no microtask is left. */
export const settle = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

/** Errors by the thousand, whose messages matter here: nobody asks where they come from, and that costs more than they do. */
export async function withoutStacks<T>(run: () => Promise<T>): Promise<T> {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return await run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
