import type { Effect, Event, Happening } from '../core/event.ts'
import { anyoneWants } from '../core/lives.ts'
import { permit } from '../core/permit.ts'
import { initial, type Core, type Grant, type Id } from '../core/state.ts'
import { statusOf, type Status } from '../core/status.ts'
import { step } from '../core/step.ts'
import type { LinkTraits, SourceTraits } from '../core/traits.ts'
import { wants, type Wants } from '../core/wants.ts'
import { SessionError } from '../errors.ts'
import type { Answer } from '../wire/grant.ts'
import type { Address } from '../wire/url.ts'
import { enterDialQueue } from './dial-queue.ts'
import type { Host } from './host.ts'
import { Socket } from './socket.ts'
import type { Asker } from './token.ts'
import { Vault } from './vault.ts'

/** What a source needs of each session that is attached to it. */
export interface Member {
  readonly traits: LinkTraits
  /** The address of one dial. May throw: then the session fails with `bad_configuration`. */
  address(token: string, attempt: number): Address
  /** The socket is open: what goes out before anything else, if the token is to be sent as a frame. */
  opened(line: Line, token: string | undefined): void
  frame(line: Line, data: string | ArrayBuffer): void
  /** The window in which the server asked its clients to come back, in ms. */
  readonly spreadMs: number
  effect(effect: Effect, line: Line | undefined, token: string | undefined): void
  /** The state moved on; `before` and `after` are this session's status by the monotonic clock. */
  moved(before: Status, after: Status): void
  late(byMs: number): void
  /** The source was reset: nothing of the user before may be used again. */
  forget(): void
}

/** One socket of a session, by its id in the core. */
export interface Line {
  readonly id: Id
  readonly socket: Socket
}

interface Dialled {
  readonly session: Id
  line: Line | undefined
  leave: () => void
}

export interface Counters {
  mints: number
  dials: number
  /** The worst lateness of a timer, in ms. */
  lateMs: number
}

const timerAtMost = 2 ** 31 - 1
const lateMs = 1000
/** The wall clock may drift this far from the monotonic one before it counts as sleep. */
const driftMs = 5000

/**
 * Makes the world match the core: at most one request, the sockets that the core wants, one timer. Events are handled one
 * at a time; what listeners do in between waits its turn as a notification, never as a second transition inside the first.
 */
export class Source {
  readonly host: Host
  readonly vault = new Vault()
  readonly counters: Counters = { mints: 0, dials: 0, lateMs: 0 }
  /** Sees every event after its step; for traces. */
  tap: ((event: Event, core: Core) => void) | undefined
  readonly #asker: Asker
  readonly #lifetimeMs: number
  readonly #members = new Map<Id, Member>()
  readonly #sockets = new Map<Id, Dialled>()
  readonly #news: (() => void)[] = []
  readonly #watchers = new Set<() => void>()
  #core: Core
  #session = 0
  #flight: { id: Id; abort: AbortController } | null = null
  #timer: { at: number; cancel: () => void } | null = null
  #leavePage: (() => void) | null = null
  #offset: number | null = null
  #matching = false
  #dirty = false
  #telling = false
  /** Why the last mint brought nothing. */
  cause: SessionError | undefined

