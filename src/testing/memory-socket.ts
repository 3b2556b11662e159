import type { Accepted, Conversation, Peer, Provider } from '../emulator/provider.ts'
import type { SocketLike } from '../io/host.ts'

type Handlers = {
  open: object
  message: { data: string | ArrayBuffer }
  close: { code: number; reason: string; wasClean: boolean }
  error: object
}

/** A browser's WebSocket whose other end is a provider in the same process. Events come in microtasks, in order. */
export class MemorySocket implements SocketLike {
  readyState = 0
  bufferedAmount = 0
  binaryType = 'blob'
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  #conversation: Conversation | null = null
  readonly #track: <T>(work: Promise<T>) => Promise<T>

  constructor(
    provider: Provider | null,
    url: URL,
    protocols: readonly string[],
    origin: string,
    track: <T>(work: Promise<T>) => Promise<T>,
  ) {
    this.#track = track
    const headers = new Headers({ origin })
    const answer = provider ? provider.upgrade({ url, headers, protocols }) : Promise.reject(new Error('connection refused'))
    void track(answer).then(
      (accepted) => ('open' in accepted ? this.#accepted(accepted) : this.#ended(1006, '', false)),
      () => this.#ended(1006, '', false),
    )
  }

  send(data: string | ArrayBuffer | Uint8Array<ArrayBuffer>): void {
    if (this.readyState === 0) throw new DOMException('still connecting', 'InvalidStateError')
    if (this.readyState !== 1) return
    const frame = typeof data === 'string' ? data : new Uint8Array(data instanceof Uint8Array ? data.slice() : data.slice(0))
    this.#soon(() => this.#conversation?.message(frame))
  }

  close(code = 1005, reason = ''): void {
    if (this.readyState >= 2) return
    this.readyState = 2
    this.#soon(() => {
      this.#conversation?.closed(code, reason)
      this.#ended(this.#conversation ? code : 1006, reason, this.#conversation !== null)
    })
  }

  #accepted(accepted: Accepted): void {
    const peer: Peer = {
      send: (data) =>
        this.#soon(() => {
          const copy = typeof data === 'string' ? data : data.slice().buffer
          if (this.readyState === 1) this.#tell('message', { data: copy })
        }),
      close: (code = 1000, reason = '') =>
        this.#soon(() => {
          if (this.readyState === 3) return
          this.#conversation?.closed(code, reason)
          this.#ended(code, reason, true)
        }),
      terminate: () => this.#soon(() => this.#ended(1006, '', false)),
    }
    if (this.readyState !== 0) {
      accepted.open(peer).closed(1006, '')
      return
    }
    this.readyState = 1
    this.#soon(() => this.#tell('open', {}))
    this.#conversation = accepted.open(peer)
  }

  #ended(code: number, reason: string, wasClean: boolean): void {
    if (this.readyState === 3) return
    const opened = this.#conversation !== null
    this.readyState = 3
    if (!opened || !wasClean) {
      if (opened) this.#conversation?.closed(1006, '')
      this.#tell('error', {})
    }
    this.#tell('close', { code, reason, wasClean })
  }

  /** What `run` answers is work that goes on, and is waited for. */
  #soon(run: () => void | Promise<void>): void {
    void this.#track(Promise.resolve().then(run))
  }

  #tell<Name extends keyof Handlers>(name: Name, event: Handlers[Name]): void {
    const handler = { open: this.onopen, message: this.onmessage, close: this.onclose, error: this.onerror }[name] as
      | ((event: Handlers[Name]) => void)
      | null
    handler?.call(this, event)
  }
}
