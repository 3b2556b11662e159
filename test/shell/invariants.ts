/**
 * What must hold of everything that a page does, at the moment when it does it (docs/reliability.md, I1 to I18), told by what
 * the host and the listeners see: nothing here reads the library's own state. What must hold in between is in `at-rest.ts`.
 */
import type { App } from './app.ts'
import type { Client } from './client.ts'
import type { Minted } from './endpoint.ts'
import type { SimSocket } from './host.ts'
import { tokenIn, type Expected } from './provider.ts'

/** A request for a token. */
interface Request {
  readonly startedAt: number
  readonly signal: AbortSignal | null
  done(): void
}

const connectMs = 10_000
/** A token that comes later is nobody's. */
const answerAtMostMs = 10_000
const farewellMs = 2_000

export class Account {
  /** Time passed unseen, and no good answer came since: the lease is in doubt. */
  suspect = false
  /** In the step of this time, what was in the air before is asked again. */
  #doubtedAt = -1
  /** What the page is to report, and did: exceptions of the application's own functions. */
  thrown = 0
  reports = 0
  /** Until then timers may be late, or nothing ran: bounds in time are not kept. */
  disturbedUntil = -1
  readonly #client: Client
  readonly #requests = new Set<Request>()
  /** Calls with a deadline of their own, each by a timer: `verify` and `release`. */
  readonly #calls = new Set<object>()
  #floorUntil = 0
  /** When the lease that was given last is over; by the page's clock. */
  #leaseEndsAt = 0
  #bucket = { left: 3, at: 0 }
  /** The lives of late, for the pace of the bucket: the shortest counts. */
  #lives: { readonly ms: number; readonly at: number }[] = []

  constructor(client: Client) {
    this.#client = client
  }

