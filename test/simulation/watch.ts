/**
 * Keeps its own account of what was asked, answered, dialled and said, from the events and from `wants` alone, so that the
 * invariants do not take the core's word for what they check.
 */
import type { Effect, Event } from '../../src/core/event.ts'
import type { Core, Id, Ms } from '../../src/core/state.ts'
import type { Status } from '../../src/core/status.ts'
import type { Wants } from '../../src/core/wants.ts'
import type { Scenario } from './scenario.ts'

/** One step, seen from outside. */
export interface Moment {
  readonly event: Event
  readonly before: Core
  readonly after: Core
  readonly effects: readonly Effect[]
  readonly wantedBefore: Wants
  readonly wanted: Wants
  readonly statusBefore: ReadonlyMap<Id, Status>
  readonly status: ReadonlyMap<Id, Status>
  /** News of an old flight or socket. */
  readonly late: boolean
  /** The same step with a mere tick in the event's place. */
  readonly ticked: () => readonly [Core, readonly Effect[]]
}

export interface SocketFacts {
  readonly session: Id
  readonly gen: Id
  dialledAt: Ms | null
  openedAt: Ms | null
  readyAt: Ms | null
}

interface GrantFacts {
  readonly dialBefore: Ms
  readonly endsAt: Ms
}

export class Watch {
  readonly scenario: Scenario
  /** Flights by their start, and the deadline that the design gives them. */
  readonly flights = new Map<Id, { startedAt: Ms; deadline: Ms }>()
  readonly grants = new Map<Id, GrantFacts>()
  readonly rejected = new Set<Id>()
  readonly sockets = new Map<Id, SocketFacts>()
  /** How many sockets each generation was given to. */
  readonly uses = new Map<Id, number>()
  /** What the application said last to each session. */
  readonly app = new Map<Id, 'wants' | 'paused' | 'over'>()
  away = false
  hiddenAt: Ms | null = null
  prefetch = false
  /** The answer that this step may act on: to the flight in the air, in time. */
  answer: Event | null = null
  /** The generation that may be used now; 0: none. */
  gen: Id = 0
  lastGen: Id = 0
  lastId: Id = 0
  leaseEndsAt: Ms | null = null
  heldSinceReset = false
  suspectSince: Ms | null = null
  /** A lease ended in this step, though another may have come. */
  leaseEnded = false
  /** The lease was suspect when this step began, whatever its event then said. */
  wasSuspect = false
  floorUntil: Ms = 0
  /** Mints so far, the credit that had run in at the last, and the least of (number − credit). */
  mints = 0
  overdrawn = false
  /** When a close before open last forced a mint, in this streak of attempts; null: it has not. */
  forcedAt: Ms | null = null
  /** It did so a second time within eight minutes. */
  forcedTwice = false
  beatMs: Ms
  readonly disconnectedSince = new Map<Id, Ms>()
  #credit = 0
  #creditAt = 0
  #least = Infinity

  constructor(scenario: Scenario) {
    this.scenario = scenario
    this.beatMs = Math.max(1000, scenario.source.intervalMs ?? 60_000)
  }

  observe(moment: Moment): void {
    const { event } = moment
    this.leaseEnded = false
    this.wasSuspect = this.suspectSince !== null
    this.#timePasses(event.now, moment)
    this.#verbs(event, moment)
    this.#answers(event, moment)
    this.#sockets(event, moment)
    this.#newFlight(moment)
    this.#connection(moment)
    if (!Object.values(moment.after.sessions).some(({ life }) => life.is === 'wanting' || life.is === 'held')) {
      this.away = false
      this.hiddenAt = null
    }
  }

