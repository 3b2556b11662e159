/** One seed: a source with its sessions in a world of faults, step by step, and then a world without any. */
import type { Effect, Event, Happening } from '../../src/core/event.ts'
import { initial } from '../../src/core/state.ts'
import type { Core, Id } from '../../src/core/state.ts'
import type { Status } from '../../src/core/status.ts'
import type { Wants } from '../../src/core/wants.ts'
import { lettersOf } from '../exploration/alphabet.ts'
import { cellsOf, statusName } from '../exploration/cells.ts'
import { invariants } from './invariants.ts'
import { Random } from './random.ts'
import { scenario } from './scenario.ts'
import type { Scenario, Theme } from './scenario.ts'
import { Watch } from './watch.ts'
import type { Moment } from './watch.ts'
import { World } from './world.ts'

/** The core is handed in: the planted bugs are the same functions, each with one fault. */
export interface CoreFunctions {
  readonly step: (core: Core, event: Event) => readonly [Core, readonly Effect[]]
  readonly wants: (core: Core) => Wants
  readonly statusOf: (core: Core, session: Id) => Status
}

export interface Outcome {
  readonly seed: number
  readonly steps: number
  /** What is wrong, by the name of each invariant, and at which step; null if all is well. */
  readonly violation: string | null
  /** Moves of a session's status, by name and reason: how often. */
  readonly edges: ReadonlyMap<string, number>
  /** What happened to which status: how often. */
  readonly cells: ReadonlyMap<string, number>
  readonly virtualMs: number
}

class Violation extends Error {}

const healMs = 130_000
const checks = Object.entries(invariants)

export interface Manner {
  /** Every other act is something that has not yet happened to this status in this run, if there is such a thing. */
  readonly curious?: boolean
  readonly log?: (line: string) => void
}

export function simulate(seed: number, steps: number, core: CoreFunctions, manner: Manner = {}): Outcome {
  const run = new Simulation(seed, core, manner)
  let violation: string | null = null
  try {
    run.go(steps)
  } catch (error) {
    violation = error instanceof Violation ? error.message : `the core threw ${String(error)} at step ${run.steps}`
  }
  return { seed, steps: run.steps, violation, edges: run.edges, cells: run.cells, virtualMs: run.now }
}

interface Due {
  readonly at: number
  readonly happening: Happening
}

class Simulation {
  now = 5_000
  steps = 0
  readonly edges = new Map<string, number>()
  readonly cells = new Map<string, number>()
  readonly #random: Random
  readonly #scenario: Scenario
  readonly #world: World
  readonly #watch: Watch
  readonly #functions: CoreFunctions
  readonly #curious: boolean
  readonly #log: ((line: string) => void) | undefined
  #core: Core
  #wanted: Wants
  #status = new Map<Id, Status>()
  #due: Due[] = []
  #minted = false
  #healed = false

