import { EventEmitter } from 'eventemitter3'
import { checkSessionOptions } from './check-options.ts'
import type { Effect } from './core/event.ts'
import { isRefusal } from './core/lives.ts'
import { isHeld, type Id } from './core/state.ts'
import type { Status } from './core/status.ts'
import type { LinkTraits } from './core/traits.ts'
import { SessionError, type ErrorCode } from './errors.ts'
import { ConnectCall } from './io/connect-call.ts'
import { Conversation } from './io/conversation.ts'
import { internals } from './io/internals.ts'
import type { Line } from './io/lines.ts'
import type { Member, Source } from './io/source.ts'
import { quiet, within } from './io/promises.ts'
import { linkTraits, plainPreset } from './io/traits.ts'
import { isRefused } from './io/verify.ts'
import type { PlainSessionOptions, PresetSessionOptions, SessionEvents, SessionOptions } from './options.ts'
import type { BinaryMessage, Preset } from './presets/preset.ts'
import type { ConnectOptions, Session } from './session-type.ts'
import { sourceFor } from './token-source.ts'

/** Makes a session. Nothing happens until `connect()`. Throws `TypeError` for options that cannot work. */
export function createSession<In, Out>(options: PresetSessionOptions<In, Out>): Session<In, Out>
export function createSession<In = unknown, Out = unknown>(options: PlainSessionOptions<In, Out>): Session<In, Out>
export function createSession<In, Out>(options: SessionOptions<In, Out>): Session<In, Out> {
  checkSessionOptions(options)
  return new RealSession<In, Out>(options)
}

const farewellMs = 2000

class RealSession<In, Out> implements Session<In, Out>, Member {
  readonly traits: LinkTraits
  readonly #preset: Preset<In, Out>
  readonly #source: Source
  readonly #events = new EventEmitter()
  readonly speaker: Conversation<In, Out>
  /** Its number at the source; null while it is idle or closed. */
  #id: Id | null = null
  #status: Status = { name: 'idle' }
  /** The generation that `accessToken` gave away last. */
  #handed = 0
  #connecting: ConnectCall | null = null
  #closing: Promise<void> | null = null
  readonly #unsignal: (() => void)[] = []

  constructor(options: SessionOptions<In, Out>) {
    const preset = 'preset' in options ? options.preset : plainPreset(options)
    const source = sourceFor(options.tokenSource, preset, options)
    this.#preset = preset
    this.#source = source
    this.traits = linkTraits(preset, options)
    this.speaker = new Conversation(preset, {
      message: (message) => this.#events.emit('message', message),
      notice: (notice) => this.#events.emit('notice', notice),
      dispatch: (happening) => source.dispatch(happening),
      report: (error) => source.host.report(error),
      now: () => source.host.monotonic(),
      onReady: options.onReady,
      handle: () => source.vault.handle,
    })
    internals.set(this, { source, preset })
  }

  get status(): Status {
    return this.#status
  }

  getSnapshot = (): Status => this.#status

  subscribe = (listener: () => void): (() => void) => this.on('status', listener)

  on<Name extends keyof SessionEvents<In, Out>>(name: Name, listener: SessionEvents<In, Out>[Name]): () => void {
    const own = (value: unknown): void => {
      try {
        ;(listener as (value: unknown) => void)(value)
      } catch (error) {
        this.#source.host.report(error)
      }
    }
    this.#events.on(name, own)
    return () => this.#events.off(name, own)
  }

