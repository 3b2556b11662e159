/**
 * The words that stories are told in: what a token endpoint does, what a provider does, and a session between the two in
 * virtual time. Every token is a canary; after every story all that could be seen of it is searched for one.
 */
import { afterEach, assert } from 'vitest'
import type { Accepted, Conversation, Peer, Provider, Upgrade } from '../../src/emulator/provider.ts'
import { createSession, SessionError, statsOf, traceOf } from '../../src/index.ts'
import type {
  Host,
  Notice,
  PlainSessionOptions,
  Session,
  SessionOptions,
  Status,
  TokenCallback,
  TokenSourceOption,
} from '../../src/index.ts'
import { createTestWorld, type TestWorld } from '../../src/testing/index.ts'
import { canary, forgetCanaries, leaksIn, listenToConsole, type Leak } from '../canary/canaries.ts'

/** What a backend is asked, whether over HTTP or as a function. */
export interface Ask {
  /** Virtual ms since the story began. */
  readonly at: number
  readonly reason: string
  readonly attempt: number
  readonly handle: string | undefined
  readonly signal: AbortSignal | null
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
}

/** One answer, in both forms. `null`: none, ever. */
export interface Said {
  readonly status: number
  readonly headers?: Record<string, string>
  /** A string is sent as it is. */
  readonly body?: unknown
  /** What a callback returns instead of `body`. */
  readonly returned?: unknown
  readonly throws?: 'now' | 'later'
}

export type Behaviour = (ask: Ask, backend: Backend) => Said | null

// What a backend does.

export interface Tokens {
  /** Seconds. Default: 600. */
  readonly expiresIn?: number
  readonly connectBy?: number
  readonly handle?: string
  /** Only characters that fit into a subprotocol. */
  readonly plain?: boolean
  /** What the token is made of; default: a canary of its own each time. */
  readonly token?: () => string
}

export const answersTokens =
  ({ expiresIn = 600, connectBy, handle, plain = false, token = () => canary(plain) }: Tokens = {}): Behaviour =>
  (_ask, backend) => ({ status: 200, body: grant(backend, token(), { expires_in: expiresIn, connect_by: connectBy, handle }) })

const grant = (backend: Backend, token: string, fields: object): object => {
  backend.tokens.push(token)
  return { access_token: token, token_type: 'Bearer', ...fields }
}

const statusOf = { login_required: 401, forbidden: 403, key_refused: 403, revoked: 403, quota: 429, unavailable: 503 } as const

/** Says no, with our own error body. */
export const refuses =
  (error: keyof typeof statusOf, { retryAfter, status = statusOf[error] }: { retryAfter?: number; status?: number } = {}): Behaviour =>
  () => ({
    status,
    body: { error, ...(retryAfter !== undefined && { retry_after: retryAfter }) },
    returned: { error, ...(status === 402 && { status }), ...(retryAfter !== undefined && { retry_after: retryAfter }) },
  })

/** A bare HTTP status, as a proxy or somebody else's backend would answer. */
export const failsWith =
  (status: number, headers: Record<string, string> = {}, returned: unknown = { error: 'unavailable' }): Behaviour =>
  () => ({ status, headers, returned })
export const isSilent = (): Behaviour => () => null
export const throwsSynchronously = (): Behaviour => () => ({ status: 0, throws: 'now' })
export const throwsLater = (): Behaviour => () => ({ status: 0, throws: 'later' })
export const answersHtml = (): Behaviour => () => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Log in</title>',
})
export const answersNothing = (): Behaviour => () => ({ status: 200, body: '', returned: undefined })
export const answersMuch = (): Behaviour => (_ask, backend) => ({
  status: 200,
  body: grant(backend, canary(true) + 'x'.repeat(20_000), { expires_in: 600 }),
})
/** A route that somebody cached. */
export const sameTokenAgain =
  ({ expiresIn = 600 } = {}): Behaviour =>
  (_ask, backend) => ({
    status: 200,
    body: { access_token: backend.tokens.at(-1) ?? backend.tokens[backend.tokens.push(canary()) - 1], expires_in: expiresIn },
  })

