import type { Effect, Event, Happening } from '../core/event.ts'
import { permit } from '../core/permit.ts'
import { initial, type Core, type Grant, type Id } from '../core/state.ts'
import { statusOf, type Status } from '../core/status.ts'
import { step } from '../core/step.ts'
import type { LinkTraits, SourceTraits } from '../core/traits.ts'
import { wants, type Wants } from '../core/wants.ts'
import { SessionError } from '../errors.ts'
import type { Answer } from '../wire/grant.ts'
import { Alarm } from './alarm.ts'
import { guarded } from './guard.ts'
import type { Host } from './host.ts'
import { Lines, type Line, type Speaker } from './lines.ts'
import type { Asker } from './token.ts'
import type { GrantDefaults } from './traits.ts'
import { Vault } from './vault.ts'

/** What a source needs of each session that is attached to it. */
export interface Member {
  readonly traits: LinkTraits
  readonly speaker: Speaker
  effect(effect: Effect, line: Line | undefined, token: string | undefined): void
  /** The state moved on; this session's status, by the monotonic clock. */
  moved(status: Status): void
  late(byMs: number): void
  /** The source was reset: nothing of the user before may be used again. */
  forget(): void
}

/** A hidden page's ordinary timers are up to a second late. */
const lateMs = 2000
/** The wall clock may drift this far from the monotonic one before it counts as sleep. */
const driftMs = 5000

/**
 * Makes the world match the core: at most one request, the sockets that the core wants, one timer. Events are handled one
 * at a time; what listeners do in between waits its turn as a notification, never as a second transition inside the first.
 */
export class Source {
  readonly host: Host
  readonly vault = new Vault()
  readonly lines: Lines
  /** Token requests started so far. */
  mints = 0
  /** The worst lateness of a timer, in ms. */
  lateMs = 0
  /** How long the last token request took, in ms; undefined before the first answer. */
  roundTripMs: number | undefined
  /** They see every event after its step; for traces. */
  readonly taps = new Set<(event: Event, core: Core) => void>()
  readonly #alarm: Alarm
  readonly #asker: Asker
  readonly #defaults: GrantDefaults
  readonly #members = new Map<Id, Member>()
  readonly #news: (() => void)[] = []
  readonly #watchers = new Set<() => void>()
  #core: Core
  #session = 0
  #wishes = 0
  #flight: { id: Id; abort: AbortController } | null = null
  #leavePage: (() => void) | null = null
  #offset: number | null = null
  #matching = false
  #dirty = false
  #telling = false
  /** Why the last mint brought nothing. */
  cause: SessionError | undefined

  constructor(host: Host, asker: Asker, traits: SourceTraits, defaults: GrantDefaults) {
    this.host = host
    this.#alarm = new Alarm(host, (late) => this.#rings(late))
    this.#asker = asker
    this.#defaults = defaults
    this.#core = initial(traits)
    this.lines = new Lines(host, this.vault, (happening) => this.dispatch(happening))
  }

  get core(): Core {
    return this.#core
  }

  get size(): number {
    return this.#members.size
  }

  attach(member: Member): Id {
    const id = ++this.#session
    this.#members.set(id, member)
    this.dispatch({ is: 'attach', session: id, traits: member.traits })
    return id
  }

  detach(session: Id): void {
    this.dispatch({ is: 'detach', session })
    this.#members.delete(session)
  }

