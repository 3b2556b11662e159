/** Fifty commands of an application, one after another, against a world of moods; a simple model says what may be. */
import { createSession, createTokenSource, fetchWith, SessionError } from '../../src/index.ts'
import type { Notice, PageFact, Session, Status } from '../../src/index.ts'
import { statusName } from '../exploration/cells.ts'
import { edges } from '../simulation/edges.ts'
import { Random } from '../simulation/random.ts'
import { endpointMoods, FastBackend, providerMoods } from './backend.ts'
import { FastWorld, settle, type FastSocket } from './world.ts'

type Message = { type: string; number?: number }
type Outgoing = { number: number; pad?: string }

/** A command as one number: which, and with what. So fast-check makes them quickly and makes them few. */
export type Command = number

const verbs = [
  'connect',
  'advance',
  'send',
  'endpoint',
  'provider',
  'advance',
  'drop',
  'say',
  'page',
  'pause',
  'resume',
  'accessToken',
  'reset',
  'close',
  'prefetch',
  'fetchWith',
  'abort',
  'sleep',
  'skew',
  'late',
  'farewells',
  'oddFrame',
  'oddSend',
  'burst',
  'constructor',
] as const
type Verb = (typeof verbs)[number]

const facts: readonly PageFact[] = ['away', 'back', 'hidden', 'visible', 'online', 'offline']
const waits = [0, 30, 60, 500, 5_000, 12_000, 40_000, 120_000, 600_000]
const codes = [1000, 1006, 1012, 4000, 4401, 4403]
const oddFrames = ['', '{', 'null', '7', '{"__proto__":{"a":1}}', '{"type":"ready"}', '{"type":"no"}', '{"type":"go"}', '[]']
/** Time passes first: what was due while timers were late is a move of its own, and is told together with the next. */
const due = ['failed', 'paused hidden', 'paused expired']
const moves = (from: string): readonly string[] => edges[from] ?? []
const isLegal = (from: string, to: string): boolean =>
  moves(from).includes(to) || due.some((over) => moves(from).some((move) => move.startsWith(over)) && moves(over).includes(to))

export const commandName = (command: Command): string => `${verbs[command % verbs.length]}(${Math.floor(command / verbs.length)})`

const kinds = ['ticket', 'lease', 'single', 'ready when open'] as const

/** Runs them; answers what was wrong, and which statuses were seen. */
export async function run(
  commands: readonly Command[],
  seed: number,
  log?: (line: string) => void,
): Promise<{ wrong: string[]; seen: Set<string> }> {
  const it = new Run(seed, log)
  for (const command of commands) await it.command(verbs[command % verbs.length]!, Math.floor(command / verbs.length))
  await it.end()
  return { wrong: it.wrong, seen: it.seen }
}

/** What the application asked for last. */
type Wish = 'idle' | 'wants' | 'paused' | 'closed' | 'unsure'

class Run {
  readonly wrong: string[] = []
  readonly seen = new Set<string>()
  readonly #random: Random
  readonly #log: ((line: string) => void) | undefined
  readonly #world = new FastWorld()
  readonly #backend = new FastBackend(this.#world)
  readonly #source: ReturnType<typeof createTokenSource>
  readonly #session: Session<Message, Outgoing>
  #wants: Wish = 'idle'
  #told: Status = { name: 'idle' }
  #closing = 0
  #open = new Map<string, number>()
  #abort = new AbortController()
  /** Whether somebody who connected would be closed by the signal. */
  #signalled = false
  #number = 0
  #inReady = false
  #depth = 0
  #heard = 0
  /** Places in the queue, by message. What a listener sends while another `send()` is still at work may go before it or after. */
  readonly #queued = new Map<number, number>()
  #place = 0
  #sends = 0
  readonly #sent = new Set<number>()
  readonly #showed: unknown[] = []