/** A token endpoint at `/token` that does as it is told, and the same backend as a function. */
export class Backend {
  readonly asks: Ask[] = []
  readonly released: string[] = []
  /** Every token it gave away, oldest first. */
  readonly tokens: string[] = []
  clock = (): number => 0
  #does: Behaviour

  constructor(does: Behaviour) {
    this.#does = does
  }

  /** From now on. */
  now(does: Behaviour): void {
    this.#does = does
  }

  get mints(): number {
    return this.asks.length
  }

  /** As the host's `fetch`. */
  fetch(init: RequestInit): Promise<Response> {
    const { reason, attempt, handle, ...body } = JSON.parse(init.body as string) as { reason: string; attempt: number; handle?: string }
    if (reason === 'release') {
      this.released.push(handle!)
      return Promise.resolve(new Response(null, { status: 204 }))
    }
    const said = this.#heard({ reason, attempt, handle, signal: init.signal ?? null, body, headers: new Headers(init.headers) })
    if (said === null) return silence(init.signal)
    const { status, headers, body: answer, throws } = said
    if (throws === 'now') throw new TypeError('fetch is not what it was')
    if (throws) return Promise.reject(new TypeError('Failed to fetch'))
    const text = answer === undefined || typeof answer === 'string' ? answer : JSON.stringify(answer)
    return Promise.resolve(
      new Response(text ?? null, { status, headers: { ...(answer !== undefined && { 'content-type': 'application/json' }), ...headers } }),
    )
  }

  /** As a token callback. */
  get callback(): TokenCallback {
    return ({ reason, attempt, handle, signal }) => {
      const said = this.#heard({ reason, attempt, handle, signal, body: {}, headers: new Headers() })
      if (said === null) return new Promise(() => {})
      // The worst that an application can do: the secret itself in what it throws.
      const worst = new Error(`no token for you: ${this.tokens.at(-1) ?? 'none'}`)
      if (said.throws === 'now') throw worst
      if (said.throws) return Promise.reject(worst)
      return Promise.resolve('returned' in said ? said.returned : said.body) as ReturnType<TokenCallback>
    }
  }

  #heard(asked: Omit<Ask, 'at'>): Said | null {
    const ask = { ...asked, at: this.clock() }
    this.asks.push(ask)
    return this.#does(ask, this)
  }
}

const silence = (signal: AbortSignal | null | undefined): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))

// What a provider does.

export type Service = (upgrade: Upgrade, provider: FakeProvider) => Response | Accepted | Promise<never>

/** Opens every socket, and says these messages first. */
export const acceptsEverybody =
  (...hello: object[]): Service =>
  (upgrade, provider) => ({
    ...(upgrade.protocols[0] !== undefined && { protocol: upgrade.protocols[0] }),
    open: (peer) => provider.talk(peer, hello),
  })
export const closesWith =
  (code: number): Service =>
  (_upgrade, provider) => ({
    open(peer) {
      const conversation = provider.talk(peer, [])
      peer.close(code)
      return conversation
    },
  })
export const refusesHandshake =
  (status = 401): Service =>
  () =>
    new Response(null, { status })
export const hangsHandshake = (): Service => () => new Promise(() => {})
/** Opens the socket, and never says what would make it usable. */
export const neverReady = (): Service => acceptsEverybody()
export class FakeProvider implements Provider {
  readonly name = 'story'
  readonly upgrades: Upgrade[] = []
  /** Sockets that are open now. */
  readonly peers = new Set<Peer>()
  readonly heard: unknown[] = []
  readonly closed: number[] = []
  /** The most sockets that were open at once. */
  most = 0
  #does: Service

  constructor(does: Service) {
    this.#does = does
  }

  now(does: Service): void {
    this.#does = does
  }

  async fetch(): Promise<Response> {
    return new Response(null, { status: 404 })
  }

  async upgrade(upgrade: Upgrade): Promise<Response | Accepted> {
    this.upgrades.push(upgrade)
    return this.#does(upgrade, this)
  }