  constructor(host: Host, asker: Asker, traits: SourceTraits, lifetimeMs: number) {
    this.host = host
    this.#asker = asker
    this.#lifetimeMs = lifetimeMs
    this.#core = initial(traits)
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

  release(): Promise<void> {
    const { handle } = this.vault
    return handle === undefined ? Promise.resolve() : this.#asker.release(handle)
  }

  /** Forgets grant, verdict and handle. */
  reset(): void {
    this.vault.forget()
    for (const member of this.#members.values()) member.forget()
    this.dispatch({ is: 'reset' })
  }

  /** Calls `look` after every transition, until its remover is called. */
  watch(look: () => void): () => void {
    this.#watchers.add(look)
    return () => this.#watchers.delete(look)
  }

  lineOf(session: Id): Line | undefined {
    for (const dialled of this.#sockets.values()) if (dialled.session === session) return dialled.line
    return undefined
  }

  dispatch(happening: Happening): void {
    this.#noticeSleep()
    this.#hear()
    this.#take(happening)
  }

  #take(happening: Happening): void {
    const event = { now: this.host.monotonic(), random: this.host.random(), ...happening }
    const before = this.#core
    const [core, effects] = step(before, event)
    this.#core = core
    this.tap?.(event, core)
    for (const effect of effects) this.#perform(effect)
    for (const [id, member] of this.#members) {
      const was = statusOf(before, id)
      const is = statusOf(core, id)
      this.#news.push(() => member.moved(was, is))
    }
    this.#match()
    this.#tell()
  }

  /** A wall clock that ran ahead of the monotonic one: time passed that no timer saw. */
  #noticeSleep(): void {
    const offset = this.host.wall() - this.host.monotonic()
    const ahead = this.#offset === null ? 0 : offset - this.#offset
    this.#offset = offset
    if (ahead > driftMs && anyoneWants(this.#core)) this.#take({ is: 'slept' })
  }

  /** Frames do not pass the core; it hears of them just before it would judge a silent link. */
  #hear(): void {
    const now = this.host.monotonic()
    for (const { line, session } of this.#sockets.values()) {
      const life = this.#core.sessions[session]
      if (!line || !life || life.life.is !== 'wanting' || life.life.link.is !== 'up' || life.life.link.socket.id !== line.id) continue
      const { link } = life.life
      const due = life.traits.liveness !== null && now >= (link.probeBy ?? link.heardAt + life.traits.liveness.idleMs)
      if (due && line.socket.heardAt > link.heardAt) this.#take({ is: 'heard', socket: line.id, at: line.socket.heardAt })
    }
  }

  #perform(effect: Effect): void {
    const line = 'socket' in effect ? this.#sockets.get(effect.socket)?.line : undefined
    const token = 'gen' in effect ? this.vault.take(effect.gen) : undefined
    this.#news.push(() => this.#members.get(effect.session)?.effect(effect, line, token))
  }

  /** Listeners run after the transition, in order; what they ask for is done at once, what it causes is told in its turn. */
  #tell(): void {
    if (this.#telling) return
    this.#telling = true
    for (let news = this.#news.shift(); news; news = this.#news.shift()) news()
    this.#telling = false
    for (const look of this.#watchers) look()
  }

  #match(): void {
    this.#dirty = true
    if (this.#matching) return
    this.#matching = true
    while (this.#dirty) {
      this.#dirty = false
      const wanted = wants(this.#core)
      this.#matchPage()
      this.#matchFlight(wanted.request)
      this.#matchSockets(wanted.sockets)
      this.#matchTimer(wanted.wakeAt)
    }
    this.#matching = false
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
      this.#offset = null
    }
  }

  #matchFlight(request: Wants['request']): void {
    if (this.#flight && this.#flight.id !== request?.flight) {
      this.#flight.abort.abort(new SessionError('aborted', 'this token request is no longer needed'))
      this.#flight = null
    }
    if (!request || this.#flight) return
    const abort = new AbortController()
    this.#flight = { id: request.flight, abort }
    this.counters.mints++
    const { flight, reason, attempt } = request
    // In a microtask of its own, so that a callback of the application never runs inside a transition.
    void Promise.resolve()
      .then(() => this.#asker.ask({ reason, attempt, handle: this.vault.handle, signal: abort.signal }, this.#lifetimeMs))
      .then((answer) => this.#answered(flight, answer))
  }

  #answered(flight: Id, answer: Answer): void {
    if (this.#flight?.id !== flight) return
    this.#flight = null
    if (answer.is === 'grant') {
      const same = this.vault.holds(answer.token)
      if (same) this.cause = new SessionError('malformed', 'the token endpoint answered with the same token again: is the route cached?')
      else this.vault.put(flight, answer.token, answer.handle)
      this.dispatch({ is: 'minted', flight, lifetimeMs: answer.lifetimeMs, connectByMs: answer.connectByMs, same })
      this.vault.keep([this.#core.grant?.gen ?? 0, ...wants(this.#core).sockets.map((socket) => socket.gen)])
      return
    }
    this.cause = new SessionError(answer.is === 'forbidden' ? 'forbidden' : answer.no, this.vault.scrub(answer.detail))
    switch (answer.is) {
      case 'refused':
        return this.dispatch({ is: 'refused', flight, no: answer.no, hard: answer.hard, retryAfterMs: answer.retryAfterMs })
      case 'failed':
        return this.dispatch({ is: 'failed', flight, no: answer.no, retryAfterMs: answer.retryAfterMs })
      case 'forbidden':
        return this.dispatch({ is: 'forbidden', flight })
      default:
        return answer satisfies never
    }
  }

  #matchSockets(wanted: Wants['sockets']): void {
    for (const [id, dialled] of this.#sockets) {
      if (wanted.some((socket) => socket.id === id)) continue
      this.#sockets.delete(id)
      dialled.line?.socket.retire()
      dialled.leave()
    }
    for (const socket of wanted) if (!this.#sockets.has(socket.id)) this.#dial(socket)
  }

  #dial({ id, session, gen, attempt }: Wants['sockets'][number]): void {
    const member = this.#members.get(session)
    const token = this.vault.take(gen)
    const dialled: Dialled = { session, line: undefined, leave: () => {} }
    this.#sockets.set(id, dialled)
    const broken = (error: unknown): void => {
      this.cause = new SessionError('bad_configuration', this.vault.scrub(error instanceof Error ? `${error.name} while dialling` : 'dialling failed'))
      this.dispatch({ is: 'broken', socket: id })
    }
    if (!member || token === undefined) return broken(undefined)
    let address: Address
    let origin: string
    try {
      address = member.address(token, attempt)
      origin = new URL(address.url).origin
    } catch (error) {
      return broken(error)
    }
    dialled.leave = enterDialQueue(this.host, origin, () => {
      try {
        const socket = new Socket(this.host, address, {
          open: () => {
            dialled.leave()
            member.opened(line, this.vault.take(gen))
            this.dispatch({ is: 'opened', socket: id })
          },
          message: (data) => member.frame(line, data),
          close: (code) => {
            dialled.leave()
            this.dispatch({ is: 'closed', socket: id, code, spreadMs: member.spreadMs })
          },
        })
        const line: Line = { id, socket }
        dialled.line = line
        this.counters.dials++
        this.dispatch({ is: 'dialled', socket: id })
      } catch (error) {
        broken(error)
      }
    })
  }

  #matchTimer(wakeAt: number): void {
    if (this.#timer?.at === wakeAt) return
    this.#timer?.cancel()
    this.#timer = null
    if (wakeAt === Infinity) return
    const ms = Math.min(Math.max(Math.ceil(wakeAt - this.host.monotonic()), 0), timerAtMost)
    const cancel = this.host.timer(() => {
      this.#timer = null
      const late = this.host.monotonic() - wakeAt
      if (late > lateMs) this.#wasLate(late)
      this.dispatch({ is: 'tick' })
    }, ms)
    this.#timer = { at: wakeAt, cancel }
  }

  #wasLate(byMs: number): void {
    this.counters.lateMs = Math.max(this.counters.lateMs, byMs)
    for (const member of this.#members.values()) this.#news.push(() => member.late(byMs))
  }
}
