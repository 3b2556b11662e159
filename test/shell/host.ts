/**
 * A device with a page on it, as the library's `Host`: two clocks, timers that may be late, sockets, requests, the page's
 * life. It counts everything that is there, and lets the world do what it likes with it.
 */
import type { Host, PageFact, SocketLike } from '../../src/io/host.ts'
import type { Random } from '../simulation/random.ts'
import type { Entry, Schedule } from './schedule.ts'

/** Who hears of what the page does. */
export interface Outside {
  fetch(url: string, init: RequestInit): Promise<Response>
  /** May throw, as a constructor does. */
  dialled(socket: SimSocket): void
  sent(socket: SimSocket, frame: string): void
  closing(socket: SimSocket, was: number): void
  reported(error: unknown): void
  /** Something is about to be told to the page. */
  entering(): void
  /** The page looked at the wall clock, and that had run ahead. */
  sawSleep(): void
  /** What came out of the library as an exception. */
  escaped(error: unknown): void
}

interface Timer {
  readonly run: () => void
  at: number
  /** How long it has been put off. */
  lateMs: number
  entry: Entry
}

const minute = 60_000
/** The wall clock may run so far ahead before it counts as sleep. */
const driftMs = 5_000
const epoch = Date.UTC(2026, 0, 1)

export class Device {
  readonly host: Host
  readonly timers = new Set<Timer>()
  readonly pages = new Set<(fact: PageFact) => void>()
  /** Sockets that are not closed yet. */
  readonly sockets = new Set<SimSocket>()
  longestTimerMs = 0
  /** How far the monotonic clock is ahead of the world's, and true time ahead of the monotonic clock. */
  aheadMs = 0
  sleptMs = 0
  skewMs = 0
  /** What the wall clock gained on the monotonic one since the page last looked. */
  unseenMs = 0
  /** Nothing runs in the page before then. */
  frozenUntil = 0
  /** Timers come once a minute. */
  throttled = false
  /** What the page was told last of being hidden, and put away. */
  hidden = false
  away = false
  readonly #schedule: Schedule
  readonly #outside: Outside

  constructor(schedule: Schedule, random: Random, outside: Outside) {
    this.#schedule = schedule
    this.#outside = outside
    this.host = {
      monotonic: () => this.monotonic(),
      wall: () => this.#wall(),
      random: () => random.next(),
      timer: (run, ms) => this.#timer(run, ms),
      fetch: (url, init) => outside.fetch(url, init),
      socket: (url, protocols) => new SimSocket(this, outside, url, protocols),
      page: (listener) => {
        this.pages.add(listener)
        return () => this.pages.delete(listener)
      },
      report: (error) => outside.reported(error),
    }
  }

  monotonic(): number {
    return this.#schedule.now + this.aheadMs
  }

  /** So much that it counts as sleep, and the page does not know yet. */
  get hasSlept(): boolean {
    return this.unseenMs > driftMs
  }

  #wall(): number {
    const { hasSlept } = this
    this.unseenMs = 0
    if (hasSlept) this.#outside.sawSleep()
    return this.date()
  }

  /** What a wall clock shows; nothing is noticed by that. */
  date(): number {
    return epoch + this.trueTime() + this.skewMs
  }

  /** What servers live in: it goes on while the device sleeps. */
  trueTime(): number {
    return this.#schedule.now + this.aheadMs + this.sleptMs
  }

  /** Runs something in the page: later, if the page is frozen then. */
  task(at: number, run: () => void): Entry {
    return this.#schedule.add(at, () => this.enter(run))
  }

  enter(run: () => void): void {
    if (this.frozenUntil > this.#schedule.now) {
      this.task(this.frozenUntil, run)
      return
    }
    this.#outside.entering()
    try {
      run()
    } catch (error) {
      this.#outside.escaped(error)
    }
  }

  page(fact: PageFact): void {
    if (fact === 'hidden' || fact === 'visible') this.hidden = fact === 'hidden'
    if (fact === 'away' || fact === 'back') this.away = fact === 'away'
    for (const listener of [...this.pages]) this.enter(() => listener(fact))
  }

  #timer(run: () => void, ms: number): () => void {
    this.longestTimerMs = Math.max(this.longestTimerMs, Number.isFinite(ms) && ms >= 0 ? ms : Infinity)
    const at = this.#schedule.now + ms
    const timer = { run, at, lateMs: 0 } as Timer
    timer.entry = this.task(this.#due(at), () => this.#fire(timer))
    this.timers.add(timer)
    return () => {
      this.timers.delete(timer)
      timer.entry.run = null
    }
  }

  #due(at: number): number {
    return this.throttled ? Math.ceil(at / minute) * minute : at
  }

  #fire(timer: Timer): void {
    // It may have been cancelled while the page was frozen.
    if (this.timers.delete(timer)) timer.run()
  }

  /** Moves every timer: a busy page's come late; those that a sleep on a running clock, or a throttle, held back come now. */
  moveTimers(byMs: number): void {
    for (const timer of this.timers) {
      timer.entry.run = null
      timer.at += byMs
      if (byMs > 0) timer.lateMs += byMs
      timer.entry = this.task(timer.at, () => this.#fire(timer))
    }
  }
}

export class SimSocket implements SocketLike {
  readyState = 0
  bufferedAmount = 0
  binaryType = 'blob'
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  /** Which session of the source it is for, by its address. */
  session = 0
  /** The grant that it lives on, and the one that it was shown since. */
  token: string | undefined
  showing: string | undefined
  /** The provider took its grant. */
  accepted = false
  /** The page may take it for usable: its ready frame arrived, or where there is none, it is open. */
  ready = false
  /** The provider will never say anything to it. */
  mute = false
  heardAt = 0
  openedAt = 0
  /** What was sent to it last arrives then. */
  arrivesAt = 0
  /** Half-open: nothing arrives in either direction. */
  silent = false
  /** What is given to it stays in the browser. */
  stalled = false
  /** A close is answered only after so long. */
  swallowMs = 0
  /** The library closed it. */
  retired = false
  readonly device: Device
  readonly url: string
  readonly protocols: readonly string[]
  readonly #outside: Outside

  constructor(device: Device, outside: Outside, url: string, protocols: readonly string[]) {
    this.device = device
    this.#outside = outside
    this.url = url
    this.protocols = protocols
    outside.dialled(this)
    device.sockets.add(this)
  }

  get live(): boolean {
    return this.readyState < 2 && !this.retired
  }

  send(frame: string | ArrayBuffer | Uint8Array<ArrayBuffer>): void {
    if (this.readyState === 0) throw new DOMException('still connecting', 'InvalidStateError')
    if (this.readyState !== 1) return
    const text = typeof frame === 'string' ? frame : new TextDecoder().decode(frame)
    if (this.stalled) this.bufferedAmount += text.length
    this.#outside.sent(this, text)
  }

  close(): void {
    this.retired = true
    if (this.readyState >= 2) return
    const was = this.readyState
    this.readyState = 2
    this.#outside.closing(this, was)
  }

  // What arrives. Called inside the page.

  opens(at: number): void {
    if (this.readyState !== 0) return
    this.readyState = 1
    this.openedAt = this.heardAt = at
    this.onopen?.({} as never)
  }

  hears(data: string | ArrayBuffer): void {
    this.onmessage?.({ data } as never)
  }

  ends(code: number): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.device.sockets.delete(this)
    if (code === 1006) this.onerror?.({} as never)
    this.onclose?.({ code } as never)
  }
}
