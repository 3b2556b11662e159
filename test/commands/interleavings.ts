/**
 * Every order in which up to four tasks and everything that they set off can happen: each start, answer, opened socket, farewell
 * and timer is one move; after each move everything that can settle does; then every other order is tried, from the beginning.
 */
import { createSession, createTokenSource } from '../../src/index.ts'
import type { Session, Status } from '../../src/index.ts'
import { statusName } from '../exploration/cells.ts'
import { FastWorld, settle, withoutStacks, type Ask, type FastSocket } from './world.ts'

export const tasks = ['connect', 'renew', 'close', 'rotate', 'pause', 'reset'] as const
export type Task = (typeof tasks)[number]
export type Start = 'idle' | 'connected'

export interface Interleaved {
  /** Orders that were run to their end: all there are. */
  readonly orders: number
  readonly moves: number
  /** What was wrong, with the order that led to it. */
  readonly wrong: readonly string[]
}

type Move = { readonly name: string; readonly run: () => void }

const lifeMs = 60_000
/** How many moves of a kind one order may hold that could go on for ever: timers, and answers that come when nobody waits any more. */
export interface Bounds {
  readonly timers: number
  readonly late: number
}

class Order {
  readonly wrong: string[] = []
  readonly names: string[] = []
  readonly #world = new FastWorld()
  readonly #session: Session
  readonly #source: ReturnType<typeof createTokenSource>
  readonly #left: Set<Task>
  readonly #open = new Map<Promise<unknown>, string>()
  readonly #tokens = new Map<string, { user: number; endsAt: number; rejected: boolean }>()
  readonly #ready = new Set<FastSocket>()
  #wants: 'idle' | 'wants' | 'paused' | 'closed' = 'idle'
  #told: Status = { name: 'idle' }
  #closing = 0
  #user = 0
  #rotated = false
  #timers: number
  #late: number