  #timePasses(now: Ms, { before }: Moment): void {
    const refill = Math.min(5000, this.beatMs / 2)
    this.#credit += (now - this.#creditAt) / refill
    this.#creditAt = now
    if (this.leaseEndsAt !== null && now >= this.leaseEndsAt) this.#loseLease()
    const grant = this.grants.get(this.gen)
    if (grant && before.kind === 'ticket' && now >= grant.dialBefore) this.gen = 0
  }

  #loseLease(): void {
    this.leaseEnded = true
    this.leaseEndsAt = null
    this.suspectSince = null
    this.gen = 0
  }

  #verbs(event: Event, { before }: Moment): void {
    switch (event.is) {
      case 'connect': {
        if (before.sessions[event.session]) this.app.set(event.session, 'wants')
        // Time passes first: a session that gave up just now begins again.
        if (
          event.now >=
          (this.disconnectedSince.get(event.session) ?? Infinity) + (before.sessions[event.session]?.traits.giveUpAfterMs ?? Infinity)
        ) {
          this.disconnectedSince.delete(event.session)
        }
        break
      }
      case 'resume':
        if (this.app.get(event.session) === 'paused') this.app.set(event.session, 'wants')
        break
      case 'pause':
        if (this.app.get(event.session) === 'wants' && before.sessions[event.session]?.life.is !== 'failed')
          this.app.set(event.session, 'paused')
        break
      case 'close':
        this.app.set(event.session, 'over')
        break
      case 'detach':
        this.app.delete(event.session)
        break
      case 'attach':
        this.app.set(event.session, 'over')
        break
      case 'prefetch':
        this.prefetch = !event.off
        break
      case 'reset':
        this.#loseLease()
        this.heldSinceReset = false
        this.prefetch = false
        this.forcedAt = null
        break
      case 'away':
        this.away = true
        break
      case 'back':
        this.#seen(event.now, before)
        this.#suspect(event.now)
        break
      case 'slept':
        this.#suspect(event.now)
        break
      case 'hidden':
        this.hiddenAt ??= event.now
        break
      case 'visible':
        this.#seen(event.now, before)
        break
      default:
    }
  }

  #seen(now: Ms, { sessions }: Core): void {
    for (const [id, { traits }] of Object.entries(sessions)) {
      if (this.away || (this.hiddenAt !== null && now >= this.hiddenAt + traits.pauseWhenHiddenMs))
        this.disconnectedSince.delete(Number(id))
    }
    this.away = false
    this.hiddenAt = null
  }

  #suspect(now: Ms): void {
    if (this.leaseEndsAt !== null) this.suspectSince ??= now
  }

  #answers(event: Event, { wantedBefore, ticked }: Moment): void {
    this.answer = null
    if (!('flight' in event) || event.flight !== wantedBefore.request?.flight) return
    const flight = this.flights.get(event.flight)
    if (!flight || event.now >= flight.deadline) return
    this.answer = event
    this.prefetch = false
    const { source } = this.scenario
    if (event.is === 'minted') {
      if (event.same) return
      const connectBy = event.connectByMs ?? Infinity
      const dialBefore = flight.startedAt + 0.75 * (source.kind === 'ticket' ? Math.min(connectBy, event.lifetimeMs) : connectBy)
      const endsAt = flight.startedAt + Math.min(event.lifetimeMs, source.graceMs)
      if (event.now >= (source.kind === 'ticket' ? dialBefore : endsAt)) return
      this.grants.set(event.flight, { dialBefore, endsAt })
      // A lease that no dial can use any more does not count, unless it renews one that needs no dial.
      if (source.kind === 'lease' && event.now >= dialBefore && this.#needsDial(ticked()[0])) return
      this.gen = event.flight
      this.lastGen = event.flight
      this.suspectSince = null
      const life = source.kind === 'lease' ? Math.min(event.lifetimeMs, source.graceMs) : event.lifetimeMs
      this.beatMs = Math.max(1000, Math.min(source.intervalMs ?? Infinity, life / 2))
      if (source.kind === 'lease') {
        this.leaseEndsAt = endsAt
        this.heldSinceReset = true
      }
      return
    }
    if (event.is === 'refused' || event.is === 'failed') this.floorUntil = Math.max(this.floorUntil, event.now + event.retryAfterMs)
    if (event.is === 'refused' && this.leaseEndsAt !== null && (event.no !== 'quota' || event.hard)) this.#loseLease()
  }

  #needsDial({ sessions }: Core): boolean {
    const linked = Object.values(sessions).filter(({ traits }) => traits.link)
    return linked.length > 0 && !linked.some(({ life }) => life.is === 'wanting' && life.link.is === 'up')
  }

  isUp(socket: Id): boolean {
    return this.sockets.get(socket)?.readyAt != null
  }

  #reject(gen: Id): void {
    if (gen === 0 || gen > this.lastGen) return
    this.rejected.add(gen)
    if (gen !== this.gen) return
    if (this.scenario.source.kind === 'lease') this.#loseLease()
    else this.gen = 0
  }

  #sockets(event: Event, { wantedBefore, wanted, before }: Moment): void {
    if (event.is === 'rejected') this.#reject(event.gen)
    // What an engine of the application took counts as dialled.
    if (event.is === 'handed' && this.scenario.source.kind === 'ticket') this.uses.set(event.gen, (this.uses.get(event.gen) ?? 0) + 1)
    if ('socket' in event) {
      const facts = this.sockets.get(event.socket)
      const live = wanted.sockets.some(({ id }) => id === event.socket) || wantedBefore.sockets.some(({ id }) => id === event.socket)
      const traits = facts && before.sessions[facts.session]?.traits
      if (facts && live && traits) {
        if (event.is === 'dialled') facts.dialledAt ??= event.now
        if (event.is === 'opened') {
          facts.openedAt ??= event.now
          if (traits.ready === 'open' && wanted.sockets.some(({ id }) => id === event.socket)) facts.readyAt ??= event.now
        }
        if (event.is === 'ready' && facts.openedAt !== null && wanted.sockets.some(({ id }) => id === event.socket))
          facts.readyAt ??= event.now
        if (event.is === 'opened' || event.is === 'ready') if (facts.readyAt === event.now) this.forcedAt = null
        const reauthorise = event.is === 'closed' && facts.openedAt !== null && event.code >= 4401 && event.code <= 4409
        const link = before.sessions[facts.session]?.life
        const showing = link?.is === 'wanting' && link.link.is === 'up' && link.link.showing ? link.link.showing.gen : null
        const gen = link?.is === 'wanting' && 'socket' in link.link ? link.link.socket.gen : facts.gen
        if ((reauthorise || event.is === 'denied') && this.#isThere(facts.session, event.socket, before)) {
          this.#reject(event.is === 'denied' ? (showing ?? gen) : gen)
        }
      }
    }
    // A single-use lease lives and dies with its one socket.
    const stale = event.now >= (this.grants.get(this.gen)?.dialBefore ?? Infinity)
    const spent = this.scenario.source.single && (stale || this.uses.has(this.gen))
    if (this.leaseEndsAt !== null && spent && wanted.sockets.length === 0) this.#loseLease()
    for (const { id, session, gen } of wanted.sockets) {
      if (this.sockets.has(id)) continue
      this.sockets.set(id, { session, gen, dialledAt: null, openedAt: null, readyAt: null })
      this.uses.set(gen, (this.uses.get(gen) ?? 0) + 1)
    }
  }

  #isThere(session: Id, socket: Id, { sessions }: Core): boolean {
    const life = sessions[session]?.life
    return life?.is === 'wanting' && 'socket' in life.link && life.link.socket.id === socket
  }

  #newFlight({ event, before, after, wanted }: Moment): void {
    if (before.forced !== 'due' && after.forced !== before.forced && after.forced !== 'no') {
      this.forcedTwice ||= this.forcedAt !== null && event.now < this.forcedAt + 480_000
      this.forcedAt = event.now
    }
    const { request } = wanted
    if (!request || this.flights.has(request.flight)) return
    this.flights.set(request.flight, { startedAt: event.now, deadline: event.now + Math.min(10_000, this.beatMs) })
    this.mints++
    this.#least = Math.min(this.#least, this.mints - this.#credit)
    // Any window of n mints must hold n − 3 refills.
    this.overdrawn = this.mints - this.#credit + 1 - 3 > this.#least + 1e-6
  }

  #connection({ event, status }: Moment): void {
    for (const [id, is] of status) {
      const waits = is.name === 'connecting' || is.name === 'reconnecting' || is.name === 'paused'
      const held = is.name === 'paused' && (is.reason === 'asked' || is.reason === 'hidden')
      if (!waits || held) this.disconnectedSince.delete(id)
      else if (!this.disconnectedSince.has(id)) this.disconnectedSince.set(id, event.now)
    }
  }
}
