/** The application around one session: it listens, talks, presses buttons, and keeps an account of what it was told. */
import type { Notice, PresetSessionOptions, Session, SessionOptions, Status } from '../../src/index.ts'
import { createSession } from '../../src/index.ts'
import { statusName } from '../exploration/cells.ts'
import type { Client } from './client.ts'

type Message = { readonly m?: number; readonly numbered?: true }
interface Waiting {
  /** Messages that a listener sends while another is being sent share its place: either may be taken first. */
  readonly place: number
  readonly at: number
  readonly bytes: number
}

export type Verb = 'connect' | 'pause' | 'resume' | 'close' | 'send' | 'token' | 'token rejected' | 'prefetch' | 'abort'

export class App {
  readonly part: number
  readonly session: Session
  /** The last status that it was told. */
  last: Status = { name: 'idle' }
  #lastText = JSON.stringify(this.last)
  /** The time of the next try that the last status told, by the page's monotonic clock; undefined: it told none. */
  retryAt: number | undefined
  heard = 0
  bad = 0
  owesGap = false
  inReady = false
  /** `close()` calls that have not settled. */
  closing = 0
  /** Promises of the library that have not settled. */
  pending = 0
  readonly #client: Client
  readonly #waiting = new Map<number, Waiting>()
  #bytes = 0
  #sent = 0
  #lastWired = 0
  #places = 0
  /** Ids whose `send()` has not returned. */
  readonly #sending: number[] = []
  #wiredNow = 0
  #fullNow = 0
  #droppedNow = 0
  #lastNumber: number | null = null
  #gap = false
  #connectedAt: number | null = null
  #abort: AbortController | null = null

