import type { Happening } from '../core/event.ts'
import type { Notice, Ready } from '../options.ts'
import type { BinaryMessage, Control, Preset } from '../presets/preset.ts'
import { bytesOf, decode, encode, type Decoded } from '../wire/frames.ts'
import { tokenAddress } from '../wire/address.ts'
import { addressOf, type Address } from '../wire/url.ts'
import { Outbox } from './outbox.ts'
import type { Line, Speaker } from './lines.ts'

/** What a conversation tells and asks. */
export interface Surroundings<In, Out> {
  message(message: In): void
  notice(notice: Notice<Out>): void
  dispatch(happening: Happening): void
  report(error: unknown): void
  onReady: ((ready: Ready<Out>) => void) | undefined
  now(): number
  /** A moment to notice that the device was asleep. */
  wake(): void
  /** Whether this is the line that the session has now. */
  has(line: Line): boolean
  /** The opaque handle of the grant. */
  handle(): string | undefined
}

type DropReason = Extract<Notice, { name: 'dropped' }>['reason']

/** One session's words, over one line after another: what goes out first, what waits, and what a new line must be told. */
export class Conversation<In, Out> implements Speaker {
  readonly #preset: Preset<In, Out>
  readonly #around: Surroundings<In, Out>
  readonly #outbox = new Outbox<Out>()
  /** From the last ready frame; offered at the next dial. */
  #continuity: string | undefined
  #offered: string | undefined
  #resumed = false
  #been = false
  /** Numbered messages since the last acknowledgement. */
  #unacknowledged = 0
  #acknowledgeEvery: number | undefined
  /** Set between ready and the loss of the line. */
  #line: Line | null = null
  /** The window in which the server asked its clients to come back, in ms. */
  spreadMs = 0

  constructor(preset: Preset<In, Out>, around: Surroundings<In, Out>) {
    this.#preset = preset
    this.#around = around
  }

