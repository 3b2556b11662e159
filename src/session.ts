import { EventEmitter } from 'eventemitter3'
import { checkSessionOptions } from './check-options.ts'
import type { Effect } from './core/event.ts'
import { isSure } from './core/permit.ts'
import type { Id } from './core/state.ts'
import type { Status } from './core/status.ts'
import type { LinkTraits } from './core/traits.ts'
import { SessionError, type ErrorCode } from './errors.ts'
import { awaitGrant, type GrantInHand } from './io/await-grant.ts'
import { ConnectCall } from './io/connect-call.ts'
import { Conversation } from './io/conversation.ts'
import { internals } from './io/internals.ts'
import type { Line } from './io/lines.ts'
import type { Member, Source } from './io/source.ts'
import { quiet, within } from './io/promises.ts'
import { looksLike, shown } from './io/shown.ts'
import { linkTraits, plainPreset, servesOne } from './io/traits.ts'
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
  /** Ends the verify calls that are out. */
  #asking = new AbortController()
  /** The generation that `accessToken` gave away last. */
  #handed = 0
  #connecting: ConnectCall | null = null
  #closing: Promise<void> | null = null
  readonly #signals = new Map<AbortSignal, () => void>()

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
      wake: () => source.wake(),
      has: (line) => this.#id !== null && source.lines.of(this.#id) === line,
      onReady: options.onReady,
      handle: () => source.vault.handle,
    })
    internals.set(this, { source, preset, grant: (rejected) => this.#grant(rejected) })
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
    if (!this.#closing) this.#attached()
    if (signal) this.#closeOn(signal)
    const call = (this.#connecting ??= new ConnectCall())
    if (!this.#closing) this.#begin(call)
    return call.promise
  }

  #begin(call: ConnectCall): void {
    const session = this.#attached()
    const { trouble } = this.#source.core
    // News that is still to be told is older than this call and does not answer it.
    this.#source.later(() => call.begin(trouble))
    this.#source.dispatch({ is: 'connect', session })
  }

  pause(): void {
    if (this.#id !== null) this.#source.dispatch({ is: 'pause', session: this.#id })
  }

  resume(): void {
    if (this.#id !== null) this.#source.dispatch({ is: 'resume', session: this.#id })
  }

  close(): Promise<void> {
    return this.#end(new SessionError('closed'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  send(message: Out | BinaryMessage | string): 'sent' | 'queued' | 'dropped' {
    if (!this.traits.link) throw new TypeError(`send: the preset ${this.#preset.name} has no socket`)
    this.#source.wake()
    const { name } = this.#status
    if (name === 'closed' || name === 'failed') return 'dropped'
    return this.speaker.send(message, this.#sure())
  }

  async accessToken({ rejected = false } = {}): Promise<string> {
    const { gen, token } = await this.#grant(rejected ? this.#handed : 0)
    this.#handed = gen
    return token
  }

  async #grant(rejected: Id): Promise<GrantInHand> {
    const ended = this.#ended()
    if (ended) throw ended
    this.#attached()
    if (rejected !== 0) this.#source.dispatch({ is: 'rejected', gen: rejected })
    return awaitGrant(this.#source, () => this.#ended())
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
          void isRefused(this.#source.host, verify, token, this.#asking.signal).then(
            (refused) => refused && this.#source.dispatch({ is: 'rejected', gen: effect.gen }),
          )
        }
        return
      case 'renewal-failed': {
        const { core } = this.#source
        if (!core.trouble) return
        // Told before the status, whose time is therefore that of the last failure.
        const { retryAt } = shown(this.#source.status(effect.session), this.#source.host) as { retryAt?: number }
        this.#events.emit('notice', { name: 'renewal-failed', code: core.trouble.no, cause: this.#error(core.trouble.no), retryAt })
        return
      }
      default:
        effect satisfies never
    }
  }

  moved(after: Status): void {
    // A session that a listener takes up again has never been anything but closed until it connects.
    if (this.#id === null || after.name === 'idle') return
    const status = shown(after, this.#source.host)
    const changed = !looksLike(this.#status, status)
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
    this.#source.later(this.#forgotten('reset'))
  }

  /** Nothing of this user, or of this life, may go on. Returns what tells of it. */
  #forgotten(reason: 'reset' | 'closed'): () => void {
    this.#handed = 0
    this.#asking.abort()
    this.#asking = new AbortController()
    return this.speaker.end(reason)
  }

  /** Its number at the source. Throws `TypeError` where the source already serves another and may not. */
  #attached(): Id {
    if (this.#id !== null) return this.#id
    if (servesOne(this.#preset.token) && this.#source.size > 0) {
      throw new TypeError(
        `another session uses this token source, and a grant of ${this.#preset.name} serves one; make a second source on the same URL`,
      )
    }
    this.#id = this.#source.attach(this)
    return this.#id
  }

  /** A lease in doubt holds its sends back until it is confirmed. */
  #sure(): boolean {
    const { core, host } = this.#source
    return this.#status.name === 'connected' && isSure(core, host.monotonic())
  }

  #settle(): void {
    if (this.#connecting?.settle(this.#status, this.#source.core.trouble, (code) => this.#error(code))) this.#connecting = null
  }

  #closeOn(signal: AbortSignal): void {
    if (this.#signals.has(signal)) return
    const abort = (): void => void this.#end(new SessionError('aborted'))
    signal.addEventListener('abort', abort, { once: true })
    this.#signals.set(signal, () => signal.removeEventListener('abort', abort))
  }

  /** Ends everything at once, a `connect()` that waits for an earlier farewell included. */
  #end(why: SessionError): Promise<void> {
    for (const remove of this.#signals.values()) remove()
    this.#signals.clear()
    this.#connecting?.fail(why)
    this.#connecting = null
    const source = this.#source
    const id = this.#id
    // A listener that connects again and then closes: nobody has heard yet that it was not closed any more.
    const unheard = this.#status.name === 'closed'
    if (unheard && id === null) return this.#closing ?? Promise.resolve()
    const line = id === null ? undefined : source.lines.of(id)
    const closed: Status = unheard ? this.#status : { name: 'closed' }
    this.#status = closed
    this.#id = null
    // In its turn: some listener may be hearing of an earlier status just now.
    const dropped = this.#forgotten('closed')
    source.later(() => {
      dropped()
      if (!unheard) this.#events.emit('status', closed)
    })
    if (id === null) {
      source.tell()
      return Promise.resolve()
    }
    // Set before anybody is told: a listener that connects again waits for the farewell like everybody else.
    let left: (farewell: Promise<unknown>) => void
    const closing = within(source.host, new Promise((resolve) => (left = resolve)), farewellMs).then(() => this.#closed())
    this.#closing = closing
    source.dispatch({ is: 'close', session: id })
    source.detach(id)
    left!(Promise.all([line?.socket.gone, this.#preset.release ? source.release() : undefined]))
    return closing
  }

  /** The farewell is over; a `connect()` that came meanwhile begins. */
  #closed(): void {
    this.#closing = null
    const call = this.#connecting
    if (!call) return
    try {
      this.#begin(call)
    } catch (error) {
      this.#connecting = null
      call.fail(error)
    }
  }

  #ended(): SessionError | null {
    const { name, code = 'paused' } = this.#status as { name: Status['name']; code?: ErrorCode }
    if (name === 'closed') return new SessionError('closed')
    return name === 'failed' || name === 'paused' ? this.#error(code) : null
  }

  #error(code: ErrorCode): SessionError {
    // Why the last token request failed explains neither a pause nor the end of a socket.
    const own = code === 'paused' || code === 'stopped' || code === 'bad_configuration'
    return new SessionError(code, undefined, own ? undefined : { cause: this.#source.cause })
  }
}