  connect({ signal }: ConnectOptions = {}): Promise<void> {
    if (signal?.aborted) return quiet(Promise.reject(new SessionError('aborted')))
    if (signal) this.#closeOn(signal)
    if (this.#closing) return quiet(this.#closing.then(() => this.connect()))
    const id = this.#attached()
    if (this.#status.name === 'connected') return Promise.resolve()
    const { promise } = (this.#connecting ??= new ConnectCall(this.#source.core.trouble))
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
    this.#closing ??= this.#close()
    return this.#closing ?? Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  send(message: Out | BinaryMessage | string): 'sent' | 'queued' | 'dropped' {
    if (!this.traits.link) throw new TypeError(`send: the preset ${this.#preset.name} has no socket`)
    const { name } = this.#status
    if (name === 'closed' || name === 'failed') return 'dropped'
    return this.speaker.send(message, this.#sure())
  }

  async accessToken({ rejected = false } = {}): Promise<string> {
    const source = this.#source
    const ended = this.#ended()
    if (ended) throw ended
    const id = this.#attached()
    if (rejected && this.#handed !== 0) source.dispatch({ is: 'rejected', gen: this.#handed })
    const before = source.core.trouble
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const grant = source.token()
        const { trouble } = source.core
        // An idle session has no status that says what the one mint brought.
        const news = trouble !== null && trouble !== before && (this.#status.name === 'idle' || isRefusal(trouble))
        const error = this.#ended() ?? (news ? this.#error(trouble.no) : null)
        if (!grant && !error) return
        leave()
        if (!grant) return reject(error)
        this.#handed = grant.gen
        resolve(grant.token)
      }
      const leave = source.watch(look)
      if (source.status(id).name === 'idle' && !source.token()) source.dispatch({ is: 'prefetch' })
      look()
    })
  }

  // What the source asks of its members.

  effect(effect: Effect, line: Line | undefined, token: string | undefined): void {
    const { heartbeat, liveness, verify } = this.#preset
    const say = (frame: object | undefined): void => void (frame && line?.socket.send(JSON.stringify(frame)))
    switch (effect.do) {
      case 'ready':
        if (line) this.speaker.ready(line, effect.attempt)
        return
      case 'probe':
        return say(liveness?.probe())
      case 'show':
        return say(token === undefined ? undefined : heartbeat?.show?.(token))
      case 'verify':
        if (verify && token !== undefined) {
          void isRefused(this.#source.host, verify, token).then((refused) => refused && this.#source.dispatch({ is: 'rejected', gen: effect.gen }))
        }
        return
      case 'renewal-failed': {
        const { trouble } = this.#source.core
        if (!trouble) return
        const { retryAt } = this.#status as { retryAt?: number }
        this.#events.emit('notice', { name: 'renewal-failed', code: trouble.no, retryAt, cause: this.#error(trouble.no) })
        return
      }
      default:
        effect satisfies never
    }
  }

  moved(after: Status): void {
    if (this.#id === null) return
    const status = this.#epoch(after)
    const changed = !same(this.#status, status)
    if (changed) this.#status = status
    if (status.name !== 'connected') this.speaker.hangUp()
    else if (this.#sure()) this.speaker.flush()
    this.#settle()
    if (!changed) return
    if (status.name === 'failed') this.speaker.drop('failed')
    this.#events.emit('status', status)
  }

  late(byMs: number): void {
    this.#events.emit('notice', { name: 'late', byMs })
  }

  forget(): void {
    this.#handed = 0
    this.speaker.end('reset')
  }

  /** Its number at the source. Throws `TypeError` where the source already serves another and may not. */
  #attached(): Id {
    if (this.#id !== null) return this.#id
    const { scope, kind } = this.#preset.token
    if ((scope ?? (kind === 'ticket' ? 'shared' : 'session')) === 'session' && this.#source.size > 0) {
      throw new TypeError(`another session uses this token source, and a grant of ${this.#preset.name} serves one; make a second source on the same URL`)
    }
    this.#id = this.#source.attach(this)
    return this.#id
  }

  /** A lease under suspicion holds its sends back until it is confirmed. */
  #sure(): boolean {
    const { core } = this.#source
    return this.#status.name === 'connected' && !(isHeld(core) && core.suspectUntil !== null)
  }

  #settle(): void {
    if (this.#connecting?.settle(this.#status, this.#source.core.trouble, (code) => this.#error(code))) this.#connecting = null
  }

  #closeOn(signal: AbortSignal): void {
    const abort = (): void => {
      this.#connecting?.fail(new SessionError('aborted'))
      this.#connecting = null
      void this.close()
    }
    signal.addEventListener('abort', abort, { once: true })
    this.#unsignal.push(() => signal.removeEventListener('abort', abort))
  }

  /** Ends everything at once; null if there is no farewell to wait for. */
  #close(): Promise<void> | null {
    for (const remove of this.#unsignal.splice(0)) remove()
    const source = this.#source
    const id = this.#id
    const line = id === null ? undefined : source.lines.of(id)
    if (id !== null) source.dispatch({ is: 'close', session: id })
    const news = this.#status.name !== 'closed'
    this.#status = { name: 'closed' }
    this.speaker.end('closed')
    this.#id = null
    if (id !== null) source.detach(id)
    this.#settle()
    if (news) this.#events.emit('status', this.#status)
    const farewell = [line?.socket.gone, this.#preset.release && id !== null ? source.release() : undefined].filter((work) => work !== undefined)
    if (farewell.length === 0) return null
    return within(source.host, Promise.all(farewell), farewellMs).then(() => {
      this.#closing = null
    })
  }

  #ended(): SessionError | null {
    const status = this.#status
    switch (status.name) {
      case 'closed':
        return this.#error('closed')
      case 'failed':
        return this.#error(status.code)
      case 'paused':
        return this.#error('code' in status ? status.code : 'paused')
      default:
        return null
    }
  }

  #error(code: ErrorCode): SessionError {
    return new SessionError(code, undefined, { cause: this.#source.cause })
  }

  /** Monotonic times as epoch milliseconds, by the clock that the user sees. */
  #epoch(status: Status): Status {
    if (!('retryAt' in status) || status.retryAt === undefined) return status
    const { host } = this.#source
    return { ...status, retryAt: Math.round(host.wall() + status.retryAt - host.monotonic()) }
  }
}

/** The same but for a time that moved by a clock's rounding. */
function same(a: Status, b: Status): boolean {
  const { retryAt: at = 0, ...rest } = a as { retryAt?: number }
  const { retryAt: bt = 0, ...other } = b as { retryAt?: number }
  return JSON.stringify(rest) === JSON.stringify(other) && Math.abs(at - bt) <= 50
}