  status(session: Id): Status {
    return statusOf(this.#core, session)
  }

  /** The grant that may be used now, and its token. */
  token(): { gen: Id; token: string } | null {
    const grant: Grant | null = permit(this.#core, this.host.monotonic())
    const token = grant === null ? undefined : this.vault.take(grant.gen)
    return grant === null || token === undefined ? null : { gen: grant.gen, token }
  }

  /** Tells the backend that nobody uses the grant any more, and forgets it: what was given back may not be used again. */
  release(): Promise<void> {
    const { handle } = this.vault
    if (handle === undefined || this.#members.size > 0) return Promise.resolve()
    const told = this.#asker.release(handle)
    if (this.#core.grant === null) this.vault.handle = undefined
    else this.reset()
    return told
  }

  /** Forgets grant, verdict and handle. */
  reset(): void {
    this.vault.forget()
    this.cause = undefined
    // First the queues, then the sockets, and only then is anybody told: what a listener sends belongs to the next user.
    for (const member of this.#members.values()) member.forget()
    this.dispatch({ is: 'reset' })
  }

  /** Asks for a grant, whoever wants to connect. Call what is returned when that is over: the last one ends the asking. */
  wish(): () => void {
    this.#wishes++
    this.dispatch({ is: 'prefetch' })
    return () => {
      if (--this.#wishes === 0 && this.#core.prefetch) this.dispatch({ is: 'prefetch', off: true })
    }
  }

  /** Calls `look` after every transition, until its remover is called. */
  watch(look: () => void): () => void {
    this.#watchers.add(look)
    return () => this.#watchers.delete(look)
  }

  dispatch(happening: Happening): void {
    this.wake()
    // What a socket says of itself comes with what all of them said: before any deadline is judged.
    if (happening.is === 'closed' || happening.is === 'denied') this.#take({ ...happening, others: this.lines.heard(this.#core) })
    else this.#take(...this.#heard(), happening)
  }

  /** One after another; only then is the world matched and anybody told: what a listener did would find half of the truth. */
  #take(...happenings: Happening[]): void {
    for (const happening of happenings) this.#step(happening)
    this.#match()
    this.tell()
  }

  #step(happening: Happening): void {
    const event = { now: this.host.monotonic(), random: this.host.random(), ...happening }
    const [core, effects] = step(this.#core, event)
    this.#core = core
    for (const tap of this.taps) tap(event, core)
    for (const effect of effects) this.#perform(effect)
    for (const [id, member] of this.#members) {
      const status = statusOf(core, id)
      this.#news.push(() => member.moved(status))
    }
  }

  /** Tells this after everything that is still to be told; `tell()` or the next event does it. */
  later(news: () => void): void {
    this.#news.push(news)
  }

  /** A wall clock that ran ahead of the monotonic one: time passed that no timer saw. Looked at between events, too. */
  wake(): void {
    const slept = this.#slept()
    if (slept.length > 0) this.#take(...this.#heard(), ...slept)
  }

  #slept(): Happening[] {
    const offset = this.host.wall() - this.host.monotonic()
    const ahead = this.#offset === null ? 0 : offset - this.#offset
    this.#offset = offset
    return ahead <= driftMs ? [] : [{ is: 'slept' }]
  }

  /** Frames do not pass the core; it hears of the last one before anything else, which may judge a silent link or probe it. */
  #heard(): Happening[] {
    const [first, ...others] = this.lines.heard(this.#core)
    return first ? [{ is: 'heard', ...first, others }] : []
  }

  #perform(effect: Effect): void {
    this.#news.push(() => {
      // Looked up in its turn: who was told before may have ended this line, or logged the user out.
      const line = 'socket' in effect ? this.lines.get(effect.socket) : undefined
      const token = 'gen' in effect ? this.vault.take(effect.gen) : undefined
      this.#members.get(effect.session)?.effect(effect, line, token)
    })
  }

  /** Listeners run after the transition, in order; what they ask for is done at once, what it causes is told in its turn. */
  tell(): void {
    // While the world is being matched, nobody may be told: what a listener does would find it half done.
    if (this.#telling || this.#matching) return
    this.#telling = true
    for (let news = this.#news.shift(); news; news = this.#news.shift()) guarded(this.host, news)
    this.#telling = false
    for (const look of this.#watchers) look()
  }

  #match(): void {
    this.#dirty = true
    if (this.#matching) return
    this.#matching = true
    try {
      while (this.#dirty) {
        this.#dirty = false
        const wanted = wants(this.#core)
        this.#matchPage()
        this.#matchFlight(wanted.request)
        this.lines.match(
          wanted.sockets,
          (session) => this.#members.get(session)?.speaker,
          (id) => this.#wants(id),
        )
        this.#alarm.set(wanted.wakeAt)
      }
    } finally {
      this.#matching = false
    }
  }

  #wants(socket: Id): boolean {
    return wants(this.#core).sockets.some(({ id }) => id === socket)
  }

  /** The page is listened to exactly as long as some session lives. */
  #matchPage(): void {
    const living = Object.values(this.#core.sessions).some(({ life }) => life.is === 'wanting' || life.is === 'held')
    if (living && !this.#leavePage) {
      this.#leavePage = () => {}
      const leave = this.host.page((fact) => this.dispatch({ is: fact }))
      this.#leavePage = leave
    } else if (!living && this.#leavePage) {
      this.#leavePage()
      this.#leavePage = null
    }
  }

  #matchFlight(request: Wants['request']): void {
    if (this.#flight && this.#flight.id !== request?.flight) {
      if (this.#core.trouble?.no === 'timeout') this.cause = new SessionError('timeout')
      this.#flight.abort.abort(new SessionError('aborted', 'this token request is no longer needed'))
      this.#flight = null
    }
    if (!request || this.#flight) return
    const abort = new AbortController()
    this.#flight = { id: request.flight, abort }
    void this.#ask(request, abort.signal)
  }

  async #ask({ flight, reason, attempt }: NonNullable<Wants['request']>, signal: AbortSignal): Promise<void> {
    // In a microtask of its own, so that a callback of the application never runs inside a transition.
    await Promise.resolve()
    if (signal.aborted) return
    this.mints++
    const startedAt = this.host.monotonic()
    const answer = await this.#asker.ask({ reason, attempt, handle: this.vault.handle, signal }, this.#defaults.lifetimeMs)
    this.roundTripMs = this.host.monotonic() - startedAt
    this.#answered(flight, answer)
  }

  #answered(flight: Id, answer: Answer): void {
    // Nobody waits for it any more; the page has woken for it all the same.
    if (this.#flight?.id !== flight) return this.wake()
    this.#flight = null
    if (answer.is === 'grant') {
      const same = this.vault.holds(answer.token)
      this.cause = same
        ? new SessionError('malformed', 'the token endpoint answered with the same token again: is the route cached?')
        : undefined
      if (!same) this.vault.put(flight, answer.token, answer.handle)
      const { lifetimeMs, connectByMs } = answer
      this.dispatch({ is: 'minted', flight, lifetimeMs, connectByMs: connectByMs ?? this.#defaults.connectByMs, same })
      this.vault.keep([this.#core.grant?.gen ?? 0, ...wants(this.#core).sockets.map((socket) => socket.gen)])
      return
    }
    this.cause = new SessionError(answer.is === 'forbidden' ? 'forbidden' : answer.no, this.vault.scrub(answer.detail))
    const { detail: _shown, ...verdict } = answer
    // A no is no older for a sleep, and its Retry-After holds: it comes before what a sleep puts in doubt or a late timer ends.
    this.#take({ ...verdict, flight, others: this.lines.heard(this.#core) }, ...this.#slept())
  }

  #rings(late: number): void {
    this.lateMs = Math.max(this.lateMs, late)
    if (late > lateMs) for (const member of this.#members.values()) this.later(() => member.late(late))
    this.dispatch({ is: 'tick' })
  }
}
