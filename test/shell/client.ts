/** One device with its page, its application, its backend and its provider: a client of the world. */
import type { SessionOptions, TokenSource } from '../../src/index.ts'
import { createTokenSource } from '../../src/index.ts'
import { Random } from '../simulation/random.ts'
import { App, type Verb } from './app.ts'
import type { Cast } from './casts.ts'
import { Tally } from './census.ts'
import { Endpoint } from './endpoint.ts'
import { Device, type Outside, type SimSocket } from './host.ts'
import { Account } from './invariants.ts'
import { Provider } from './provider.ts'
import type { World } from './world.ts'

export type Form = 'url' | 'object' | 'callback'
/** Where an application's code runs: a listener, `onReady`. */
export type Where = 'status' | 'message' | 'notice' | 'ready'

/** Exceptions that the host is told of; the others make the session fail with `bad_configuration`. */
const told = new Set(['status listener', 'message listener', 'notice listener', 'onReady', 'control', 'ready', 'show', 'probe'])

export class Client implements Outside {
  readonly world: World
  readonly index: number
  readonly cast: Cast
  readonly random: Random
  readonly device: Device
  readonly endpoint: Endpoint
  readonly provider: Provider
  readonly account: Account
  readonly tally: Tally
  readonly source: TokenSource
  readonly apps: readonly App[]
  readonly form: Form
  /** Who is logged in. */
  user = 1
  /** Who else asked for a grant: `accessToken()` and `prefetch()` that have not settled. */
  wishes = 0
  /** Where the application's or the preset's code throws next, and where it presses a button. */
  trapAt: string | null = null
  button: { readonly where: Where; readonly verb: Verb } | null = null
  healed = false
  /** The people have left. */
  left = false

  constructor(world: World, index: number, cast: Cast, seed: number, form: Form) {
    this.world = world
    this.index = index
    this.cast = cast
    this.form = form
    this.random = new Random(seed)
    this.device = new Device(world.schedule, new Random(seed + 7), this)
    this.endpoint = new Endpoint(this)
    this.provider = new Provider(this)
    this.account = new Account(this)
    this.tally = new Tally(world.census)
    const where = {
      url: '/token',
      object: { url: '/token', headers: () => ({ 'x-app': '1' }), body: { room: 1 } },
      callback: this.endpoint.callback,
    }
    this.source = createTokenSource(where[form], { host: this.device.host })
    const { random } = this
    const pauses = random.chance(0.3) ? { pauseWhenHiddenMs: random.one([5_000, 60_000]) } : {}
    const gives = random.chance(0.2) ? { giveUpAfterMs: random.one([45_000, 120_000]) } : {}
    this.apps = Array.from({ length: cast.sessions }, (_, at) => {
      const options = cast.options(at + 1, (where) => this.trap(where))
      return new App(this, at + 1, { ...options, ...pauses, ...gives, tokenSource: this.source } as SessionOptions)
    })
  }

  /** The page opens, and its people begin to use it. */
  start(): void {
    for (const app of this.apps) {
      this.#page(this.random.between(0, 2_000), () => app.press('connect'))
      this.#lives(app)
    }
  }

  #page(afterMs: number, run: () => void): void {
    this.device.task(this.world.schedule.now + afterMs, run)
  }

  /** Somebody talks now and then, presses "connect" when it is over, and "resume" when it has been paused for a while. */
  #lives(app: App): void {
    let asked = 0
    const next = (): void => this.#page(this.random.between(40_000, 60_000), act)
    const act = (): void => {
      if (this.left) return
      next()
      const { status } = app.session
      if (app.isOver) return app.press('connect')
      asked = status.name === 'paused' && status.reason === 'asked' ? asked + 1 : 0
      if (asked > 0) return app.press('resume')
      app.send()
      this.provider.talks(app.part)
    }
    next()
  }

  hit(kind: string, how: string, forMs = 0): void {
    this.tally.hit(kind, how, this.world.schedule.now, forMs)
    this.tell(`${kind} ${how}`)
  }

  tell(what: string): void {
    this.world.tell(`${this.index} ${this.cast.name}: ${what}`)
  }

  prefetch(): void {
    this.wishes++
    void this.source.prefetch().then(() => void this.wishes--)
  }

  /** Another user logs in. */
  reset(): void {
    this.user++
    this.account.resets()
    this.source.reset()
    for (const app of this.apps) app.forgetPlace()
  }

  /** Throws, if this is where a fault says so. */
  trap(where: string): void {
    if (this.trapAt !== where) return
    this.trapAt = null
    this.hit('A2', where)
    if (told.has(where)) {
      this.account.thrown++
      throw new Error(`thrown in ${where}`)
    }
    throw new Error(`thrown in ${where}: ${this.endpoint.minted.at(-1)?.token}`)
  }

  /** Presses the button that waits for this place. */
  inside(app: App, where: Where): void {
    if (this.button?.where !== where) return
    const { verb } = this.button
    this.button = null
    this.hit('A1', `${verb} in ${where}`)
    app.press(verb)
  }

  // What the page does.

  fetch(url: string, init: RequestInit): Promise<Response> {
    return url === this.cast.verify ? this.provider.verify(init) : this.endpoint.fetch(url, init)
  }

  dialled(socket: SimSocket): void {
    this.provider.dialled(socket)
  }

  sent(socket: SimSocket, frame: string): void {
    this.account.wire(socket, frame)
    this.provider.hears(socket, frame)
  }

  closing(socket: SimSocket, was: number): void {
    this.provider.closing(socket, was)
  }

  reported(error: unknown): void {
    this.account.reports++
    this.account.leaks('a report', error instanceof Error ? error.message : String(error))
  }

  escaped(error: unknown): void {
    this.account.say('I16', `thrown out of the library: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }

  entering(): void {
    this.world.touched = this
  }

  sawSleep(): void {
    this.account.doubt()
  }
}
