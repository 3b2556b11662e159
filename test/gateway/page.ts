/** A page with a session, its backend's token endpoint, and one gateway or more behind one address, in virtual time. */
import { createSession } from '../../src/index.ts'
import type { Session, Status } from '../../src/index.ts'
import type { Accepted, Conversation, Peer, Provider, Upgrade } from '../../src/emulator/provider.ts'
import { gateway as preset } from '../../src/presets/gateway.ts'
import type { GatewayOptions as PresetOptions } from '../../src/presets/gateway.ts'
import type { Accepted as Opening, Gateway, LeaseUser } from '../../src/server/gateway/index.ts'
import { createTokenEndpoint } from '../../src/server/index.ts'
import { kit } from './kit.ts'
import type { Frame, Kit, KitOptions } from './kit.ts'

/** The way to a gateway: what went through it, and faults. */
export class Way implements Provider {
  readonly name = 'way'
  gateway: Gateway
  readonly upgrades: Upgrade[] = []
  /** Virtual ms of each handshake. */
  readonly at: number[] = []
  /** What pages said. */
  readonly said: Frame[] = []
  /** Bytes that a slow browser leaves at the gateway. */
  buffered = 0
  readonly #now: () => number
  readonly #peers = new Set<Peer>()

  constructor(gateway: Gateway, now: () => number) {
    this.gateway = gateway
    this.#now = now
  }

  fetch(request: Request): Promise<Response> {
    return this.gateway.fetch(request)
  }

  async upgrade(upgrade: Upgrade): Promise<Response | Accepted> {
    this.upgrades.push(upgrade)
    this.at.push(this.#now())
    const answer = await this.gateway.upgrade(upgrade)
    return 'open' in answer ? { open: (peer) => this.#opened(peer, answer) } : answer
  }

  #opened(peer: Peer, accepted: Opening): Conversation {
    this.#peers.add(peer)
    const conversation = accepted.open({
      send: (frame) => peer.send(frame),
      close: (code, reason) => peer.close(code, reason),
      buffered: () => this.buffered,
    })
    return {
      message: (data) => {
        if (typeof data === 'string') this.said.push(JSON.parse(data) as Frame)
        return conversation.message(data)
      },
      closed: (code, reason) => {
        this.#peers.delete(peer)
        conversation.closed(code, reason)
      },
    }
  }

  /** The line breaks, without a close. */
  drop(): void {
    for (const peer of this.#peers) peer.terminate()
    this.#peers.clear()
  }

  saidOf(type: string): Frame[] {
    return this.said.filter((frame) => frame.type === type)
  }
}

export interface Seen {
  readonly session: Session
  /** In words, without repetitions. */
  readonly statuses: string[]
  /** Ids of the events, and `gap` where one was said, in order. */
  readonly story: string[]
  readonly notices: string[]
  readonly ids: string[]
  readonly now: string
}

const inWords = (status: Status): string => {
  const { name, reason, code } = status as { name: string; reason?: string; code?: string }
  const more = [reason, code].filter((word) => word !== undefined)
  return more.length === 0 ? name : `${name}(${more.join(', ')})`
}

export interface Page extends Kit {
  readonly way: Way
  /** Who is logged in, by name; `null`: the token endpoint has no session. */
  readonly account: { user: LeaseUser | null; down: boolean; asked: number }
  /** One more session of this page. */
  open(options?: Partial<PresetOptions>): Promise<Seen>
  /** One event for ann. */
  tell(...ids: string[]): Promise<void>
}

export function page(options: KitOptions = {}): Page {
  const many = { connectsPerUserAndMinute: 10_000, ...options.limits }
  const all = kit({ ...options, limits: many })
  const { world, gateway } = all
  const way = new Way(gateway, all.now)
  const account: Page['account'] = { user: { id: 'ann', since: all.now() }, down: false, asked: 0 }
  const endpoint = createTokenEndpoint({
    mint: (ask) => way.gateway.mint(ask),
    authorize: () => account.user,
    origins: ['https://app.test'],
    limit: false,
    onError: () => {},
  })
  world.serve('https://gateway.test', way)
  world.serve('https://backend.test', async (request) => {
    account.asked++
    return account.down ? new Response(null, { status: 503 }) : endpoint(request)
  })
  return {
    ...all,
    way,
    account,
    async tell(...ids) {
      for (const id of ids) await way.gateway.publish({ id }, ['ann'])
      await world.settle()
    },
    async open(more = {}) {
      const session: Session = createSession({
        preset: preset({ url: 'wss://gateway.test/socket', ...more }),
        tokenSource: 'https://backend.test/token',
        host: world.host,
      })
      const statuses: string[] = []
      const story: string[] = []
      const notices: string[] = []
      session.on('status', (status) => statuses.at(-1) !== inWords(status) && statuses.push(inWords(status)))
      session.on('message', (message) => story.push((message as { id: string }).id))
      session.on('notice', (notice) => {
        notices.push('reason' in notice ? `${notice.name}(${notice.reason})` : notice.name)
        if (notice.name === 'gap') story.push('gap')
      })
      session.connect().catch(() => {})
      await world.settle()
      return {
        session,
        statuses,
        story,
        notices,
        get ids() {
          return story.filter((word) => word !== 'gap')
        },
        get now() {
          return inWords(session.status)
        },
      }
    },
  }
}
