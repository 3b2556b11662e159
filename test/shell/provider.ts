/** The provider of one client: takes good grants, says that a link is ready, talks, answers; until a fault says otherwise. */
import type { Client } from './client.ts'
import { plainResponse, type Behaviour } from './endpoint.ts'
import type { SimSocket } from './host.ts'

/** What is to come of a frame that is told to the page, if the socket is still the session's. */
export type Expected = 'message' | 'nothing' | 'bad' | 'any'

/** A conversation that outlives its sockets: the place where it is. */
interface Place {
  stream: string
  /** Events so far. */
  seq: number
}

export class Provider {
  /** What happens to the next dials. */
  readonly faults: Behaviour[] = []
  /** How wide its clients should spread when it restarts; told with ready, by those who tell it. */
  spreadMs = 0
  readonly #client: Client
  readonly #places = new Map<number, Place>()
  #streams = 0
  /** Messages so far, of all sessions. */
  #said = 0

  constructor(client: Client) {
    this.#client = client
  }

  get #link() {
    return this.#client.cast.link!
  }

  /** Whether it takes a grant now. */
  takes(token: string | undefined): boolean {
    const { endpoint, device, world } = this.#client
    const minted = endpoint.find(token)
    if (!minted || minted.over || minted.key !== endpoint.key) return false
    return device.trueTime() < minted.expiresAt && world.schedule.now >= endpoint.rightBackAt
  }

  #fault(): Behaviour | undefined {
    const { now } = this.#client.world.schedule
    for (let first = this.faults[0]; first; first = this.faults[0]) {
      if (--first.left <= 0 || first.until < now) this.faults.shift()
      if (first.until < now) continue
      this.#client.hit(first.kind, first.how)
      return first
    }
    return undefined
  }

  /** A socket is constructed. */
  dialled(socket: SimSocket): void {
    const { random, account } = this.#client
    const link = this.#link
    socket.session = Number(/[=_]s(\d)\b/.exec(socket.url)?.[1] ?? 1)
    if (link.token === 'query') socket.token = decodeURIComponent(/[?&]access_token=([^&]+)/.exec(socket.url)?.[1] ?? '')
    else if (link.token === 'subprotocol') socket.token = socket.protocols[1]
    else if (link.token === 'url') socket.token = socket.url
    account.dialled(socket, link.offer === null ? undefined : offeredIn(socket.url, link.offer))
    const fault = this.#fault()
    if (fault?.kind === 'T10') throw new DOMException(socket.token, 'SyntaxError')
    if (fault?.kind === 'T2') return
    const soon = random.spread(20, 600)
    if (fault?.kind === 'T1') return this.ends(socket, 1006, soon)
    if (fault?.kind === 'T5') return this.ends(socket, 1006, random.spread(1, soon))
    if (link.token !== 'first-frame' && link.bad === 'handshake' && !this.takes(socket.token)) return this.ends(socket, 1006, soon)
    this.#arrives(socket, soon, () => this.#opens(socket, fault))
  }

  #opens(socket: SimSocket, fault: Behaviour | undefined): void {
    const { device, account } = this.#client
    if (socket.readyState !== 0) return
    const link = this.#link
    socket.mute = fault !== undefined
    socket.ready = link.ready === null
    account.opening(socket)
    socket.opens(device.monotonic())
    if (fault?.kind === 'T3') return this.ends(socket, this.codeOf(fault.how), 30)
    if (fault) return
    if (link.token === 'first-frame') return
    if (this.takes(socket.token)) this.#welcomes(socket, link.offer === null ? undefined : offeredIn(socket.url, link.offer))
    else this.#turnsAway(socket)
  }

  codeOf(how: string): number {
    const { random } = this.#client
    const { reauthorise, stop } = this.#link
    if (how === 'reauthorise') return reauthorise === 0 ? 1011 : reauthorise
    if (how === 'stop') return stop ?? 1011
    return random.one([1001, 1005, 1011, 4999, 4200])
  }

  #turnsAway(socket: SimSocket): void {
    const { reauthorise, denies } = this.#link
    if (denies !== null && this.#client.random.chance(0.5)) this.says(socket, denies, 'message')
    else this.ends(socket, reauthorise === 0 ? 1008 : reauthorise, 50)
  }

  /** The ready frame, or none where the open socket is enough. */
  #welcomes(socket: SimSocket, offered: string | undefined): void {
    const { random, user } = this.#client
    const link = this.#link
    let place = this.#places.get(socket.session)
    const at = place && (link.continuity === 'cursor' ? `${place.stream}.` : place.stream)
    const resumed = place !== undefined && offered !== undefined && offered.startsWith(at!) && random.chance(0.9)
    if (!place || !resumed) {
      place = { stream: `g${user}-${++this.#streams}`, seq: place?.seq ?? 0 }
      this.#places.set(socket.session, place)
    }
    socket.accepted = true
    if (link.ready === null) return
    const from = resumed ? Number(offered.slice(at!.length)) : place.seq
    const cursor = link.continuity === 'cursor'
    const id = cursor ? `${place.stream}.${from}` : place.stream
    const frame = link.ready({ id, resumed, spreadMs: this.spreadMs })
    const denied = offered !== undefined && !resumed && link.continuity !== 'none'
    this.#arrives(socket, random.spread(10, 300), () => {
      socket.ready = true
      this.#client.account.readyArrives(socket, denied)
      this.tells(socket, JSON.stringify(frame), cursor ? 'nothing' : 'message')
    })
    if (cursor && resumed) this.#replays(socket, place, from)
  }

  #replays(socket: SimSocket, place: Place, from: number): void {
    if (place.seq - from > 15) this.says(socket, { type: 'gap', cursor: `${place.stream}.${place.seq}` }, 'nothing')
    else for (let seq = from + 1; seq <= place.seq; seq++) this.#event(socket, seq)
  }

  #event(socket: SimSocket, seq: number, expected: Expected = 'any'): void {
    this.says(socket, { type: 'event', seq, after: seq - 1, event: { m: seq, numbered: true } }, expected)
  }

  /** One event twice, or the newer of two before the older: what has been told, or is older than that, is told no more. */
  numbers(socket: SimSocket, doubled: boolean): boolean {
    const place = this.#places.get(socket.session)
    if (!place || !socket.accepted) return false
    const older = place.seq + 1
    place.seq += doubled ? 1 : 2
    this.#event(socket, place.seq, 'message')
    this.#event(socket, older, 'nothing')
    return true
  }

  /** Something of the page arrived. */
  hears(socket: SimSocket, frame: string): void {
    if (socket.silent) return
    const link = this.#link
    if (/^\{"type":"(?:hello|auth|session\.init)"/.test(frame)) {
      const { cursor } = JSON.parse(frame) as { cursor?: string }
      if (socket.mute) return
      if (this.takes(socket.token)) this.#welcomes(socket, cursor)
      else this.#turnsAway(socket)
    } else if (frame.startsWith('{"type":"renew"')) {
      const token = tokenIn(frame)
      if (this.takes(token))
        this.says(
          socket,
          { type: link.continuity === 'cursor' ? 'renewed' : 'ok', expires_in: 1 },
          link.continuity === 'cursor' ? 'nothing' : 'message',
        )
      else this.#turnsAway(socket)
    } else if (frame.startsWith('{"type":"ping"')) {
      const seq = this.#places.get(socket.session)?.seq ?? 0
      if (link.continuity === 'cursor') this.says(socket, { type: 'position', seq }, 'nothing')
      else this.says(socket, { type: 'pong' }, 'message')
    }
  }

  /** Its own words to a session: an event where events are numbered, whether or not anybody is there; else a message. */
  talks(session: number): void {
    const socket = this.socketOf(session)
    const link = this.#client.cast.link
    const place = this.#places.get(session)
    if (link?.continuity === 'cursor' && place && this.#client.random.chance(0.7)) {
      place.seq++
      // To whoever was welcomed, even if the ready frame is still on its way: events keep their order behind it.
      for (const one of this.#client.device.sockets) if (one.session === session && one.accepted && one.live) this.#event(one, place.seq)
    } else if (link && socket) this.says(socket, link.says(++this.#said), 'message')
  }

  socketOf(session: number): SimSocket | undefined {
    for (const socket of this.#client.device.sockets)
      if (socket.session === session && socket.ready && socket.accepted && socket.live) return socket
    return undefined
  }

  says(socket: SimSocket, frame: object, expected: Expected): void {
    this.#arrives(socket, this.#client.random.spread(10, 300), () => this.tells(socket, JSON.stringify(frame), expected))
  }

  /** Now: called inside the page. A browser tells nothing of a socket that is closing. */
  tells(socket: SimSocket, data: string | ArrayBuffer, expected: Expected): void {
    if (socket.readyState === 1 && !socket.silent) this.#client.account.frame(socket, data, expected)
  }

  /** In the order in which they were sent, whatever each takes. */
  #arrives(socket: SimSocket, afterMs: number, run: () => void): void {
    const { device, world } = this.#client
    socket.arrivesAt = Math.max(socket.arrivesAt, world.schedule.now + afterMs)
    device.task(socket.arrivesAt, run)
  }

  /** The provider, or the network, ends a socket. */
  ends(socket: SimSocket, code: number, afterMs = 0): void {
    this.#arrives(socket, afterMs, () => {
      if (socket.silent && code !== 1006) return
      this.#client.account.ends(socket, code, this.#link.reauthorise)
    })
  }

  /** The page closes a socket; the browser says so when the other end answered, or when it gives up. */
  closing(socket: SimSocket, was: number): void {
    const { device, world, random } = this.#client
    const after = socket.swallowMs > 0 ? socket.swallowMs : socket.silent ? 60_000 : random.spread(10, 300)
    if (after < Infinity) device.task(world.schedule.now + after, () => socket.ends(was === 0 ? 1006 : 1000))
  }

  /** The REST call that tells a refused token from a broken network. */
  verify(init: RequestInit): Promise<Response> {
    const { device, world, random, account } = this.#client
    const token = (init.headers as Record<string, string>)['authorization']?.slice('Bearer '.length)
    const signal = init.signal
    const over = account.verifies(token)
    return new Promise((resolve, reject) => {
      const silent = random.chance(0.1)
      signal?.addEventListener('abort', () => {
        over()
        reject(signal.reason as Error)
      })
      if (silent) return
      device.task(world.schedule.now + random.spread(20, 400), () => {
        const status = this.takes(token) ? 200 : 401
        if (signal?.aborted !== true && status === 401) account.refusedBearer(token)
        over()
        resolve(plainResponse(status))
      })
    })
  }
}

export const tokenIn = (frame: string): string | undefined => /"(?:access_token|session_token|token)":"([^"]+)"/.exec(frame)?.[1]

const offers = new Map<string, RegExp>()

function offeredIn(url: string, name: string): string | undefined {
  let offer = offers.get(name)
  if (!offer) offers.set(name, (offer = new RegExp(`[?&]${name}=([^&]+)`)))
  return offer.exec(url)?.[1]
}