  constructor(seed: number, functions: CoreFunctions, { curious = false, log }: Manner) {
    this.#random = new Random(seed)
    this.#scenario = scenario(this.#random, curious)
    this.#curious = curious
    this.#world = new World(this.#random, this.#scenario)
    this.#watch = new Watch(this.#scenario)
    this.#functions = functions
    this.#log = log
    this.#core = initial(this.#scenario.source)
    this.#wanted = functions.wants(this.#core)
    log?.(JSON.stringify(this.#scenario))
  }

  go(steps: number): void {
    this.#scenario.links.forEach((traits, index) => this.#happens({ is: 'attach', session: index + 1, traits }))
    this.#happens({ is: 'connect', session: 1 })
    while (this.steps < steps) {
      if (this.#random.chance(this.#scenario.busy)) this.#somebodyActs()
      else this.#timeGoesOn()
    }
    this.#heal()
  }

  /** To the next thing that is due: news from outside, or a wake, sometimes late as browsers' timers are. */
  #timeGoesOn(): void {
    const next = this.#due[0]
    const at = Math.min(next?.at ?? Infinity, this.#wanted.wakeAt)
    if (at === Infinity) return this.#somebodyActs()
    this.now = Math.max(this.now, at)
    if (!this.#healed && this.#random.chance(0.08)) this.now += this.#random.spread(1, 61_000)
    if (next && next.at <= this.now) {
      this.#due.shift()
      this.#arrives(next.happening)
    } else this.#happens({ is: 'tick' })
  }

  #later(afterMs: number, happening: Happening): void {
    const at = this.now + afterMs
    const index = this.#due.findIndex((due) => due.at > at)
    this.#due.splice(index === -1 ? this.#due.length : index, 0, { at, happening })
  }

  /** News of something that was let go mostly never arrives; sometimes it does, and then it must change nothing. */
  #arrives(happening: Happening): void {
    if (this.#isLate(happening) && (happening.is === 'dialled' || this.#random.chance(0.7))) return
    if (happening.is === 'dialled') {
      // Its turn in the queue: time passes first, as in every step, and may take the socket back.
      this.#happens({ is: 'tick' })
      if (this.#isLate(happening)) return
      for (const { afterMs, happening: next } of this.#world.fate(happening.socket)) this.#later(afterMs, next)
    }
    this.#happens(happening)
  }

  #isLate(happening: Happening): boolean {
    if ('flight' in happening) return happening.flight !== this.#wanted.request?.flight
    return 'socket' in happening && !this.#wanted.sockets.some(({ id }) => id === happening.socket)
  }

  #happens(happening: Happening): void {
    const { step, wants, statusOf } = this.#functions
    const event: Event = { ...happening, now: this.now, random: this.#random.next() }
    const before = this.#core
    const [after, effects] = step(before, event)
    const wanted = wants(after)
    const status = new Map<Id, Status>()
    for (const id of Object.keys(after.sessions)) status.set(Number(id), statusOf(after, Number(id)))
    let tick: readonly [Core, readonly Effect[]] | undefined
    const moment: Moment = {
      event,
      before,
      after,
      effects,
      wantedBefore: this.#wanted,
      wanted,
      statusBefore: this.#status,
      status,
      late: this.#isLate(happening),
      ticked: () => (tick ??= step(before, { now: event.now, random: event.random, is: 'tick' })),
    }
    this.steps++
    this.#core = after
    this.#wanted = wanted
    this.#status = status
    this.#record(moment)
    this.#watch.observe(moment)
    const wrong: string[] = []
    for (const [name, check] of checks) {
      const found = check(moment, this.#watch)
      if (found !== null) wrong.push(`${name}: ${found}`)
    }
    if (wrong.length > 0) throw new Violation(`${wrong.join('; ')}, at step ${this.steps} (${event.is})`)
    this.#react(moment)
  }

  #record({ event, before, statusBefore, status, wanted, wantedBefore, effects }: Moment): void {
    this.#log?.(`${this.steps} ${JSON.stringify([event, ...status.values(), wanted, effects])}`)
    // After a late wake two moves are one: what time did, and what the event did. They are no edge and no cell of the tables.
    if (wantedBefore.wakeAt <= event.now && event.is !== 'tick') return
    for (const cell of cellsOf(before, event)) this.cells.set(cell, (this.cells.get(cell) ?? 0) + 1)
    for (const [id, is] of status) {
      const was = statusBefore.get(id)
      if (!was || was === is || statusName(was) === statusName(is)) continue
      // It matters why a session fails, and not why it had when it begins again.
      const edge = `${was.name === 'failed' ? 'failed' : statusName(was)} → ${statusName(is)}`
      this.edges.set(edge, (this.edges.get(edge) ?? 0) + 1)
    }
  }

  /** The runner's part: what is wanted is done, and the world answers. */
  #react({ event, wanted, wantedBefore, statusBefore, effects }: Moment): void {
    const refused = [...statusBefore.values()].some((status) => status.name === 'paused' && status.reason === 'refused')
    if (refused && event.is === 'minted' && !this.#healed && this.#random.chance(0.6)) this.#world.ambush()
    const { request } = wanted
    if (request && request.flight !== wantedBefore.request?.flight) {
      const answer = this.#world.answer(request.flight, !this.#minted)
      if (answer) this.#later(answer.afterMs, answer.happening)
      if (answer?.happening.is === 'minted') this.#minted = true
    }
    for (const { id } of wanted.sockets) {
      if (wantedBefore.sockets.some((socket) => socket.id === id)) continue
      // Mostly there is room in the dial queue at once.
      this.#later(this.#healed || this.#random.chance(0.85) ? 0 : this.#random.spread(10, 8_000), { is: 'dialled', socket: id })
    }
    for (const effect of effects) {
      if (effect.do === 'show') for (const { afterMs, happening } of this.#world.shown(effect.socket)) this.#later(afterMs, happening)
      if (effect.do === 'verify' && this.#world.provider === 'handshake' && this.#random.chance(0.5))
        this.#later(100, { is: 'rejected', gen: effect.gen })
      const heard = effect.do === 'probe' ? this.#world.hears() : null
      if (heard && effect.do === 'probe') this.#later(heard.afterMs, { is: 'heard', socket: effect.socket, at: this.now + heard.afterMs })
    }
  }

  #somebodyActs(): void {
    const random = this.#random
    const { theme, links, lifetimeMs } = this.#scenario
    if (this.#curious && !this.#healed && random.chance(0.5) && this.#triesSomethingNew()) return
    if (random.chance(0.7)) this.now += random.spread(1, 20_000)
    const failing = [...this.#status.values()].find((is) => is.name === 'connected' && is.renewal === 'failing')
    const out = [...this.#status].filter(([, { name }]) => name === 'idle' || name === 'failed' || name === 'closed')
    const over = random.chance(0.5) ? random.one(out) : undefined
    const expired = [...this.#status.values()].some((is) => is.name === 'paused' && is.reason === 'expired')
    if (over && (expired || (failing && theme === 'lease only'))) return this.#happens({ is: 'connect', session: over[0] })
    const session = 1 + Math.floor(random.next() * links.length)
    // Somebody leaves while the endpoint says never, and is back when the ticket has run out.
    if (failing && 'code' in failing && failing.code === 'forbidden' && random.chance(0.5)) {
      const away = random.chance(0.6)
      this.#later(random.spread(lifetimeMs / 2, lifetimeMs * 3), away ? { is: 'back' } : { is: 'resume', session })
      return this.#happens(away ? { is: 'away' } : { is: 'pause', session })
    }
    const status = this.#status.get(session)?.name
    if (status === 'failed' && random.chance(0.1)) return this.#happens({ is: 'close', session })
    if ((status === 'idle' || status === 'closed' || status === 'failed') && random.chance(0.5))
      return this.#happens({ is: 'connect', session })
    const act = random.weighted(failing ? { ...acts[theme], drop: 26, away: 8, connect: 12 } : acts[theme])
    switch (act) {
      case 'connect':
      case 'pause':
      case 'resume':
      case 'close':
        return this.#happens({ is: act, session })
      case 'detach': {
        const traits = this.#core.sessions[session]?.traits
        this.#happens({ is: 'detach', session })
        if (traits) this.#happens({ is: 'attach', session, traits })
        return
      }
      case 'prefetch':
      case 'reset':
        if (act === 'reset') this.#minted = false
        return this.#happens(act === 'prefetch' && random.chance(0.3) ? { is: 'prefetch', off: true } : { is: act })
      case 'away':
        this.#happens({ is: 'away' })
        if (random.chance(0.6)) this.#later(random.spread(100, 3_600_000), { is: 'back' })
        return
      case 'back':
      case 'visible':
      case 'online':
      case 'offline':
      case 'slept':
        return this.#happens({ is: act })
      case 'hidden':
        this.#happens({ is: 'hidden' })
        if (random.chance(0.6)) this.#later(random.spread(100, 1_200_000), { is: 'visible' })
        return
      case 'jump':
        this.now += random.spread(1, 3 * 86_400_000)
        return this.#happens(random.chance(0.5) ? { is: 'slept' } : { is: 'tick' })
      case 'weather':
        return this.#world.change()
      case 'rejected':
        return this.#happens({
          is: 'rejected',
          gen: random.chance(0.7) ? this.#watch.gen : Math.floor(random.next() * this.#watch.lastGen),
        })
      case 'handed':
        return this.#watch.gen === 0 ? undefined : this.#happens({ is: 'handed', gen: this.#watch.gen })
      case 'stale': {
        const flight = 1 + Math.floor(random.next() * this.#core.lastId)
        const answer = this.#world.answerOf(
          random.chance(0.5) ? 'good' : random.one(['key_refused', 'network', 'forbidden', 'same']),
          flight,
          false,
        )
        if (answer && answer.flight !== this.#wanted.request?.flight) this.#happens(answer)
        return
      }
      case 'ghost': {
        const socket = 1 + Math.floor(random.next() * this.#core.lastId)
        const news = random.one<Happening>([
          { is: random.one(['dialled', 'opened', 'ready', 'acked', 'denied']), socket },
          { is: 'closed', socket, code: random.one([1006, 4401, 4499]), spreadMs: 0 },
          { is: 'heard', socket, at: this.now },
          { is: 'broken', socket },
        ])
        if (this.#isLate(news)) this.#happens(news)
        return
      }
      case 'drop': {
        const up = this.#wanted.sockets.filter(({ id }) => this.#watch.isUp(id))
        return up.length === 0 ? undefined : this.#happens(this.#world.drop(random.one(up).id, 0).happening)
      }
      case 'heard': {
        const up = this.#wanted.sockets.filter(({ id }) => this.#watch.isUp(id))
        return up.length === 0
          ? undefined
          : this.#happens({ is: 'heard', socket: random.one(up).id, at: this.now - random.spread(1, 60_000) })
      }
      default:
        return act satisfies never
    }
  }

  /** Something of all that may happen now, to the application, the page or a socket, that has not met this status before. */
  #triesSomethingNew(): boolean {
    const letters = lettersOf(this.#core, this.now).filter(
      ({ happening, now, world }) =>
        (world || happening.is === 'handed') && cellsOf(this.#core, { ...happening, now, random: 0 }).some((cell) => !this.cells.has(cell)),
    )
    const letter = this.#random.one(letters)
    if (!letter) return false
    const { happening } = letter
    // News that has come does not come again, and what has opened could be dialled.
    if ('socket' in happening) {
      const { is, socket } = happening
      this.#due = this.#due.filter(
        ({ happening: due }) => !('socket' in due && due.socket === socket && (due.is === is || due.is === 'broken')),
      )
    }
    this.now = letter.now
    this.#arrives(happening)
    return true
  }

  /** All faults end. Everybody who wants to be connected must be so in 130 s, unless the cause to stop persists. */
  #heal(): void {
    this.#healed = true
    this.#world.heal()
    // What hangs, hangs until its deadline; but nobody drops or refuses any more.
    this.#due = this.#due.filter(({ happening }) => ['dialled', 'opened', 'ready', 'acked'].includes(happening.is))
    this.#happens({ is: 'back' })
    this.#happens({ is: 'visible' })
    // The second hint comes when everything that hung has met its deadline.
    if (this.#scenario.hintsHeal) for (const afterMs of [0, 11_000]) this.#later(afterMs, { is: 'online' })
    if (this.#scenario.appHeals) {
      for (const [id] of this.#status) this.#happens({ is: 'connect', session: id })
    }
    // A server that said "not before" is not healed before.
    const deadline = Math.max(this.now, this.#watch.floorUntil) + healMs
    const most = this.steps + 4_000
    const isWell = (): boolean =>
      [...this.#status].every(([, { name }]) => name !== 'connecting' && name !== 'reconnecting' && !this.#isTroubled(name))
    while (!isWell()) {
      if (this.steps > most) throw new Violation(`heals: 4,000 steps and not connected, at step ${this.steps}`)
      this.#timeGoesOn()
      if (this.now > deadline && !isWell())
        throw new Violation(`heals: not connected ${healMs} ms after the faults ended, at step ${this.steps}`)
    }
    for (const [id, { giveUpAfterMs }] of this.#scenario.links.entries()) {
      const status = this.#status.get(id + 1)
      if (!this.#scenario.appHeals || !status || status.name === 'connected') continue
      if (status.name === 'failed' && status.code === 'gave_up' && giveUpAfterMs < Infinity) continue
      throw new Violation(`heals: session ${id + 1} is ${statusName(status)} after connect() in a healed world, at step ${this.steps}`)
    }
  }

  #isTroubled(name: Status['name']): boolean {
    if (name !== 'paused') return false
    return [...this.#status.values()].some(
      (status) => status.name === 'paused' && (status.reason === 'refused' || status.reason === 'expired'),
    )
  }
}

const usual = {
  connect: 3,
  pause: 3,
  resume: 3,
  close: 2,
  detach: 0.4,
  prefetch: 1,
  reset: 1,
  away: 1.5,
  back: 1.5,
  hidden: 2,
  visible: 1.5,
  online: 1.5,
  offline: 0.5,
  slept: 2,
  jump: 2,
  weather: 14,
  rejected: 1.5,
  handed: 0.5,
  stale: 3,
  ghost: 3,
  drop: 3,
  heard: 2,
}

/** Who does what, how often. */
const acts: Readonly<Record<Theme, typeof usual>> = {
  any: usual,
  harsh: { ...usual, pause: 6, resume: 6, away: 7, back: 7, weather: 20, drop: 9 },
  'lease only': { ...usual, connect: 8, pause: 9, resume: 9, close: 6, away: 3, back: 3 },
}
