import type { BinaryMessage } from '../presets/preset.ts'
import { bytesOf } from '../wire/frames.ts'

interface Waiting<Out> {
  readonly message: Out | BinaryMessage
  readonly frame: string | BinaryMessage
  readonly at: number
}

const messagesAtMost = 64
const bytesAtMost = 64 * 1024
const waitAtMostMs = 30_000

/** What the application sent while there was no link: bounded by count, bytes and age. */
export class Outbox<Out> {
  #waiting: Waiting<Out>[] = []
  #bytes = 0

  /** False: full. */
  add(message: Out | BinaryMessage, frame: string | BinaryMessage, now: number): boolean {
    const bytes = bytesOf(frame)
    if (this.#waiting.length >= messagesAtMost || this.#bytes + bytes > bytesAtMost) return false
    // The browser copies what it is given, and so does the queue: buffers are used again.
    this.#waiting.push({ message, frame: typeof frame === 'string' ? frame : frame.slice(0), at: now })
    this.#bytes += bytes
    return true
  }

  /** Messages that have waited too long, oldest first. */
  takeOld(now: number): (Out | BinaryMessage)[] {
    const old = this.#waiting.filter((entry) => now - entry.at >= waitAtMostMs)
    if (old.length > 0) this.#keep(this.#waiting.slice(old.length))
    return old.map((entry) => entry.message)
  }

  /** Gives each frame to `send` in order, until it answers false. */
  flush(send: (frame: string | BinaryMessage) => boolean): void {
    let sent = 0
    while (sent < this.#waiting.length && send(this.#waiting[sent]!.frame)) sent++
    this.#keep(this.#waiting.slice(sent))
  }

  takeAll(): (Out | BinaryMessage)[] {
    const all = this.#waiting.map((entry) => entry.message)
    this.#keep([])
    return all
  }

  #keep(rest: Waiting<Out>[]): void {
    this.#waiting = rest
    this.#bytes = rest.reduce((sum, entry) => sum + bytesOf(entry.frame), 0)
  }
}
