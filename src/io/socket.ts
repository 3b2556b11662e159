import type { Address } from '../wire/url.ts'
import type { Host, SocketLike } from './host.ts'

export interface SocketHandlers {
  open(): void
  message(data: string | ArrayBuffer): void
  close(code: number): void
}

const stalledMs = 20_000

/** One WebSocket as three callbacks. Constructing throws what the constructor throws; nothing else here does. */
export class Socket {
  readonly #host: Host
  readonly #socket: SocketLike
  #stuck: { bytes: number; since: number } | null = null
  /** Monotonic time of the last frame; any frame proves life. */
  heardAt = 0
  /** Settles when the browser says that the socket is gone; long after `retire()` if the peer never answers. */
  readonly gone: Promise<void>
  #leave!: () => void

  constructor(host: Host, address: Address, handlers: SocketHandlers) {
    this.#host = host
    this.gone = new Promise((resolve) => (this.#leave = resolve))
    const socket = host.socket(address.url, address.protocols)
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => handlers.open()
    socket.onmessage = (event: { data: string | ArrayBuffer }) => {
      this.heardAt = host.monotonic()
      handlers.message(event.data)
    }
    // An error is always followed by a close; it says nothing by itself.
    socket.onerror = () => {}
    socket.onclose = (event: { code: number }) => {
      this.#leave()
      handlers.close(event.code)
    }
  }

  /** False if the browser did not take it. */
  send(frame: string | ArrayBuffer | Uint8Array<ArrayBuffer>): boolean {
    if (this.#socket.readyState !== 1) return false
    this.#socket.send(frame)
    return true
  }

  /** Whether bytes given to the browser have not moved for 20 s: the other end does not read, or is not there. */
  stalled(): boolean {
    const bytes = this.#socket.bufferedAmount
    const now = this.#host.monotonic()
    if (bytes === 0) this.#stuck = null
    else if (this.#stuck === null || bytes < this.#stuck.bytes) this.#stuck = { bytes, since: now }
    return this.#stuck !== null && now - this.#stuck.since >= stalledMs
  }

  /** Says farewell and hears nothing more. The close itself may take the browser a minute; nobody waits for it here. */
  retire(): void {
    const socket = this.#socket
    socket.onopen = socket.onmessage = null
    socket.onclose = () => this.#leave()
    try {
      socket.close(1000)
    } catch {
      // A socket that cannot be closed is gone already.
    }
  }
}