  /** One open socket. */
  talk(peer: Peer, hello: readonly object[]): Conversation {
    this.peers.add(peer)
    this.most = Math.max(this.most, this.peers.size)
    for (const message of hello) peer.send(JSON.stringify(message))
    return {
      message: (data) => void this.heard.push(typeof data === 'string' ? JSON.parse(data) : data),
      closed: (code) => {
        this.closed.push(code)
        this.peers.delete(peer)
      },
    }
  }

  say(message: unknown): void {
    for (const peer of this.peers) peer.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Cuts every socket, or closes it with a code. */
  drop(code?: number): void {
    if (code !== undefined) return [...this.peers].forEach((peer) => peer.close(code))
    for (const peer of this.peers) peer.terminate()
    this.peers.clear()
  }

  /** The token that came with the last handshake. */
  get token(): string | null | undefined {
    return this.upgrades.at(-1)?.url.searchParams.get('access_token')
  }
}

// A session between the two.

/** `paused(refused, key_refused)` and the like. */
export const inWords = (status: Status): string => {
  const { name, reason, code, renewal } = status as { name: string; reason?: string; code?: string; renewal?: string }
  const more = [reason, renewal === 'failing' ? 'failing' : undefined, code].filter((word) => word !== undefined)
  return more.length === 0 ? name : `${name}(${more.join(', ')})`
}

export interface StoryOptions {
  readonly tokens?: Behaviour
  readonly provider?: Service
  /** Default: the endpoint. */
  readonly asks?: 'endpoint' | 'callback'
  readonly world?: TestWorld
  readonly backend?: Backend
  readonly serves?: FakeProvider
  readonly seed?: number
  /** Changes the world that the session lives in. */
  readonly host?: (host: Host) => Host
  /** Chance itself, for the worst draw. */
  readonly random?: () => number
}

export type Own = Omit<Partial<PlainSessionOptions<unknown, unknown>>, 'host'> & { readonly preset?: never }

export const providerUrl = 'wss://provider.test/live'

/** Everything that an application could see, for the search after the story. */
const seen: [string, unknown][] = []
const stories: { readonly world: TestWorld }[] = []

/** Statuses that look the same need one search. */
const looks = new Set<string>()

/** Adds a thing to what is searched for secrets after the story. */
export function see<T>(place: string, thing: T): T {
  if (place === 'status') {
    const look = JSON.stringify(thing)
    if (looks.has(look)) return thing
    looks.add(look)
  }
  seen.push([place, thing])
  return thing
}

export class Story<In = unknown, Out = unknown> {
  readonly world: TestWorld
  readonly host: Host
  readonly backend: Backend
  readonly provider: FakeProvider
  readonly session: Session<In, Out>
  readonly statuses: Status[] = []
  readonly messages: In[] = []
  readonly notices: Notice<Out>[] = []
  /** Virtual ms since the story began. */
  readonly clock: () => number

  constructor(options: StoryOptions, make: (common: { host: Host; tokenSource: TokenSourceOption }) => SessionOptions<In, Out>) {
    this.world = options.world ?? createTestWorld({ seed: options.seed ?? 1 })
    this.backend = options.backend ?? new Backend(options.tokens ?? answersTokens())
    this.provider = options.serves ?? new FakeProvider(options.provider ?? acceptsEverybody())
    this.world.serve(providerUrl, this.provider)
    const { world, backend } = this
    const began = world.world.now()
    backend.clock = this.clock = () => world.world.now() - began
    const host = { ...hostOf(world, backend), ...(options.random && { random: options.random }) }
    this.host = options.host?.(host) ?? host
    const common = { host: this.host, tokenSource: options.asks === 'callback' ? backend.callback : '/token' }
    this.session = watched(this, createSession<In, Out>(make(common) as never))
    stories.push(this)
  }

  /** The statuses so far, in words. One whose `retryAt` alone moved is still the same. */
  get path(): string[] {
    return this.statuses.map(inWords).filter((word, i, words) => word !== words[i - 1])
  }