  constructor(client: Client, part: number, options: SessionOptions) {
    this.#client = client
    this.part = part
    this.session = createSession({ ...options, onReady: ({ send }) => this.#ready(send) } as PresetSessionOptions<unknown, unknown>)
    this.session.on('status', () => client.trap('status listener'))
    this.session.on('status', (status) => this.#status(status))
    this.session.on('message', () => client.trap('message listener'))
    this.session.on('message', (message) => this.#message(message as Message))
    this.session.on('notice', () => client.trap('notice listener'))
    this.session.on('notice', (notice) => this.#notice(notice))
  }

  get isOver(): boolean {
    const { name } = this.session.status
    return name === 'idle' || name === 'closed' || name === 'failed'
  }

  get isWanting(): boolean {
    const { status } = this.session
    return !this.isOver && !(status.name === 'paused' && (status.reason === 'asked' || status.reason === 'hidden'))
  }

  #ready(send: (message: object) => void): void {
    this.inReady = true
    try {
      if (this.#client.random.chance(0.5)) send({ type: 'session_settings', first: 1 })
      this.#client.inside(this, 'ready')
      this.#client.trap('onReady')
    } finally {
      this.inReady = false
    }
  }

  #status(status: Status): void {
    const { account, world } = this.#client
    const edge = `${statusName(this.last)} → ${statusName(status)}`
    world.census.count(world.census.edges, edge)
    this.#client.tell(edge)
    const text = JSON.stringify(status)
    if (text === this.#lastText) account.say('I9', `told twice: ${status.name}`)
    this.last = status
    this.#lastText = text
    const { device } = this.#client
    const { retryAt } = status as { readonly retryAt?: number }
    this.retryAt = retryAt === undefined ? undefined : device.monotonic() + retryAt - device.date()
    account.leaks('a status', text)
    if (status.name === 'connected') this.#connectedAt ??= world.schedule.now
    else if (this.#connectedAt !== null) {
      if (this.part === 1) world.census.connectedMs += world.schedule.now - this.#connectedAt
      this.#connectedAt = null
    }
    if (status.name === 'closed') {
      this.forgetPlace()
      if (this.#client.cast.release) this.#client.endpoint.forgets()
    }
    this.#client.inside(this, 'status')
  }

  /** Where a numbered stream was: nothing of it goes on for another user, or after a close. */
  forgetPlace(): void {
    this.#lastNumber = null
  }

  #message(message: Message | null): void {
    const { m, numbered } = message ?? {}
    this.heard++
    const { status } = this.session
    const over = status.name === 'closed' || status.name === 'failed' || (status.name === 'paused' && !('code' in status))
    if (over) this.#client.account.say('I6', `a message was told while ${status.name}`)
    if (numbered && m !== undefined) {
      const { account } = this.#client
      const last = this.#lastNumber
      if (last !== null && m <= last && !this.#gap) account.say('I10', `event ${m} came after ${last}`)
      if (last !== null && m > last + 1 && !this.#gap) account.say('I10', `event ${m} came after ${last}, and no notice of it`)
      this.#lastNumber = m
      this.#gap = false
    }
    this.#client.inside(this, 'message')
  }

  #notice(notice: Notice): void {
    const { account, world } = this.#client
    world.census.count(world.census.notices, notice.name)
    if (notice.name === 'bad-frame') this.bad++
    if (notice.name === 'gap') {
      this.owesGap = false
      this.#gap = true
    }
    if (notice.name === 'dropped') this.#dropped(notice)
    const cause =
      notice.name === 'renewal-failed' ? `${notice.cause.message} ${String((notice.cause.cause as Error | undefined)?.message)}` : ''
    account.leaks('a notice', JSON.stringify(notice) + cause)
    this.#client.inside(this, 'notice')
  }

  // Sending.

  send(bytes = 0): void {
    if (!this.#client.cast.link) return
    const { random, world, account } = this.#client
    const id = ++this.#sent
    const stale = bytes === 0 && this.#client.cast.name.startsWith('Hume EVI') && random.chance(0.1)
    const message = { type: stale ? 'audio_input' : 'user_input', app: id, ...(bytes > 0 && { text: 'x'.repeat(bytes) }) }
    const [wired, full] = [this.#wiredNow, this.#fullNow]
    if (this.#sending.push(id) === 1) this.#places++
    const what = this.session.send(message)
    this.#sending.pop()
    const out = this.#wiredNow === id
    if (what === 'sent' ? !out : out) account.say('I11', `send() said ${what}, and ${out ? '' : 'nothing '}went out`)
    if (what === 'queued' && this.#droppedNow !== id) {
      // As it will go out: what the preset puts around it is bounded by a few bytes.
      const size = JSON.stringify(message).length
      this.#waiting.set(id, { place: this.#places, at: world.schedule.now, bytes: size })
      this.#bytes += size
    } else if (what === 'dropped' && !stale && !this.isOver && this.#fullNow === full) {
      account.say('I11', 'a message was dropped without a notice')
    }
    if (this.#sending.length > 0) this.#wiredNow = wired
  }

  wired(id: number): void {
    const { account, device } = this.#client
    const waiting = this.#waiting.get(id)
    const place = waiting?.place ?? this.#places
    if (place < this.#lastWired) account.say('I11', `message ${id} went out after a newer one`)
    this.#lastWired = place
    if (waiting) {
      this.#left(id, waiting)
      if (device.monotonic() - device.aheadMs - waiting.at >= 30_000) account.say('I11', 'a message went out that was too old')
    } else if (!this.#sending.includes(id)) account.say('I11', 'a message went out that was not to')
    this.#wiredNow = id
  }

  #left(id: number, { bytes }: Waiting): void {
    this.#waiting.delete(id)
    this.#bytes -= bytes
  }

  #dropped({ message, reason }: Extract<Notice, { name: 'dropped' }>): void {
    const { app: id } = message as { app: number }
    const waiting = this.#waiting.get(id)
    if (waiting) this.#left(id, waiting)
    else if (reason === 'queue-full' && this.#sending.includes(id)) this.#fullNow = id
    // A listener that was told of an older message ended everything.
    else if (this.#sending.includes(id)) this.#droppedNow = id
    else this.#client.account.say('I11', `dropped (${reason}) was told of a message that was not waiting`)
  }

  checkQueue(): void {
    const { account } = this.#client
    if (this.#waiting.size === 0 && this.#bytes === 0) return
    const [oldest] = this.#waiting.values()
    if (oldest && oldest.place < this.#lastWired) account.say('I11', 'a message was overtaken by a newer one')
    if (this.#waiting.size > 64) account.say('I11', `${this.#waiting.size} messages wait`)
    if (this.#bytes > 65_536) account.say('I11', `${this.#bytes} bytes wait`)
    if (this.#waiting.size > 0 && this.isOver)
      account.say('I11', `${this.#waiting.size} messages still wait after ${this.session.status.name}`)
  }

  // The buttons.

  press(verb: Verb): void {
    const { session } = this
    this.#client.tell(`presses ${verb}`)
    switch (verb) {
      case 'connect':
        return this.#awaits(session.connect())
      case 'abort': {
        this.#abort ??= new AbortController()
        this.#awaits(session.connect({ signal: this.#abort.signal }))
        return
      }
      case 'pause':
      case 'resume':
        return session[verb]()
      case 'close':
        return this.#close()
      case 'send':
        return this.send()
      case 'token':
      case 'token rejected':
        return this.#token(verb === 'token rejected')
      case 'prefetch':
        return this.#client.prefetch()
      default:
        verb satisfies never
    }
  }

  /** Which is `close()`: its promise is the same. */
  abort(): void {
    if (!this.#abort) return
    this.#abort.abort()
    this.#abort = null
    this.#close()
  }

  #close(): void {
    const { world, account } = this.#client
    const startedAt = world.schedule.now
    this.closing++
    void this.session.close().then(() => {
      this.closing--
      account.closed(world.schedule.now - startedAt)
    })
  }

  #token(rejected: boolean): void {
    const { account } = this.#client
    this.#client.wishes++
    const over = (): void => void this.#client.wishes--
    this.#awaits(
      this.session.accessToken({ rejected }).then(
        (token) => {
          over()
          account.handsOut(token)
        },
        (error: unknown) => {
          over()
          throw error
        },
      ),
    )
  }

  #awaits(promise: Promise<unknown>): void {
    this.pending++
    promise.then(
      () => void this.pending--,
      (error: Error) => {
        this.pending--
        this.#client.account.leaks('a rejection', `${error.message} ${String((error.cause as Error | undefined)?.message)}`)
      },
    )
  }
}