  address(token: string, attempt: number): Address {
    const { continuity, token: traits } = this.#preset
    this.#offered = this.#continuity
    // Whatever made the address: the token may not go out in clear.
    const url = tokenAddress('url', this.#preset.url!({ attempt, continuity: this.#offered }), 'wss')
    const placement = traits.placement ?? { in: 'query', name: 'access_token' }
    const inQuery = continuity?.kind === 'query' || (continuity?.kind === 'cursor' && placement.in !== 'first-frame')
    if (inQuery && this.#offered !== undefined) url.searchParams.set(continuity.name, this.#offered)
    return addressOf(url.href, placement, token)
  }

  opened(line: Line, token: string | undefined): void {
    this.spreadMs = 0
    const { placement } = this.#preset.token
    if (placement?.in === 'first-frame' && token !== undefined)
      line.socket.send(JSON.stringify(placement.frame(token, this.#around.handle(), this.#offered)))
  }

  frame(line: Line, data: string | ArrayBuffer): void {
    this.#around.wake()
    // A sleep may have ended this line, or whoever was told of it: like every later frame, this one is nobody's.
    if (!this.#around.has(line)) return
    const decoded = this.#decoded(data)
    if (!decoded.ok) return this.#around.notice({ name: 'bad-frame', issue: decoded.issue, bytes: decoded.bytes })
    const { frame, message } = decoded
    const counts = typeof data !== 'string' || this.#counted(line, frame)
    // The application first, the ready frame included. What it does about it may end this line.
    if (message !== undefined && counts) this.#around.message(message)
    if (typeof data === 'string' && this.#around.has(line)) this.#control(line, frame as In)
  }

  /** Moves the cursor. False for what is not to be delivered: it was before, or a listener has ended this line. */
  #counted(line: Line, frame: unknown): boolean {
    const { continuity } = this.#preset
    if (continuity?.kind !== 'cursor') return true
    const received = continuity.receive(this.#continuity, frame)
    if (!received) return true
    if (received.is === 'gap') {
      this.#around.notice({ name: 'gap', reason: 'missed' })
      // A listener has ended this line: not told, so not counted. A resumed session hears of both again.
      if (!this.#around.has(line)) return false
    }
    this.#continuity = received.cursor
    if (received.is === 'known') return false
    const { acknowledge } = continuity
    if (acknowledge && ++this.#unacknowledged >= (this.#acknowledgeEvery ?? acknowledge.every)) {
      this.#unacknowledged = 0
      line.socket.send(JSON.stringify(acknowledge.frame(received.cursor)))
    }
    return true
  }

  #decoded(data: string | ArrayBuffer): Decoded<In> {
    try {
      return decode<In, Out>(data, this.#preset.messages)
    } catch (error) {
      this.#around.report(error)
      return { ok: false, issue: 'the check of this frame threw', bytes: bytesOf(data) }
    }
  }

  #control(line: Line, frame: In): void {
    let control: Control | undefined
    try {
      control = this.#preset.control?.(frame)
    } catch (error) {
      return this.#around.report(error)
    }
    switch (control?.is) {
      case undefined:
        return
      case 'ready':
        return this.#begun(line, control)
      case 'ack':
        return this.#around.dispatch({ is: 'acked', socket: line.id })
      case 'rejected':
        return this.#around.dispatch({ is: 'denied', socket: line.id })
      case 'goaway':
        this.spreadMs = control.spreadMs ?? 0
        return
      default:
        control satisfies never
    }
  }

  /** The server's ready frame says whether it took up the conversation that was offered. */
  #begun(line: Line, { continuity, resumed, spreadMs = 0, acknowledgeEvery }: Extract<Control, { is: 'ready' }>): void {
    const offered = this.#offered
    this.#offered = undefined
    this.#continuity = continuity
    this.#unacknowledged = 0
    this.#acknowledgeEvery = acknowledgeEvery
    this.#resumed = offered !== undefined && (resumed ?? continuity === offered)
    this.spreadMs = spreadMs
    if (offered !== undefined && !this.#resumed) this.#lost('continuity-denied')
    this.#around.dispatch({ is: 'ready', socket: line.id })
  }

  /** The link is usable: the application's first words, then the queue. */
  ready(line: Line, attempt: number): void {
    if (this.#been && this.#preset.continuity?.kind === 'replace') {
      this.#around.notice({ name: 'session-replaced' })
      this.#lost('session-replaced')
      // Whoever was told of that may have ended the session.
      if (!this.#around.has(line)) return
    }
    this.#been = true
    const send = (message: Out | BinaryMessage): void => void line.socket.send(this.#encoded(message))
    try {
      this.#around.onReady?.({ resumed: this.#resumed, attempt, send })
    } catch (error) {
      this.#around.report(error)
    }
    // `onReady` may have paused or closed the session.
    if (this.#around.has(line)) this.#line = line
  }

  /** Gives the queue to the line. */
  flush(): void {
    const tellOld = this.#takeOld()
    const line = this.#line
    if (line) this.#outbox.flush((frame) => line.socket.send(frame))
    // Told last: what a listener sends comes after what waited.
    tellOld()
  }

  /** The line is gone or not to be used: from now on messages wait. */
  hangUp(): void {
    this.#line = null
    this.#takeOld()()
  }

  /** `may`: the grant behind the line is beyond doubt. */
  send(message: Out | BinaryMessage | string, may: boolean): 'sent' | 'queued' | 'dropped' {
    const frame = this.#encoded(message)
    const line = this.#line
    if (may && line && line.socket.send(frame)) {
      if (line.socket.stalled()) this.#around.dispatch({ is: 'closed', socket: line.id, code: 0, spreadMs: 0 })
      return 'sent'
    }
    if (this.#preset.messages?.stale?.(message as Out)) return 'dropped'
    // Told when this message has its place: a listener may close the session.
    const tellOld = this.#takeOld()
    const queued = this.#outbox.add(message as Out, frame, this.#around.now())
    tellOld()
    if (queued) return 'queued'
    this.#around.notice({ name: 'dropped', message: message as Out, reason: 'queue-full' })
    return 'dropped'
  }

  /** Throws `TypeError` for what the preset's schema does not allow. */
  #encoded(message: Out | BinaryMessage | string): string | BinaryMessage {
    return encode(message, this.#preset.messages)
  }

  #lost(reason: 'continuity-denied' | 'session-replaced'): void {
    this.#around.notice({ name: 'gap', reason })
    this.drop(reason)
  }

  /** Empties the queue. */
  drop(reason: DropReason): void {
    this.#tell(this.#outbox.takeAll(), reason)
  }

  /** Takes out what has waited too long. Returns what tells of it. */
  #takeOld(): () => void {
    const old = this.#outbox.takeOld(this.#around.now())
    return () => this.#tell(old, 'too-old')
  }

  /** Ends the conversation: nothing of it may be continued. Returns what tells of the messages that were still to be sent. */
  end(reason: DropReason): () => void {
    this.#line = null
    this.#continuity = this.#offered = undefined
    this.#been = false
    const messages = this.#outbox.takeAll()
    return () => this.#tell(messages, reason)
  }

  #tell(messages: (Out | BinaryMessage)[], reason: DropReason): void {
    for (const message of messages) this.#around.notice({ name: 'dropped', message, reason })
  }
}
