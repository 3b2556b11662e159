import { closeCodes } from '../../protocol/codes.ts'
import { formatCursor, parseCursor } from '../../protocol/cursor.ts'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.ts'
import { ackEvery, version } from '../../protocol/frames.ts'
import type { Lease, LeaseRefusal, Leases } from '../lease/lease.ts'
import { tokenBucket } from '../rate-limit.ts'
import type { Bucket } from '../rate-limit.ts'
import type { Store } from '../store/store.ts'
import { clientFrame } from './client-frames.ts'
import type { Feed, Listener } from './feed.ts'
import type { Conversation, Peer, World } from './front.ts'
import type { Limits } from './limits.ts'
import { Reader } from './reader.ts'

/** What the connections of one gateway share. */
export interface Room {
  readonly leases: Leases
  readonly store: Store
  readonly feed: Feed
  readonly world: World
  readonly limits: Limits
  readonly onMessage: ((message: unknown, from: Sender) => void | Promise<void>) | undefined
  report(error: unknown): void
  /** How wide clients shall spread their return, in ms, if this process ends now. */
  spreadMs(): number
}

/** Who sent a message, and how to answer. */
export interface Sender {
  readonly user: string
  readonly scopes: readonly string[]
  /** Names the connection. */
  readonly session: string
  /** Sends a message to this connection; false when it is gone. */
  send(message: unknown): boolean
}

/** What may stand in the address instead of a `hello`. */
export interface Greeting {
  readonly version: number
  readonly lease: Lease | Refusal
  readonly cursor: string | undefined
}

/** `unverifiable`: the store cannot be asked. */
export type Refusal = LeaseRefusal | 'unverifiable'

const why: Readonly<Record<Refusal, readonly [number, string]>> = {
  invalid: [closeCodes.leaseInvalid, 'The lease is not one of this gateway.'],
  expired: [closeCodes.leaseExpired, 'The life of the lease is over.'],
  revoked: [closeCodes.revoked, 'The right behind the lease was withdrawn.'],
  used: [closeCodes.leaseUsed, 'The lease serves one connection, and has.'],
  unverifiable: [closeCodes.unverifiable, 'Whether the right still stands cannot be known just now.'],
}

/** `joined`: it hears of what comes, and is not ready yet. */
type Joined = { readonly is: 'joined' | 'open'; readonly lease: Lease; readonly reader: Reader; readonly leave: () => void }
type State = { readonly is: 'greeting' | 'checking' | 'over' } | Joined

const positionMs = 25_000

/** One socket, from its greeting to its end (PROTOCOL.md). */
export class Connection implements Conversation {
  readonly session = crypto.randomUUID()
  readonly #room: Room
  readonly #peer: Peer
  readonly #origin: string | null
  readonly #gone: () => void
  readonly #frames: Bucket
  #state: State = { is: 'greeting' }
  /** The deadline of the greeting; then the end of the lease. */
  #deadline: () => void
  #position = (): void => {}

  /** `gone` is called once, when it is over. */
  constructor(room: Room, peer: Peer, origin: string | null, gone: () => void) {
    this.#room = room
    this.#peer = peer
    this.#origin = origin
    this.#gone = gone
    this.#frames = tokenBucket(room.limits.framesPerMinute, () => room.world.now(), 1)
    this.#deadline = room.world.timer(() => this.end(closeCodes.helloTimeout, 'No hello in time.'), room.limits.helloMs)
  }

