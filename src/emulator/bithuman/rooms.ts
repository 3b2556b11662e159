import { sign, type SigningKey } from '../../jwt/sign.ts'
import { verify } from '../../jwt/verify.ts'
import type { Accepted, Conversation, Peer, Upgrade, World } from '../provider.ts'
import { letters } from './chance.ts'
import { field, firstField, message } from './protobuf.ts'

/** The key pair of a LiveKit server: `iss` of its tokens, and what they are signed with. */
export interface LiveKitKey {
  readonly apiKey: string
  readonly apiSecret: string
}

interface Seat {
  readonly room: string
  readonly identity: string
}

const address = /^\/rtc(\/v1)?(\/validate)?$/

/**
 * The signalling of a LiveKit server, as far as a token is concerned: the handshake, the answer that says why it failed, the
 * first frame, ping and pong. No media, and nobody else in the room.
 *
 * Source: livekit/livekit pkg/service/auth.go and rtcservice.go; livekit/protocol livekit_rtc.proto.
 */
export class Rooms {
  readonly #world: World
  readonly #key: LiveKitKey
  readonly #signing: SigningKey
  readonly #alive = new Set<string>()
  readonly #dead = new Set<string>()
  /** Sockets that are in a room now. */
  readonly sockets = new Set<Peer>()

  constructor(world: World, key: LiveKitKey) {
    this.#world = world
    this.#key = key
    this.#signing = { secret: new TextEncoder().encode(key.apiSecret) }
  }

  /** What a backend signs with LiveKit's server SDK: the right to join one room under one name. */
  async token({ room, identity }: Seat, ttlSeconds: number): Promise<string> {
    const nbf = Math.floor(this.#world.now() / 1000)
    const claims = { iss: this.#key.apiKey, sub: identity, jti: letters(this.#world, 12), nbf, exp: nbf + ttlSeconds }
    const token = await sign({ ...claims, video: { roomJoin: true, room } }, this.#signing)
    this.#alive.add(token)
    return token
  }

  /** The tokens of `token()` are over now; sockets that are open stay, as a token counts at the handshake only. */
  expireTokens(): void {
    for (const token of this.#alive) this.#dead.add(token)
    this.#alive.clear()
  }

  /** Closes all sockets with this code, or cuts them without one. Returns how many. */
  drop(code: number | undefined, reason: string): number {
    const all = [...this.sockets]
    this.sockets.clear()
    for (const peer of all) {
      if (code === undefined) peer.terminate()
      else peer.close(code, reason)
    }
    return all.length
  }

  /** Answers below `/rtc`; undefined elsewhere. */
  async fetch(request: Request): Promise<Response | undefined> {
    const url = new URL(request.url)
    const [found, , validates] = address.exec(url.pathname) ?? []
    if (found === undefined) return undefined
    const readable = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization' }
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: readable })
    // A plain request is no handshake, however good its token.
    if (validates === undefined) return new Response(null, { status: 404, headers: readable })
    const seat = await this.#seatOf(url, request.headers)
    const [status, text] = 'refused' in seat ? [seat.status, seat.refused] : [200, 'success']
    return new Response(text, { status, headers: readable })
  }

  async upgrade({ url, headers }: Upgrade): Promise<Response | Accepted | undefined> {
    const [found, , validates] = address.exec(url.pathname) ?? []
    if (found === undefined || validates !== undefined) return undefined
    const seat = await this.#seatOf(url, headers)
    return 'refused' in seat ? new Response(seat.refused, { status: seat.status }) : { open: (peer) => this.#join(peer, seat) }
  }

  /** The header counts before the query. The texts are LiveKit's: one of them repeats the token. */
  async #seatOf(url: URL, headers: Headers): Promise<Seat | { readonly refused: string; readonly status: number }> {
    const refuse = (refused: string, status = 401) => ({ refused, status })
    const header = headers.get('authorization')
    if (header !== null && !header.startsWith('Bearer ')) return refuse('invalid authorization header. Must start with Bearer ')
    const token = header?.slice(7) ?? url.searchParams.get('access_token') ?? ''
    if (token === '') return refuse('permissions denied')
    const verified = await verify(token, [this.#signing], { now: this.#world.now(), issuer: this.#key.apiKey, required: ['exp'] })
    if (!('claims' in verified) || this.#dead.has(token)) return refuse(`invalid token: ${token}, error: not valid`)
    const { sub: identity, video } = verified.claims
    const { roomJoin, room } = (typeof video === 'object' && video !== null ? video : {}) as Record<string, unknown>
    if (roomJoin !== true || typeof room !== 'string') return refuse('permissions denied')
    if (!identity) return refuse('identity cannot be empty', 400)
    if (/\/v1\b/.test(url.pathname) && !url.searchParams.has('join_request')) return refuse('join_request is required', 400)
    return { room, identity }
  }

  #join(peer: Peer, { room, identity }: Seat): Conversation {
    this.sockets.add(peer)
    const sid = () => letters(this.#world, 12)
    const seat = [
      field(1, message(field(1, `RM_${sid()}`), field(2, room))),
      field(2, message(field(1, `PA_${sid()}`), field(2, identity))),
    ]
    // join = 1: ping_timeout and ping_interval in seconds.
    peer.send(field(1, message(...seat, field(10, 15), field(11, 5))))
    return {
      message: (data) => {
        const request = typeof data === 'string' ? undefined : firstField(data)
        const now = this.#world.now()
        // ping = 14 and ping_req = 16, answered by pong = 18 and pong_resp = 20; leave = 8.
        if (request?.number === 14) return peer.send(field(18, now))
        if (request?.number === 16 && typeof request.value !== 'number') {
          const sent = firstField(request.value)?.value
          return peer.send(field(20, message(field(1, typeof sent === 'number' ? sent : 0), field(2, now))))
        }
        if (request?.number === 8) peer.close(1000, '')
      },
      closed: () => void this.sockets.delete(peer),
    }
  }
}
