import { EventEmitter } from 'eventemitter3'
import { checkSessionOptions } from './check-options.ts'
import type { Effect } from './core/event.ts'
import { isRefusal } from './core/lives.ts'
import { isHeld, type Id, type Trouble } from './core/state.ts'
import type { Status } from './core/status.ts'
import type { LinkTraits } from './core/traits.ts'
import { SessionError } from './errors.ts'
import { internals } from './io/internals.ts'
import { Outbox } from './io/outbox.ts'
import type { Line, Member, Source } from './io/source.ts'
import { linkTraits, plainPreset } from './io/traits.ts'
import type { Notice, PlainSessionOptions, PresetSessionOptions, Ready, SessionEvents, SessionOptions } from './options.ts'
import type { BinaryMessage, Preset } from './presets/preset.ts'
import { sourceFor } from './token-source.ts'
import { decode, encode } from './wire/frames.ts'
import { addressOf, type Address } from './wire/url.ts'

/** What `connect()` may be given. */
export interface ConnectOptions {
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal
}

/**
 * One realtime session: a grant, a socket, and what to do when either fails. Nothing happens before `connect()`.
 * Use it with `await using` or call `close()`; afterwards no timer, listener or socket of it is left.
 */
export interface Session<In = unknown, Out = unknown> {
  /** What the session is now. The same object as long as nothing changed. */
  readonly status: Status
  /**
   * Connects, or tries again at once: in every state this is the "try again" button. Resolves at the first `connected`.
   * Rejects with a `SessionError` on failed, closed, abort and paused (refused); in that last case the session goes on trying.
   */
  connect(options?: ConnectOptions): Promise<void>
  /** Closes the socket (1000) and stops asking for tokens until `resume()`. The grant is kept. */
  pause(): void
  /** Ends a `pause()`. Otherwise "try again", like `connect()`, without a promise. */
  resume(): void
  /** Ends the session at once; the promise waits at most 2 s for the socket's farewell and the provider's release call. */
  close(): Promise<void>
  /**
   * `sent`: given to the browser. `queued`: not connected; goes out at the next ready link (at most 64 messages, 64 KiB,
   * 30 s; what is dropped is a notice). `dropped`: closed, failed, queue full, or a kind that is useless when late.
   * Throws `TypeError` for a message that the preset's schema does not allow, and for a preset without a socket.
   */
  send(message: Out | BinaryMessage | string): 'sent' | 'queued' | 'dropped'
  /** Returns its remover. A listener that throws is reported and disturbs nobody. */
  on<Name extends keyof SessionEvents<In, Out>>(name: Name, listener: SessionEvents<In, Out>[Name]): () => void
  /** With `getSnapshot`, made for `useSyncExternalStore`. */
  subscribe(listener: () => void): () => void
  getSnapshot(): Status
  /**
   * The one exit for a secret, to hand to an engine that is not ours. Mints if needed. `rejected: true` says that the last
   * one handed out was refused. Rejects while paused, closed or failed.
   */
  accessToken(options?: { readonly rejected?: boolean }): Promise<string>
  [Symbol.asyncDispose](): Promise<void>
}

/** Makes a session. Nothing happens until `connect()`. Throws `TypeError` for options that cannot work. */
export function createSession<In, Out>(options: PresetSessionOptions<In, Out>): Session<In, Out>
export function createSession<In = unknown, Out = unknown>(options: PlainSessionOptions<In, Out>): Session<In, Out>
export function createSession<In, Out>(options: SessionOptions<In, Out>): Session<In, Out> {
  checkSessionOptions(options)
  return new RealSession<In, Out>(options)
}

const farewellMs = 2000