  /** With a greeting from the address, or (null) one to come as the first frame. */
  begin(greeting: Greeting | null): void {
    if (!greeting || !this.#speaks(greeting.version)) return
    void this.#checked(Promise.resolve(greeting.lease), (lease) => this.#admitted(lease, greeting.cursor))
  }

  message(text: string | Uint8Array): void | Promise<void> {
    if (this.#state.is === 'over') return
    if (typeof text !== 'string') return this.end(1003, 'Frames are text.')
    if (text.length > this.#room.limits.frameBytes) return this.end(1009, 'The frame is too long.')
    if (this.#frames.take('') > 0) return this.end(closeCodes.limit, 'Too many frames.')
    const frame = clientFrame(text)
    if (frame === null) return this.end(closeCodes.protocol, 'This is no frame of this protocol.')
    const { is } = this.#state
    if (frame.type === 'hello') return is === 'greeting' ? this.#greeted(frame) : this.end(closeCodes.protocol, 'A second hello.')
    if (this.#state.is !== 'open') return this.end(closeCodes.protocol, 'Nothing may be sent before ready.')
    return this.#heard(frame, this.#state)
  }

  #heard(frame: Exclude<ClientFrame, { type: 'hello' }>, { lease, reader }: Joined): void | Promise<void> {
    switch (frame.type) {
      case 'renew':
        // The feed guards the right of whoever is connected, so that a store's bad minute does not stand in a renewal's way.
        return this.#checked(this.#room.leases.read(frame.access_token, this.#origin), (renewed) => this.#renewed(renewed))
      case 'ack':
        return reader.acknowledged(frame.seq)
      case 'ping':
        return reader.position()
      case 'message': {
        const { onMessage } = this.#room
        if (!onMessage) return this.#say({ type: 'error', code: 'not_allowed', message: 'This gateway takes no messages.' })
        const sender = { user: lease.user, scopes: lease.scopes, session: this.session, send: (message: unknown) => this.tell(message) }
        const heard = async (): Promise<void> => onMessage(frame.message, sender)
        heard().catch((error: unknown) => this.#room.report(error))
        return
      }
      default:
        frame satisfies never
    }
  }

  /** A message of the application to this connection. */
  tell(message: unknown): boolean {
    if (this.#state.is === 'open') this.#say({ type: 'message', message })
    return this.#state.is === 'open'
  }

  goaway(spreadMs: number): void {
    if (this.#state.is !== 'over') this.#say({ type: 'goaway', spread_ms: spreadMs })
    this.end(closeCodes.restart, 'restart')
  }

  #greeted({ version: spoken, access_token, cursor }: Extract<ClientFrame, { type: 'hello' }>): void | Promise<void> {
    if (!this.#speaks(spoken)) return
    return this.#checked(this.#room.leases.verify(access_token, this.#origin, true), (lease) => this.#admitted(lease, cursor))
  }

  #speaks(spoken: number): boolean {
    if (spoken === version) this.#state = { is: 'checking' }
    else this.end(closeCodes.version, `This gateway speaks version ${version}.`)
    return spoken === version
  }

  /** Every wait on somebody else ends here: an answer, a refusal, or a store that is away. */
  async #checked(verified: Promise<Lease | Refusal>, then: (lease: Lease) => void | Promise<void>): Promise<void> {
    try {
      const lease = await verified
      if (this.#state.is === 'over') return
      if (typeof lease === 'string') this.#refused(lease)
      else await then(lease)
    } catch (error) {
      this.#room.report(error)
      this.#refused('unverifiable')
    }
  }

  #refused(refusal: Refusal): void {
    const [code, message] = why[refusal]
    this.end(code, message)
  }

  async #admitted(lease: Lease, cursor: string | undefined): Promise<void> {
    const { feed, leases, limits, store, world } = this.#room
    if ((await store.take({ name: 'connects', points: limits.connectsPerUserAndMinute, perMs: 60_000 }, lease.user)) > 0)
      return this.end(closeCodes.limit, 'Too many connections of this user in a minute.')
    if (this.#state.is === 'over') return
    // Nothing is awaited between this and `join`: of many that come at once, no more than that get in.
    if (feed.of(lease.user) >= limits.socketsPerUser) return this.end(closeCodes.limit, 'Too many connections of this user.')
    const reader = new Reader(store, lease.user, {
      mayRead: (scope) => scope === '' || this.#scopes().some((own) => own === scope || own === '*'),
      say: (frame) => this.#peer.send(frame),
      buffered: () => this.#peer.buffered?.() ?? 0,
      report: (error) => this.#room.report(error),
      window: limits.window,
    })
    const leave = feed.join(this.#listener(lease, reader))
    this.#state = { is: 'joined', lease, reader, leave }
    this.#until(lease)
    // Once more: what was withdrawn between the first look and `join` nobody has told us.
    const [begun, stands] = await Promise.all([reader.begin(parseCursor(cursor), cursor !== undefined), leases.stands(lease)])
    if (this.#state.is !== 'joined') return
    if (!stands) return this.#refused('revoked')
    this.#state = { ...this.#state, is: 'open' }
    this.#say({
      type: 'ready',
      version,
      session: this.session,
      cursor: formatCursor(begun.from),
      resumed: begun.resumed,
      expires_in: Math.max(0, Math.floor((lease.expiresAt - world.now()) / 1000)),
      ack_every: ackEvery,
      spread_ms: this.#room.spreadMs(),
    })
    reader.start()
    this.#positions()
  }

  #scopes(): readonly string[] {
    return 'lease' in this.#state ? this.#state.lease.scopes : []
  }

  #listener(lease: Lease, reader: Reader): Listener {
    const epoch = (): number => ('lease' in this.#state ? this.#state.lease.epoch : lease.epoch)
    return {
      user: lease.user,
      get epoch() {
        return epoch()
      },
      offer: (entry) => reader.offer(entry),
      check: () => reader.check(),
      fresh: () => reader.retry(),
      reached: (position) => reader.reached(position),
      revoke: () => this.#refused('revoked'),
      doubt: () => this.#refused('unverifiable'),
    }
  }

  /** Events and silence alike say how far this client has got, so that his cursor never grows old. */
  #positions(): void {
    this.#position = this.#room.world.timer(() => {
      if (this.#state.is !== 'open') return
      this.#state.reader.position()
      this.#positions()
    }, positionMs)
  }

  #renewed(lease: Lease): void {
    if (this.#state.is !== 'open') return
    // Another user's lease on this user's stream would be a way round every check.
    if (lease.user !== this.#state.lease.user) return this.#refused('invalid')
    if (lease.epoch < this.#state.lease.epoch) return this.#refused('revoked')
    this.#state = { ...this.#state, lease }
    this.#until(lease)
    this.#say({ type: 'renewed', expires_in: Math.max(0, Math.floor((lease.expiresAt - this.#room.world.now()) / 1000)) })
  }

  #until({ expiresAt }: Lease): void {
    this.#deadline()
    this.#deadline = this.#room.world.timer(() => this.#refused('expired'), Math.max(0, expiresAt - this.#room.world.now()))
  }

  #say(frame: ServerFrame): void {
    this.#peer.send(JSON.stringify(frame))
  }

  end(code: number, message: string): void {
    if (this.#state.is === 'over') return
    if (code !== closeCodes.restart) this.#say({ type: 'error', code: String(code), message })
    this.#over()
    this.#peer.close(code, message)
  }

  closed(): void {
    if (this.#state.is !== 'over') this.#over()
  }

  #over(): void {
    const state = this.#state
    this.#state = { is: 'over' }
    this.#deadline()
    this.#position()
    if ('reader' in state) {
      state.reader.stop()
      state.leave()
    }
    this.#gone()
  }
}
