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
  /** Bytes that the browser held after the last send, and when it last was seen to hand some on. */
  #held = 0
  #movedAt = 0
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
    // Looked at before the send: right after it, the browser always holds what it was just given.
    const { bufferedAmount } = this.#socket
    if (bufferedAmount === 0 || bufferedAmount < this.#held) this.#movedAt = this.#host.monotonic()
    this.#socket.send(frame)
    this.#held = this.#socket.bufferedAmount
    return true
  }

  /** Whether bytes given to the browser have not moved for 20 s: the other end does not read, or is not there. */
  stalled(): boolean {
    return this.#held > 0 && this.#host.monotonic() - this.#movedAt >= stalledMs
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