  constructor(kind: 'ticket' | 'lease', left: readonly Task[], { timers, late }: Bounds) {
    this.#timers = timers
    this.#late = late
    const world = this.#world
    this.#left = new Set(left)
    world.dialled = (socket) => this.#dialled(socket)
    world.asked = () => world.waiting.length > 1 && this.wrong.push('two token requests')
    this.#source = createTokenSource(world.tokenSource, { host: world.host })
    this.#session = createSession({
      url: 'wss://x.test/live',
      tokenSource: this.#source,
      kind,
      heartbeat: { intervalMs: 20_000 },
      ready: (message) => (message as { type?: string } | null)?.type === 'ready',
    })
    this.#session.on('status', (status) => {
      if (JSON.stringify(status) === JSON.stringify(this.#told)) this.wrong.push('told twice')
      this.#told = status
    })
  }

  async begin(start: Start): Promise<void> {
    if (start === 'idle') return
    this.#task('connect')
    await this.#calm()
  }

  /** What can happen now, always in the same order. */
  moves(): Move[] {
    const world = this.#world
    const moves: Move[] = [...this.#left].map((task) => ({ name: task, run: () => (this.#left.delete(task), this.#task(task)) }))
    for (const ask of world.waiting) moves.push({ name: 'answer', run: () => this.#answer(ask) })
    for (const socket of world.sockets) {
      if (socket.readyState === 0) moves.push({ name: 'open', run: () => socket.open() })
      if (socket.readyState === 1 && !this.#ready.has(socket)) moves.push({ name: 'ready', run: () => this.#makeReady(socket) })
      if (socket.readyState === 2) moves.push({ name: 'farewell', run: () => socket.end(1000) })
    }
    // Without anything else to do, time passes by itself.
    if (world.timers.size > 0 && this.#timers > 0 && moves.length > 0)
      moves.push({ name: 'timer', run: () => (this.#timers--, void world.fire(Infinity)) })
    const late = world.asks.find(({ done, request }) => !done && request.signal.aborted)
    if (late && this.#late > 0) moves.push({ name: 'late answer', run: () => (this.#late--, this.#answer(late)) })
    return moves
  }

  async make(move: Move): Promise<void> {
    this.names.push(move.name)
    try {
      move.run()
    } catch (error) {
      this.wrong.push(`${move.name} threw ${String(error)}`)
    }
    await settle()
    this.#check()
  }

  #task(task: Task): void {
    const session = this.#session
    switch (task) {
      case 'connect':
        this.#wants = 'wants'
        return this.#promised('connect', session.connect())
      case 'pause':
        if (this.#wants === 'wants' && !['failed', 'closed', 'idle'].includes(session.status.name)) this.#wants = 'paused'
        return session.pause()
      case 'close':
        this.#wants = 'closed'
        this.#closing++
        return this.#promised(
          'close',
          session.close().then(() => void this.#closing--),
        )
      case 'reset':
        this.#user++
        return this.#source.reset()
      case 'renew':
        return void this.#world.fire(Infinity)
      case 'rotate':
        this.#rotated = true
        for (const socket of this.#world.live) {
          const token = this.#tokens.get(socket.token)
          if (socket.readyState !== 1 || !token) continue
          token.rejected = true
          socket.end(4401)
        }
        return
      default:
        task satisfies never
    }
  }

  /** The first answer after a rotation is a refusal; then the new key is in place. */
  #answer(ask: Ask): void {
    if (this.#rotated) {
      this.#rotated = false
      return ask.answer({ error: 'key_refused' })
    }
    const token = `t${this.#tokens.size}`
    this.#tokens.set(token, { user: this.#user, endsAt: this.#world.now + lifeMs, rejected: false })
    ask.answer({ access_token: token, expires_in: lifeMs / 1000 })
  }

  #makeReady(socket: FastSocket): void {
    this.#ready.add(socket)
    socket.say('{"type":"ready"}')
  }

  #dialled(socket: FastSocket): void {
    const token = this.#tokens.get(socket.token)
    if (this.#world.live.length > 1) this.wrong.push('two live sockets')
    if (!token || token.user !== this.#user || token.rejected || this.#world.now >= token.endsAt)
      this.wrong.push('a token that is not to be used')
  }

  #promised(name: string, promise: Promise<unknown>): void {
    this.#open.set(promise, name)
    const settled = (): void => void this.#open.delete(promise)
    promise.then(settled, settled)
  }

  #check(): void {
    const { status } = this.#session
    const name = statusName(status)
    if (status !== this.#session.getSnapshot() || (status !== this.#told && status.name !== 'idle')) this.wrong.push(`${name} was not told`)
    const fits = {
      idle: name === 'idle',
      wants: name !== 'idle' && name !== 'paused asked' && (name !== 'closed' || this.#closing > 0),
      paused: name === 'paused asked',
      closed: name === 'closed',
    }
    if (!fits[this.#wants]) this.wrong.push(`it ${this.#wants}, and is ${name}`)
    if (this.#world.live.length > 0 && /^(idle|closed|failed|paused asked)/.test(name)) this.wrong.push(`a socket while ${name}`)
    this.wrong.push(...this.#world.wrong.splice(0), ...this.#world.reported.splice(0).map(String))
  }

  /** Everything that is asked is answered, and time passes where nothing is. */
  async #calm(): Promise<void> {
    for (let count = 0; count < 60; count++) {
      const move = this.moves().find(({ name }) => name === 'answer' || name === 'open' || name === 'ready' || name === 'farewell')
      if (move) move.run()
      else if (this.#session.status.name === 'connected' || !this.#world.fire(this.#world.now + 70_000)) return
      await settle()
    }
  }

  /** The end: whoever wants to be connected is; then it is closed, and nothing is left. */
  async end(): Promise<void> {
    await this.#calm()
    const { name } = this.#session.status
    if (this.#wants === 'wants' && name !== 'connected') this.wrong.push(`it wants, and ends ${statusName(this.#session.status)}`)
    this.#check()
    this.#task('close')
    await settle()
    while (this.#world.fire(this.#world.now + 2_000)) await settle()
    const left = [this.#open.size, this.#world.timers.size, this.#world.live.length, this.#world.waiting.length, this.#world.pages.size]
    if (left.some((count) => count > 0)) this.wrong.push(`left: ${left.join()} promises, timers, sockets, requests, listeners`)
  }
}

export const interleave = (start: Start, kind: 'ticket' | 'lease', together: readonly Task[], bounds: Bounds): Promise<Interleaved> =>
  withoutStacks(() => everyOrder(start, kind, together, bounds))

async function everyOrder(start: Start, kind: 'ticket' | 'lease', together: readonly Task[], bounds: Bounds): Promise<Interleaved> {
  const wrong: string[] = []
  let orders = 0
  let moves = 0
  /** Which move was made at each turn, and of how many. */
  let way: { at: number; of: number }[] = []
  do {
    const order = new Order(kind, together, bounds)
    await order.begin(start)
    let turn = 0
    for (let all = order.moves(); all.length > 0; all = order.moves(), turn++) {
      const choice = (way[turn] ??= { at: 0, of: all.length })
      await order.make(all[choice.at]!)
      moves++
    }
    await order.end()
    orders++
    for (const each of order.wrong) wrong.push(`${each}: from ${start}, ${kind}, ${order.names.join(' ')}`)
    way = next(way.slice(0, turn))
  } while (way.length > 0 && wrong.length < 5)
  return { orders, moves, wrong }
}

/** The next way: the last turn that had another choice takes it. */
function next(way: { at: number; of: number }[]): { at: number; of: number }[] {
  for (let turn = way.length - 1; turn >= 0; turn--) {
    const { at, of } = way[turn]!
    if (at + 1 < of) return [...way.slice(0, turn), { at: at + 1, of }]
  }
  return []
}

/** All sets of so many different tasks. */
export function sets(size: number, from: readonly Task[] = tasks): Task[][] {
  if (size === 0) return [[]]
  return from.flatMap((task, index) => sets(size - 1, from.slice(index + 1)).map((rest) => [task, ...rest]))
}