  get #now(): number {
    return this.#client.world.schedule.now
  }

  #wrong(id: string, what: string): void {
    this.#client.world.violate(id, `${this.#client.cast.name} ${this.#client.index}: ${what}`)
  }

  #demand(holds: boolean, id: string, what: () => string): void {
    if (!holds) this.#wrong(id, what())
  }

  /** Time may have passed unseen. */
  doubt(): void {
    this.suspect = true
    this.#doubtedAt = this.#now
  }

  /** Another user: nothing of the one before counts. */
  resets(): void {
    this.suspect = false
  }

  // Requests for a token.

  get inFlight(): number {
    let count = 0
    for (const request of this.#requests) {
      if (request.signal?.aborted) this.#requests.delete(request)
      else count++
    }
    return count
  }

  tokenRequest(signal: AbortSignal | null): Request {
    const { device, tally } = this.#client
    tally.beat()
    this.#client.tell('asks for a token')
    const now = device.monotonic()
    this.#demand(this.inFlight === 0, 'I3', () => 'a second token request while one is in flight')
    this.#demand(now >= this.#floorUntil - 1, 'I3', () => `a token request ${this.#floorUntil - now} ms before Retry-After`)
    this.#pay(now)
    const request: Request = { startedAt: now, signal, done: () => void this.#requests.delete(request) }
    this.#requests.add(request)
    return request
  }

  /** Three at once, then one each half beat, or each five seconds where that is shorter. */
  #pay(now: number): void {
    const { cast } = this.#client
    this.#lives = this.#lives.filter(({ at }, index) => now - at < 600_000 || index === this.#lives.length - 1)
    const life = Math.min(cast.lifeS * 1000, ...this.#lives.map(({ ms }) => ms))
    const beat = Math.max(1_000, Math.min(cast.intervalMs, Math.min(life, cast.graceMs) / 2))
    const refillMs = Math.min(5_000, beat / 2)
    const left = Math.min(3, this.#bucket.left + (now - this.#bucket.at) / refillMs)
    this.#demand(left >= 0.99, 'I3', () => `a token request too many: the bucket holds ${left.toFixed(2)}`)
    this.#bucket = { left: left - 1, at: now }
  }

  tokenAnswer({ startedAt }: Request, minted: Minted | null, floorMs: number): void {
    const now = this.#client.device.monotonic()
    const again = this.#doubtedAt === this.#now && this.#client.cast.kind === 'lease'
    const tookMs = now - startedAt
    if (again || tookMs >= answerAtMostMs) return
    // Its deadline is shorter under a short life; it may have passed, and nobody woke to say so.
    const unsure = tookMs >= 500
    if (floorMs > 0 && !unsure) this.#floorUntil = Math.max(this.#floorUntil, now + floorMs)
    if (!minted) return
    minted.answeredAt = now
    this.#leaseEndsAt = Math.max(this.#endsAt(minted), unsure ? this.#leaseEndsAt : 0)
    this.#lives.push({ ms: minted.lifeMs, at: now })
    this.suspect = false
  }

  handle(handle: string | undefined): void {
    const { user } = this.#client
    this.#demand(handle === undefined || handle.endsWith(`u${user}`), 'I1', () => 'the handle of another user was sent')
  }

  /** Returns what to call when it is over. */
  verifies(token: string | undefined): () => void {
    this.#mayUse(token, 'a REST call')
    return this.calls()
  }

  get callsOut(): number {
    return this.#calls.size
  }

  calls(): () => void {
    const call = {}
    this.#calls.add(call)
    return () => void this.#calls.delete(call)
  }

  refusedBearer(token: string | undefined): void {
    const minted = this.#client.endpoint.find(token)
    if (minted) minted.rejectedAt ??= this.#now
  }

  /** What `accessToken()` gave. The no may be the rest of the frame in whose listener it was called. */
  handsOut(token: string): void {
    this.#mayUse(token, 'accessToken()', this.#now)
  }

  // Sockets.

  /** Whose grant this is, and whether it may be used at all. */
  #knows(token: string | undefined, what: string): Minted | undefined {
    const { endpoint, user } = this.#client
    const minted = endpoint.find(token)
    if (!minted) this.#wrong('I1', `${what} with a token that nobody gave`)
    else if (minted.answeredAt === null) this.#wrong('I1', `${what} with a token whose request was given up`)
    else if (minted.user !== user) this.#wrong('I1', `${what} with a token of another user`)
    return minted
  }

  /** And whether it lives, and nobody had said no to it. */
  #mayUse(token: string | undefined, what: string, now = Infinity): void {
    const minted = this.#knows(token, what)
    if (!minted) return
    const overMs = this.#client.device.monotonic() - this.#endsAt(minted)
    this.#demand(overMs < 0, 'I1', () => `${what} ${Math.round(overMs)} ms after the grant's life`)
    this.#demand(minted.rejectedAt === null || minted.rejectedAt >= now, 'I1', () => `${what} with a token that was rejected`)
  }

  /** By the page's clock. */
  #endsAt({ startedAt, lifeMs }: Minted): number {
    const { cast } = this.#client
    return startedAt + (cast.kind === 'lease' ? Math.min(lifeMs, cast.graceMs) : lifeMs)
  }

  dialled(socket: SimSocket, offered: string | undefined): void {
    const { device, cast, user } = this.#client
    this.#client.tell(`dials for session ${socket.session}`)
    for (const other of device.sockets) {
      if (other.session === socket.session && other.live) this.#wrong('I2', 'a second live socket of a session')
    }
    this.#demand(offered === undefined || offered.startsWith(`g${user}-`), 'I1', () => "another user's conversation was offered")
    this.#demand(cast.kind === 'ticket' || !this.suspect, 'I1', () => 'a dial with a lease in doubt')
    if (cast.link?.token !== 'first-frame') this.#dialsWith(socket.token)
  }

  #dialsWith(token: string | undefined): void {
    const { device, cast } = this.#client
    const minted = this.#knows(token, 'a dial')
    if (!minted) return
    const age = device.monotonic() - minted.startedAt
    const mayMs = cast.kind === 'ticket' ? 0.75 * Math.min(minted.lifeMs, minted.connectByMs) : Math.min(minted.lifeMs, cast.graceMs)
    const slackMs = cast.link?.token === 'first-frame' ? connectMs + 1_000 : 0
    this.#demand(age < mayMs + slackMs || this.#isDisturbed(age), 'I1', () => `a dial ${Math.round(age - mayMs)} ms after the grant's time`)
    this.#demand(minted.rejectedAt === null, 'I1', () => 'a dial with a token that was rejected')
    if (cast.single) this.#demand(++minted.uses === 1, 'I1', () => 'a single-use token was used twice')
  }

  /** Dials are checked to the millisecond, first frames go out when a socket opens: that may be late on a busy page. */
  #isDisturbed(forMs: number): boolean {
    return this.#client.cast.link?.token === 'first-frame' && this.disturbedUntil >= this.#now - forMs
  }

  opening(socket: SimSocket): void {
    socket.heardAt = this.#client.device.monotonic()
  }

  /** The page gives a frame to the browser. */
  wire(socket: SimSocket, frame: string): void {
    const app = this.#client.apps[socket.session - 1]!
    const own = /"app":(\d+)/.exec(frame)
    if (own) return this.#appWire(socket, app, Number(own[1]))
    if (frame.includes('"first":1')) {
      this.#demand(app.inReady, 'I5', () => 'the first words went out outside onReady')
      return
    }
    const token = tokenIn(frame)
    if (token === undefined) return
    if (frame.startsWith('{"type":"renew"')) {
      socket.showing = token
      this.#mayUse(token, 'a renewal')
    } else {
      socket.token = token
      this.#dialsWith(token)
    }
  }

  #appWire(socket: SimSocket, app: App, id: number): void {
    const { name } = app.session.status
    this.#demand(socket.live && socket.ready, 'I5', () => 'a message went out on a socket that is not ready')
    this.#demand(name === 'connected', 'I5', () => `a message went out while ${name}`)
    const doubt = this.suspect || this.#client.device.hasSlept
    const isLease = this.#client.cast.kind === 'lease'
    this.#demand(!isLease || !doubt, 'I5', () => 'a message went out on a lease in doubt')
    const overMs = isLease ? this.#client.device.monotonic() - this.#leaseEndsAt : -1
    this.#demand(overMs < 0, 'I1', () => `a message went out ${Math.round(overMs)} ms after the lease's end`)
    app.wired(id)
  }

  readyArrives(socket: SimSocket, denied: boolean): void {
    const app = this.#client.apps[socket.session - 1]!
    if (denied && socket.live) app.owesGap = true
  }

  frame(socket: SimSocket, data: string | ArrayBuffer, expected: Expected, wrongly = false): void {
    const app = this.#client.apps[socket.session - 1]!
    const { live } = socket
    if (live && !wrongly) socket.heardAt = this.#client.device.monotonic()
    if (typeof data === 'string' && /^\{"type":"(?:renewed|ok)"/.test(data) && socket.showing !== undefined) {
      socket.token = socket.showing
      socket.showing = undefined
    }
    const denied = live && data === '{"type":"no"}' ? this.#client.endpoint.find(socket.showing ?? socket.token) : undefined
    const { heard, bad } = app
    const before = this.thrown
    socket.hears(data)
    // A listener may have given the socket up, or thrown in front of the preset.
    if (denied && app.isWanting && this.thrown === before) denied.rejectedAt ??= this.#now
    const [messages, bads] = [app.heard - heard, app.bad - bad]
    // Somebody who heard of what came first, a gap or a sleep, has given the socket up.
    const ended = !socket.live && messages + bads === 0
    if (!live) this.#demand(messages + bads === 0, 'I10', () => 'a frame of a socket that was given up was told')
    else if (expected === 'message')
      this.#demand(ended || (messages === 1 && bads === 0), 'I10', () => `a frame was told ${messages} times`)
    else if (expected === 'nothing') this.#demand(messages === 0, 'I10', () => 'a control frame was told as a message')
    else if (expected === 'bad')
      this.#demand(ended || (bads === 1 && messages === 0), 'I10', () => `a bad frame made ${bads} notices, ${messages} messages`)
    const heeded = this.thrown === before && app.isWanting
    this.#demand(!app.owesGap || !heeded, 'I10', () => 'continuity was denied without a notice `gap`')
    app.owesGap = false
  }

  /** A close arrives. Told by a code of the reauthorise band, the page knows that the grant is worth nothing. */
  ends(socket: SimSocket, code: number, reauthorise: number): void {
    const told = code === reauthorise && socket.readyState === 1 && socket.live
    socket.ends(code)
    const minted = told ? this.#client.endpoint.find(socket.token) : undefined
    // Its time may have been over when it woke: then it was nobody's socket any more.
    if (minted && this.#client.apps[socket.session - 1]!.isWanting) minted.rejectedAt ??= this.#now
  }

  disturb(forMs: number): void {
    this.disturbedUntil = Math.max(this.disturbedUntil, this.#now + forMs)
  }

  /** A `close()` settled, `tookMs` after it was called. */
  closed(tookMs: number): void {
    const late = this.disturbedUntil >= this.#now - tookMs
    this.#demand(tookMs <= farewellMs + 1 || late, 'I7', () => `close() took ${Math.round(tookMs)} ms`)
  }

  leaks(what: string, text: string): void {
    if (text.includes('Zq'))
      this.#wrong('I15', `a secret in ${what}: ${text.slice(Math.max(0, text.indexOf('Zq') - 40), text.indexOf('Zq') + 12)}`)
  }

  say(id: string, what: string): void {
    this.#wrong(id, what)
  }
}
