/** What answers a session in the fast world: a token endpoint and a provider, each with a mood, and an account of every token. */
import { SessionError } from '../../src/index.ts'
import type { FastSocket, FastWorld, Ask } from './world.ts'

export const endpointMoods = [
  'good',
  'good',
  'good',
  'good',
  'good',
  'brief',
  'login_required',
  'key_refused',
  'revoked',
  'forbidden',
  'quota',
  'payment',
  'later',
  'unavailable',
  'throws',
  'silent',
  'same',
  'nonsense',
] as const
export type EndpointMood = (typeof endpointMoods)[number]

export const providerMoods = ['good', 'good', 'good', 'good', 'refuses', 'hangs', 'mute', 'rejects', 'stops', 'drops'] as const
export type ProviderMood = (typeof providerMoods)[number]

interface Token {
  readonly user: number
  endsAt: number
  rejected: boolean
}

const lifeMs = { good: 60_000, brief: 4_000 } as const

export class FastBackend {
  endpoint: EndpointMood = 'good'
  provider: ProviderMood = 'good'
  /** Raised by each `reset()`: a token of an earlier user may not be used any more. */
  user = 0
  readonly tokens = new Map<string, Token>()
  /** Numbers of the messages that reached the provider. */
  readonly heard: number[] = []
  readonly wrong: string[] = []
  readonly #world: FastWorld
  readonly #events: { at: number; run: () => void }[] = []
  #last = ''
  #said = 0

  constructor(world: FastWorld) {
    this.#world = world
    world.asked = (ask) => this.#asked(ask)
    world.dialled = (socket) => this.#dialled(socket)
  }

  /** Marks of every secret; none may be seen anywhere. */
  readonly mark = 'Zq9x'

  #soon(ms: number, run: () => void): void {
    const at = this.#world.now + ms
    const index = this.#events.findIndex((event) => event.at > at)
    this.#events.splice(index === -1 ? this.#events.length : index, 0, { at, run })
  }

  /** When the next thing happens here. */
  get nextAt(): number {
    return this.#events[0]?.at ?? Infinity
  }

  next(): void {
    const event = this.#events.shift()
    if (!event) return
    this.#world.now = Math.max(this.#world.now, event.at)
    event.run()
  }

  #asked(ask: Ask): void {
    if (this.#world.waiting.length > 1) this.wrong.push('two token requests at once')
    const mood = this.endpoint
    const { user } = this
    if (mood !== 'silent') this.#soon(50, () => this.#answer(ask, mood, user))
  }

  #answer(ask: Ask, mood: EndpointMood, user: number): void {
    switch (mood) {
      case 'good':
      case 'brief':
        return ask.answer({ access_token: this.#token(lifeMs[mood], user), expires_in: lifeMs[mood] / 1000, handle: 'h' })
      case 'same': {
        // A cached answer; whoever says that it lives is taken at his word.
        const last = this.tokens.get(this.#last)
        if (last?.user !== user) return ask.answer({ access_token: this.#token(60_000, user), expires_in: 60 })
        last.endsAt = this.#world.now + 60_000
        return ask.answer({ access_token: this.#last, expires_in: 60 })
      }
      case 'nonsense':
        return ask.answer({ access_token: '' })
      case 'payment':
        return ask.answer({ error: 'quota', status: 402 })
      case 'later':
        return ask.answer({ error: 'quota', retry_after: 20 })
      case 'throws':
        return ask.fail(new Error(`cannot tell of ${this.#last}`))
      case 'unavailable':
        return ask.fail(new SessionError('network', 'away'))
      case 'login_required':
      case 'key_refused':
      case 'revoked':
      case 'forbidden':
      case 'quota':
        return ask.answer({ error: mood })
      case 'silent':
        return
      default:
        mood satisfies never
    }
  }

  #token(life: number, user: number): string {
    const token = `${this.mark}.${this.tokens.size}.of-nobody`
    // Counted from the answer: a client that counts from its question is never late by this.
    this.tokens.set(token, { user, endsAt: this.#world.now + life, rejected: false })
    this.#last = token
    return token
  }

  #dialled(socket: FastSocket): void {
    const token = this.tokens.get(socket.token)
    const { now, live } = this.#world
    if (live.length > 1) this.wrong.push('two live sockets')
    if (!token) this.wrong.push('a socket without a token')
    else if (token.user !== this.user) this.wrong.push("a socket with another user's token")
    else if (token.rejected) this.wrong.push('a socket with a rejected token')
    else if (now >= token.endsAt) this.wrong.push('a socket with a token that is over')
    const mood = this.provider
    if (mood === 'hangs') return
    this.#soon(30, () => {
      if (mood === 'refuses') return socket.end(1006)
      socket.open()
      if (mood !== 'mute') this.#soon(20, () => this.#opened(socket, mood))
    })
  }

  #opened(socket: FastSocket, mood: ProviderMood): void {
    const token = this.tokens.get(socket.token)
    if (mood === 'rejects' && socket.readyState === 1 && token) {
      token.rejected = true
      return socket.end(4401)
    }
    if (mood === 'stops') return socket.end(4403)
    socket.say('{"type":"ready"}')
    if (mood === 'drops') this.#soon(5_000, () => socket.end(1006))
  }

  /** A sign of life was asked for; a provider that hangs gives none. */
  pinged(socket: FastSocket): void {
    if (this.provider !== 'hangs') this.#soon(20, () => socket.say('{"type":"pong"}'))
  }

  /** A numbered message to every open socket. */
  say(): void {
    for (const socket of this.#world.live) socket.say(JSON.stringify({ type: 'said', number: ++this.#said }))
  }

  /** Ends every open socket; with 4401, the tokens behind them are rejected. */
  drop(code: number): void {
    for (const socket of this.#world.live) {
      const token = this.tokens.get(socket.token)
      if (code === 4401 && socket.readyState === 1 && token) token.rejected = true
      socket.end(code)
    }
  }

  /** Completes what the client closed, or never does. */
  farewells(): void {
    for (const socket of this.#world.sockets) if (socket.readyState === 2) socket.end(1000)
  }
}