  get now(): string {
    return inWords(this.session.status)
  }

  /** Connects and lets everything come to rest. Fails if that did not connect. */
  async connected(): Promise<this> {
    const connecting = this.session.connect()
    await this.world.settle()
    assert.equal(this.now, 'connected')
    await connecting
    return this
  }

  /** What becomes of a promise within `ms` of virtual time. */
  async outcome(promise: Promise<unknown>, ms = 0): Promise<string> {
    let outcome = 'pending'
    promise.then(
      () => (outcome = 'done'),
      (error: unknown) => {
        see('rejection', error)
        outcome = error instanceof SessionError ? error.code : String(error)
      },
    )
    await this.world.advance(ms)
    await this.world.settle()
    return outcome
  }

  async advance(ms: number): Promise<void> {
    await this.world.advance(ms)
  }

  /** Lets time pass until the session is this; fails if that takes longer than `ms`. */
  async until(word: string, ms: number): Promise<void> {
    for (let passed = 0; this.now !== word && passed < ms; passed += 250) await this.advance(250)
    assert.equal(this.now, word)
  }

  /** Closes, and says what is left in the world: nothing, if all is well. */
  async leftovers(): Promise<{ timers: number; pageListeners: number; openSockets: number }> {
    void this.session.close()
    await this.world.advance(2001)
    const { timers, pageListeners, openSockets } = this.world.census
    return { timers, pageListeners, openSockets }
  }
}

export const nothing = { timers: 0, pageListeners: 0, openSockets: 0 }

/** The world's host, with the backend's endpoint at `/token`. */
export const hostOf = (world: TestWorld, backend: Backend): Host => ({
  ...world.host,
  engine: world.host,
  fetch: (url, init) => (url === '/token' ? backend.fetch(init) : world.host.fetch(url, init)),
})

/** A browser whose closing handshakes nobody answers. */
export const nobodyAnswersClose = (host: Host): Host => ({
  ...host,
  socket: (url, protocols) => Object.assign(host.socket(url, protocols), { close: () => {} }),
})

function watched<In, Out>(story: Story<In, Out>, session: Session<In, Out>): Session<In, Out> {
  session.on('status', (status) => {
    story.statuses.push(see('status', status))
    if (session.getSnapshot() !== status) see('snapshot', session.getSnapshot())
  })
  session.on('message', (message) => story.messages.push(see('message', message)))
  session.on('notice', (notice) => story.notices.push(see('notice', notice)))
  const plain = session as Session
  see('trace', traceOf(plain, { limit: 40 }))
  see('session', session)
  seen.push([
    'stats',
    {
      get now() {
        return statsOf(plain)
      },
    },
  ])
  return session
}

/** The plain form against `provider.test`. */
export const story = <In = unknown, Out = unknown>(
  options: StoryOptions = {},
  own: Partial<PlainSessionOptions<In, Out>> = {},
): Story<In, Out> => new Story<In, Out>(options, (common) => ({ url: providerUrl, ...common, ...own }))

/** A session of a preset. */
export const storyOf = <In, Out>(
  preset: Extract<SessionOptions<In, Out>, { preset: unknown }>['preset'],
  options: StoryOptions = {},
  own: Own = {},
): Story<In, Out> => new Story<In, Out>(options, (common) => ({ preset, ...common, ...own }) as SessionOptions<In, Out>)

const written = listenToConsole()

/** Looks for secrets in everything that was seen, reported or written so far, and forgets it. */
export function leaksSoFar(): Leak[] {
  const reported = stories.flatMap(({ world }) => world.census.reported.map((thing) => ['reported', thing] as const))
  const lines = written.lines.splice(0).map((thing) => ['console', thing] as const)
  const leaks = leaksIn([...seen, ...reported, ...lines])
  seen.length = stories.length = 0
  looks.clear()
  forgetCanaries()
  return leaks
}

afterEach(() => {
  assert.deepEqual(leaksSoFar(), [])
})