  constructor(seed: number, log?: (line: string) => void) {
    this.#log = log && ((line) => log(`${this.#world.now} ${line}`))
    const random = (this.#random = new Random(seed))
    const world = this.#world
    world.random = () => random.next()
    world.rest = () => Promise.resolve(new Response(null, { status: random.one([200, 200, 401, 500]) }))
    world.heard = (socket, data) => this.#reached(socket, data)
    const kind = random.one(kinds)
    const quiet = random.chance(0.4)
    this.#log?.(kind)
    const { dialled, asked } = world
    world.dialled = (socket) => (this.#log?.(`dials with ${socket.token}`), dialled(socket))
    world.asked = (ask) => (this.#log?.(`asks to ${ask.request.reason}`), asked(ask))
    this.#source = createTokenSource(world.tokenSource, { host: world.host })
    this.#session = createSession<Message, Outgoing>({
      url: 'wss://provider.test/live',
      tokenSource: this.#source,
      host: world.host,
      kind: kind === 'lease' ? 'lease' : 'ticket',
      use: kind === 'single' ? 'single' : 'multi',
      ...(kind === 'lease' && { heartbeat: { intervalMs: 20_000, graceMs: 40_000 }, release: true }),
      ...(kind !== 'ready when open' && { ready: (message: Message) => message?.type === 'ready' }),
      control: (message) =>
        message?.type === 'no' ? { is: 'rejected' } : message?.type === 'go' ? { is: 'goaway', spreadMs: 3_000 } : undefined,
      ...(random.chance(0.3) && { liveness: { idleMs: 15_000, probe: () => ({ type: 'ping' }) } }),
      ...(random.chance(0.3) && { pauseWhenHiddenMs: 30_000 }),
      ...(random.chance(0.3) && { giveUpAfterMs: 60_000 }),
      rest: ['https://provider.test'],
      onReady: ({ send }) => {
        this.#inReady = true
        try {
          if (this.#random.chance(0.5)) send({ number: -1 })
          if (!quiet) this.#meddle()
        } finally {
          this.#inReady = false
        }
      },
    })
    this.#session.on('status', (status) => {
      this.#moved(status)
      if (!quiet) this.#meddle()
    })
    this.#session.on('message', (message) => {
      if (message?.type === 'said') this.#inOrder(message.number!)
      if (!quiet) this.#meddle()
    })
    this.#session.on('notice', (notice) => {
      this.#noticed(notice)
      if (!quiet) this.#meddle()
    })
  }

  /** A listener that does what it should not: throws, or calls back in. */
  #meddle(): void {
    if (this.#depth > 2 || !this.#random.chance(0.15)) return
    this.#depth++
    try {
      const verb = this.#random.one(['pause', 'resume', 'connect', 'close', 'send', 'accessToken', 'reset', 'prefetch', 'throw'] as const)
      if (verb === 'throw') throw new Error('a listener of the application')
      this.#do(verb, 0)
      // What the application wants now depends on which of its calls was the last to take effect.
      if (verb === 'pause' || verb === 'resume' || verb === 'connect' || verb === 'close') this.#wants = 'unsure'
    } finally {
      this.#depth--
    }
  }

  async command(verb: Verb, parameter: number): Promise<void> {
    const world = this.#world
    if (['advance', 'sleep', 'skew', 'late'].includes(verb)) this.#log?.(`${verb}(${parameter})`)
    switch (verb) {
      case 'advance':
        await this.#advance(waits[parameter % waits.length]!)
        break
      case 'sleep':
        // True time goes on, the device's monotonic clock and its timers do not.
        world.offset += [3_000, 60_000, 86_400_000][parameter % 3]!
        break
      case 'skew':
        world.offset += (parameter % 2 === 0 ? 1 : -1) * 1e9
        break
      case 'late':
        world.now += [1, 2_000, 61_000][parameter % 3]!
        break
      default:
        this.#do(verb, parameter)
    }
    await settle()
    this.#check(verb)
  }

  async #advance(ms: number): Promise<void> {
    const until = this.#world.now + ms
    await settle()
    for (let steps = 0; ; steps++) {
      if (steps > 3_000) return void this.wrong.push(`a storm: 3,000 events in ${ms} ms`)
      const { nextAt } = this.#backend
      const timers = [...this.#world.timers.values()].map(({ at }) => at)
      const timerAt = Math.min(Infinity, ...timers)
      if (Math.min(nextAt, timerAt) > until) break
      if (nextAt <= timerAt) this.#backend.next()
      else this.#world.fire(until)
      await settle()
    }
    this.#world.now = Math.max(this.#world.now, until)
  }

  #do(verb: Exclude<Verb, 'advance' | 'sleep' | 'skew' | 'late'>, parameter: number): void {
    const session = this.#session
    this.#log?.(`${'  '.repeat(this.#depth)}${verb}(${parameter})`)
    try {
      switch (verb) {
        case 'connect':
          this.#wants = 'wants'
          this.#signalled ||= parameter % 4 === 3
          return this.#promised('connect', session.connect(parameter % 4 === 3 ? { signal: this.#abort.signal } : {}))
        case 'abort':
          this.#abort.abort()
          this.#abort = new AbortController()
          // Aborting is close(), for whoever was given the signal.
          return this.#signalled ? this.#do('close', 0) : undefined
        case 'pause':
          if (this.#wants === 'wants' && session.status.name !== 'failed' && session.status.name !== 'closed') this.#wants = 'paused'
          return session.pause()
        case 'resume':
          if (this.#wants === 'paused') this.#wants = 'wants'
          return session.resume()
        case 'close':
          this.#wants = 'closed'
          this.#signalled = false
          this.#closing++
          return this.#promised(
            'close',
            session.close().then(() => void this.#closing--),
          )
        case 'reset':
          this.#backend.user++
          return this.#source.reset()
        case 'prefetch':
          return this.#promised('prefetch', this.#source.prefetch())
        case 'accessToken':
          return this.#promised('accessToken', session.accessToken({ rejected: parameter % 3 === 2 }), true)
        case 'fetchWith':
          return this.#promised('fetchWith', fetchWith(session, '/v1/me'))
        case 'send':
          return this.#send({ number: ++this.#number })
        case 'burst':
          for (let count = 0; count < 80; count++)
            this.#send({ number: ++this.#number, ...(parameter % 2 === 1 && { pad: 'x'.repeat(2_000) }) })
          return
        case 'oddSend':
          return this.#oddSend(parameter)
        case 'say':
          return this.#backend.say()
        case 'oddFrame':
          for (const socket of this.#world.live) socket.say(oddFrames[parameter % oddFrames.length])
          return
        case 'drop':
          return this.#backend.drop(codes[parameter % codes.length]!)
        case 'farewells':
          return this.#backend.farewells()
        case 'page':
          return this.#world.page(facts[parameter % facts.length]!)
        case 'endpoint':
          this.#backend.endpoint = endpointMoods[parameter % endpointMoods.length]!
          return
        case 'provider':
          this.#backend.provider = providerMoods[parameter % providerMoods.length]!
          return
        case 'constructor':
          this.#world.constructorThrows = parameter % 3 === 2
          return
        default:
          verb satisfies never
      }
    } catch (error) {
      this.wrong.push(`${verb} threw ${String(error)}`)
    }
  }

  #oddSend(parameter: number): void {
    const odd = [undefined, () => {}, 1n][parameter % 3]
    try {
      if (this.#session.send(odd as never) !== 'dropped') this.wrong.push('send took what JSON cannot carry')
    } catch (error) {
      if (!(error instanceof TypeError)) this.wrong.push(`send threw ${String(error)}`)
    }
  }

  #send(message: Outgoing): void {
    const { number } = message
    // Before: listeners that are told of old messages in between may drop this one too.
    if (this.#sends++ === 0) this.#place++
    this.#queued.set(number, this.#place)
    const said = this.#session.send(message)
    this.#sends--
    if (said === 'dropped') this.#queued.delete(number)
    if (said === 'sent' && !this.#sent.has(number)) this.wrong.push(`message ${number} was not sent`)
    if (this.#depth === 0 && this.#queued.size > 64) this.wrong.push(`${this.#queued.size} messages in the queue`)
  }

  /** A message of the application arrived at the provider's end of the socket. */
  #reached(socket: FastSocket, data: unknown): void {
    const { number } = JSON.parse(data as string) as { number?: number }
    if (number === undefined) return this.#backend.pinged(socket)
    if (number < 0) return
    if (this.#session.status.name !== 'connected' && !this.#inReady)
      this.wrong.push(`message ${number} went out while ${this.#session.status.name}`)
    if (this.#sent.has(number)) this.wrong.push(`message ${number} was sent twice`)
    const place = this.#queued.get(number) ?? Infinity
    if ([...this.#queued.values()].some((waiting) => waiting < place)) this.wrong.push(`message ${number} overtook another`)
    this.#sent.add(number)
    this.#queued.delete(number)
  }

  #noticed(notice: Notice<Outgoing>): void {
    this.#showed.push(notice)
    this.#log?.(`! ${notice.name} ${notice.name === 'dropped' ? notice.reason : ''}`)
    if (notice.name !== 'dropped') return
    const { number } = notice.message as Outgoing
    if (this.#sent.has(number)) this.wrong.push(`message ${number} was sent and dropped`)
    this.#queued.delete(number)
  }

  #inOrder(number: number): void {
    if (number <= this.#heard) this.wrong.push(`message ${number} after ${this.#heard}`)
    this.#heard = number
  }

  #moved(status: Status): void {
    const [was, is] = [this.#told, status]
    this.#told = status
    this.#showed.push(status)
    this.seen.add(statusName(status))
    this.#log?.(`→ ${JSON.stringify(status)}`)
    if (JSON.stringify(was) === JSON.stringify(is)) this.wrong.push(`${statusName(is)} was told twice`)
    const [from, to] = [was.name === 'failed' ? 'failed' : statusName(was), statusName(is)]
    if (from !== to && !isLegal(from, to)) this.wrong.push(`went from ${from} to ${to}`)
  }

  /** `secret`: what it resolves with is meant for the application alone. */
  #promised(name: string, promise: Promise<unknown>, secret = false): void {
    this.#open.set(name, (this.#open.get(name) ?? 0) + 1)
    const settled = (): void => void this.#open.set(name, this.#open.get(name)! - 1)
    promise.then(
      (value) => {
        settled()
        if (!secret) this.#showed.push(value)
      },
      (error: unknown) => {
        settled()
        this.#showed.push(error)
        if (!(error instanceof SessionError)) this.wrong.push(`${name} rejected with ${String(error)}`)
      },
    )
  }

  /** After each command, when everything has come to rest. */
  #check(verb: Verb): void {
    const { status } = this.#session
    const name = statusName(status)
    if (status !== this.#session.getSnapshot()) this.wrong.push('the snapshot is not the status')
    if (this.#told !== status && this.#told.name !== 'idle') this.wrong.push(`status is ${name}, last told was ${statusName(this.#told)}`)
    const timers = this.#world.timers.size
    if (timers > 3) this.wrong.push(`${timers} timers`)
    const fits: Record<Wish, boolean> = {
      idle: name === 'idle',
      wants: name !== 'idle' && name !== 'paused asked' && (name !== 'closed' || this.#closing > 0),
      // Who gives up at that very moment has done so before.
      paused: name === 'paused asked' || name === 'failed gave_up',
      closed: name === 'closed',
      unsure: true,
    }
    if (!fits[this.#wants]) this.wrong.push(`the application ${this.#wants}, and the session is ${name}, after ${verb}`)
    if (this.#world.live.length > 0 && /^(idle|closed|failed|paused (asked|hidden))/.test(name)) this.wrong.push(`a socket while ${name}`)
    for (const wrong of [...this.#world.wrong.splice(0), ...this.#backend.wrong.splice(0)]) this.wrong.push(`${wrong}, at ${verb}`)
  }

  /** All faults end; then the session is closed, and nothing may be left. */
  async end(): Promise<void> {
    const world = this.#world
    world.constructorThrows = false
    this.#backend.endpoint = 'good'
    this.#backend.provider = 'good'
    this.#depth = 9
    this.#backend.farewells()
    await this.command('connect', 0)
    await this.command('page', facts.indexOf('back'))
    await this.command('page', facts.indexOf('visible'))
    // What hung until now meets its deadline; then a hint brings everything forward.
    await this.#advance(25_000)
    await this.command('page', facts.indexOf('online'))
    await this.#advance(120_000)
    const { name } = this.#session.status
    // A socket that still hangs from before is given up in time; who gives up sooner has said so.
    if (name !== 'connected' && name !== 'failed') this.wrong.push(`healed, and ${statusName(this.#session.status)}`)
    this.#do('close', 0)
    await this.#advance(2_000)
    await this.#advance(0)
    if ((this.#open.get('close') ?? 0) > 0) this.wrong.push('close() did not settle in 2 s')
    // A `prefetch()` that was asked for goes on by itself until it has its answer.
    await this.#advance(60_000)
    for (const [what, count] of this.#open) if (count > 0) this.wrong.push(`${count} promises of ${what} never settled`)
    const left = { timers: world.timers.size, pages: world.pages.size, sockets: world.live.length, asks: world.waiting.length }
    if (Object.values(left).some((count) => count > 0)) this.wrong.push(`left: ${JSON.stringify(left)}`)
    if (this.#queued.size > 0) this.wrong.push(`${this.#queued.size} queued messages were neither sent nor dropped`)
    const shown = this.#showed.map((thing) => (thing instanceof Error ? `${thing.stack} ${String(thing.cause)}` : JSON.stringify(thing)))
    const all = [...shown, ...world.reported.map(String)].join('\n')
    if (all.includes(this.#backend.mark)) this.wrong.push('a secret shows')
  }
}