class RealSession<In, Out> implements Session<In, Out>, Member {
  readonly #preset: Preset<In, Out>
  readonly #options: SessionOptions<In, Out>
  readonly #source: Source
  readonly #events = new EventEmitter()
  readonly #outbox = new Outbox<Out>()
  readonly traits: LinkTraits
  spreadMs = 0
  #id: Id | null = null
  #status: Status = { name: 'idle' }
  /** Offered at the next dial, taken from the last ready frame. */
  #continuity: string | undefined
  #offered: string | undefined
  #resumed = false
  #been = false
  /** The line that the queue was flushed to: from here on `send` goes straight out. */
  #open: Line | null = null
  #handed = 0
  #connecting: { promise: Promise<void>; done: () => void; fail: (error: SessionError) => void; before: Trouble | null } | null = null
  #closing: Promise<void> | null = null
  #unsignal: (() => void)[] = []

  constructor(options: SessionOptions<In, Out>) {
    this.#options = options
    this.#preset = 'preset' in options ? options.preset : plainPreset(options)
    this.traits = linkTraits(this.#preset, options)
    this.#source = sourceFor(options.tokenSource, this.#preset, options)
    internals.set(this, { source: this.#source, preset: this.#preset, id: () => this.#id })
  }

  get status(): Status {
    return this.#status
  }

  getSnapshot = (): Status => this.#status

  subscribe = (listener: () => void): (() => void) => this.on('status', listener as SessionEvents<In, Out>['status'])

  on<Name extends keyof SessionEvents<In, Out>>(name: Name, listener: SessionEvents<In, Out>[Name]): () => void {
    const own = (...values: unknown[]): void => {
      try {
        ;(listener as (...all: unknown[]) => void)(...values)
      } catch (error) {
        this.#source.host.report(error)
      }
    }
    this.#events.on(name, own)
    return () => this.#events.off(name, own)
  }

  connect({ signal }: ConnectOptions = {}): Promise<void> {
    if (signal?.aborted) return quiet(Promise.reject(new SessionError('aborted', 'the signal was aborted before connect()')))
    if (signal) this.#closeOn(signal)
    if (this.#closing) return quiet(this.#closing.then(() => this.connect()))
    const id = (this.#id ??= this.#attach())
    if (this.#status.name === 'connected') return Promise.resolve()
    this.#connecting ??= pending(this.#source.core.trouble)
    const { promise } = this.#connecting
    this.#source.dispatch({ is: 'connect', session: id })
    return promise
  }

  pause(): void {
    if (this.#id !== null) this.#source.dispatch({ is: 'pause', session: this.#id })
  }

  resume(): void {
    if (this.#id !== null) this.#source.dispatch({ is: 'resume', session: this.#id })
  }

  close(): Promise<void> {
    return this.#end('closed')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  send(message: Out | BinaryMessage | string): 'sent' | 'queued' | 'dropped' {
    if (!this.traits.link) throw new TypeError(`send: the preset ${this.#preset.name} has no socket`)
    const frame = encode(message, this.#preset.messages?.schemas?.outbound)
    const { name } = this.#status
    if (name === 'closed' || name === 'failed') return 'dropped'
    if (this.#open && this.#sendable() && this.#open.socket.send(frame)) {
      if (this.#open.socket.stalled()) this.#source.dispatch({ is: 'closed', socket: this.#open.id, code: 0, spreadMs: 0 })
      return 'sent'
    }
    if (typeof message !== 'string' && this.#preset.messages?.stale?.(message)) return 'dropped'
    this.#dropOld()
    if (this.#outbox.add(message as Out, frame, this.#source.host.monotonic())) return 'queued'
    this.#notice({ name: 'dropped', message: message as Out, reason: 'queue-full' })
    return 'dropped'
  }

  async accessToken({ rejected = false } = {}): Promise<string> {
    const source = this.#source
    const ended = this.#ended()
    if (ended) throw ended
    const id = (this.#id ??= this.#attach())
    if (rejected && this.#handed !== 0) source.dispatch({ is: 'rejected', gen: this.#handed })
    return new Promise((resolve, reject) => {
      const before = source.core.trouble
      let leave = (): void => {}
      const look = (): boolean => {
        const grant = source.token()
        const trouble = source.core.trouble
        const idle = this.#status.name === 'idle'
        const error = this.#ended() ?? ((idle || isRefusal(trouble)) && trouble !== null && trouble !== before ? this.#error(trouble.no) : null)
        if (!grant && !error) return false
        leave()
        if (grant) {
          this.#handed = grant.gen
          resolve(grant.token)
        } else reject(error!)
        return true
      }
      if (look()) return
      leave = source.watch(look)
      if (source.status(id).name === 'idle') source.dispatch({ is: 'prefetch' })
    })
  }

  // What the source asks of a session.

  address(token: string, attempt: number): Address {
    this.#offered = this.#continuity
    const base = this.#preset.url!({ attempt, continuity: this.#continuity })
    const { continuity } = this.#preset
    const url = new URL(base)
    if (continuity?.kind === 'query' && this.#continuity !== undefined) url.searchParams.set(continuity.name, this.#continuity)
    return addressOf(url.href, this.#preset.token.placement ?? { in: 'query', name: 'access_token' }, token)
  }

  opened(line: Line, token: string | undefined): void {
    this.#resumed = false
    const { placement } = this.#preset.token
    if (placement?.in === 'first-frame' && token !== undefined) line.socket.send(JSON.stringify(placement.frame(token, this.#source.vault.handle)))
  }

  frame(line: Line, data: string | ArrayBuffer): void {
    const decoded = decode<In>(data, this.#preset.messages as never)
    if (!decoded.ok) return this.#notice({ name: 'bad-frame', issue: decoded.issue, bytes: decoded.bytes })
    if (typeof data === 'string') this.#control(line, decoded.message)
    this.#events.emit('message', decoded.message)
  }

  effect(effect: Effect, line: Line | undefined, token: string | undefined): void {
    const { heartbeat, liveness } = this.#preset
    switch (effect.do) {
      case 'ready':
        if (line) this.#ready(line, effect.attempt)
        return
      case 'probe':
        if (line && liveness) line.socket.send(JSON.stringify(liveness.probe()))
        return
      case 'show':
        if (line && heartbeat?.show && token !== undefined) line.socket.send(JSON.stringify(heartbeat.show(token)))
        return
      case 'verify':
        if (token !== undefined) void this.#verify(effect.gen, token)
        return
      case 'renewal-failed': {
        const status = this.#status
        const failing = status.name === 'connected' && status.renewal === 'failing' ? status : null
        const code = failing?.code ?? (this.#source.core.trouble?.no as Trouble['no'])
        const retryAt = failing?.retryAt
        return this.#notice({ name: 'renewal-failed', code, ...(retryAt !== undefined && { retryAt }), cause: this.#error(code) })
      }
      default:
        effect satisfies never
    }
  }

  moved(_before: Status, after: Status): void {
    if (this.#id === null) return
    const epoch = this.#epoch(after)
    const changed = !sameStatus(this.#status, epoch)
    if (changed) this.#status = epoch
    if (after.name !== 'connected') this.#open = null
    else if (this.#open && this.#sendable()) this.#flush(this.#open)
    this.#dropOld()
    if (changed) {
      this.#settleConnect()
      if (after.name === 'failed') this.#dropAll('failed')
      this.#events.emit('status', epoch)
    } else if (this.#connecting) this.#settleConnect()
  }

  late(byMs: number): void {
    this.#notice({ name: 'late', byMs })
  }

  #attach(): Id {
    const source = this.#source
    const own = (this.#preset.token.scope ?? (this.#preset.token.kind === 'ticket' ? 'shared' : 'session')) === 'session'
    if (own && source.size > 0) {
      throw new TypeError(`the preset ${this.#preset.name} needs a token source of its own: another session uses this one; make a second source on the same URL`)
    }
    return source.attach(this)
  }

  #control(line: Line, message: In): void {
    let control
    try {
      control = this.#preset.control?.(message)
    } catch (error) {
      return this.#source.host.report(error)
    }
    switch (control?.is) {
      case undefined:
        return
      case 'ready': {
        const denied = this.#offered !== undefined && control.continuity !== this.#offered
        this.#resumed = this.#offered !== undefined && !denied
        this.#continuity = control.continuity
        this.#offered = undefined
        if (denied) this.#lost('continuity-denied')
        return this.#source.dispatch({ is: 'ready', socket: line.id })
      }
      case 'ack':
        return this.#source.dispatch({ is: 'acked', socket: line.id })
      case 'rejected':
        return this.#source.dispatch({ is: 'denied', socket: line.id })
      case 'goaway':
        this.spreadMs = control.spreadMs ?? 0
        return
      default:
        control satisfies never
    }
  }

  /** The link is usable: the application's first words, then the queue; only then does the status say so. */
  #ready(line: Line, attempt: number): void {
    this.spreadMs = 0
    if (this.#been && this.#preset.continuity?.kind === 'replace') {
      this.#notice({ name: 'session-replaced' })
      this.#lost('session-replaced')
    }
    this.#been = true
    const send: Ready<Out>['send'] = (message) => void line.socket.send(encode(message, this.#preset.messages?.schemas?.outbound))
    try {
      this.#options.onReady?.({ resumed: this.#resumed, attempt, send })
    } catch (error) {
      this.#source.host.report(error)
    }
    this.#dropOld()
    this.#open = line
    if (this.#sendable()) this.#flush(line)
  }

  #flush(line: Line): void {
    this.#outbox.flush((frame) => line.socket.send(frame))
  }

  /** A lease under suspicion holds its sends back until it is confirmed. */
  #sendable(): boolean {
    const { core } = this.#source
    return this.#source.lineOf(this.#id!)?.id === this.#open?.id && !(isHeld(core) && core.suspectUntil !== null)
  }

  async #verify(gen: number, token: string): Promise<void> {
    const { host } = this.#source
    const { verify } = this.#preset
    const stop = new AbortController()
    const cancel = host.timer(() => stop.abort(), 10_000)
    try {
      const response = await host.fetch(verify!.url, {
        method: verify!.method ?? 'GET',
        headers: { authorization: `Bearer ${token}` },
        cache: 'no-store',
        redirect: 'error',
        credentials: 'omit',
        signal: stop.signal,
      })
      void response.body?.cancel().catch(() => {})
      if (response.status === 401) this.#source.dispatch({ is: 'rejected', gen })
    } catch {
      // No verdict: the socket's own backoff goes on.
    } finally {
      cancel()
    }
  }

  #settleConnect(): void {
    const waiting = this.#connecting
    if (!waiting) return
    const status = this.#status
    const { trouble } = this.#source.core
    if (status.name === 'connected') waiting.done()
    else if (status.name === 'failed') waiting.fail(this.#error(status.code))
    else if (status.name === 'closed') waiting.fail(new SessionError('closed', 'the session was closed'))
    else if (status.name === 'paused' && status.reason === 'refused' && isRefusal(trouble) && trouble !== waiting.before) waiting.fail(this.#error(trouble.no))
    else return
    this.#connecting = null
  }

  #closeOn(signal: AbortSignal): void {
    const abort = (): void => {
      this.#connecting?.fail(new SessionError('aborted', 'the signal was aborted'))
      this.#connecting = null
      void this.#end('closed')
    }
    signal.addEventListener('abort', abort, { once: true })
    this.#unsignal.push(() => signal.removeEventListener('abort', abort))
  }

  #end(reason: 'closed'): Promise<void> {
    if (this.#closing) return this.#closing
    for (const remove of this.#unsignal.splice(0)) remove()
    const source = this.#source
    const id = this.#id
    if (id === null) {
      if (this.#status.name === 'closed') return Promise.resolve()
      this.#status = { name: 'closed' }
      this.#dropAll(reason)
      this.#events.emit('status', this.#status)
      return Promise.resolve()
    }
    const line = source.lineOf(id)
    source.dispatch({ is: 'close', session: id })
    this.#dropAll(reason)
    source.detach(id)
    this.#id = null
    this.#status = this.#status.name === 'closed' ? this.#status : { name: 'closed' }
    this.#continuity = this.#offered = undefined
    this.#been = false
    this.#open = null
    const farewell = Promise.all([line?.socket.gone, this.#preset.release ? source.release() : undefined])
    this.#closing = deadline(source.host.timer, farewell, farewellMs).then(() => {
      this.#closing = null
    })
    return this.#closing
  }

  #ended(): SessionError | null {
    const status = this.#status
    if (status.name === 'closed') return new SessionError('closed', 'the session is closed')
    if (status.name === 'failed') return this.#error(status.code)
    return status.name === 'paused' ? this.#error('code' in status ? status.code : 'paused') : null
  }

  #error(code: SessionError['code']): SessionError {
    const { cause } = this.#source
    return new SessionError(code, messageOf[code] ?? 'see docsUrl', cause && { cause })
  }

  #notice(notice: Notice<Out>): void {
    this.#events.emit('notice', notice)
  }

  #lost(reason: 'continuity-denied' | 'session-replaced'): void {
    this.#notice({ name: 'gap', reason })
    this.#dropAll(reason)
  }

  #dropAll(reason: Extract<Notice, { name: 'dropped' }>['reason']): void {
    for (const message of this.#outbox.takeAll()) this.#notice({ name: 'dropped', message, reason })
  }

  #dropOld(): void {
    for (const message of this.#outbox.takeOld(this.#source.host.monotonic())) this.#notice({ name: 'dropped', message, reason: 'too-old' })
  }

  /** Monotonic times as epoch milliseconds, by the clock that the user sees. */
  #epoch(status: Status): Status {
    if (!('retryAt' in status) || status.retryAt === undefined) return status
    const { host } = this.#source
    return { ...status, retryAt: Math.round(host.wall() + status.retryAt - host.monotonic()) }
  }

  forget(): void {
    this.#continuity = this.#offered = undefined
    this.#been = false
    this.#handed = 0
    this.#dropAll('reset')
  }
}

const messageOf: Partial<Record<SessionError['code'], string>> = {
  login_required: 'the token endpoint does not know the caller',
  key_refused: 'the provider refused the key behind this session',
  revoked: 'the right to this session was withdrawn',
  rejected: 'three fresh tokens in a row were refused by the provider',
  quota: 'out of credit, concurrency or rate',
  network: 'the token endpoint could not be reached',
  timeout: 'the token endpoint did not answer in time',
  unavailable: 'the token endpoint is not available',
  malformed: 'the token endpoint did not answer with a usable token response',
  forbidden: 'the token endpoint forbids this',
  stopped: 'the provider closed the session for good',
  bad_configuration: 'the socket could not be constructed',
  gave_up: 'not connected for longer than giveUpAfterMs',
  paused: 'the session is paused',
}

/** The same but for a time that moved by a clock's rounding. */
function sameStatus(a: Status, b: Status): boolean {
  const { retryAt: at, ...rest } = a as { retryAt?: number }
  const { retryAt: bt, ...other } = b as { retryAt?: number }
  return JSON.stringify(rest) === JSON.stringify(other) && (at === undefined) === (bt === undefined) && Math.abs((at ?? 0) - (bt ?? 0)) <= 50
}

/** A rejection that nobody awaits is not an unhandled one. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

function pending(before: Trouble | null): { promise: Promise<void>; done: () => void; fail: (error: SessionError) => void; before: Trouble | null } {
  let done!: () => void
  let fail!: (error: SessionError) => void
  const promise = quiet(
    new Promise<void>((resolve, reject) => {
      done = resolve
      fail = reject
    }),
  )
  return { promise, done, fail, before }
}

function deadline(timer: (run: () => void, ms: number) => () => void, work: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timer(resolve, ms)
    void work.then(() => {
      cancel()
      resolve()
    })
  })
}
