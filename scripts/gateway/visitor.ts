import { WebSocket } from 'ws'
import { createSession } from '../../src/index.ts'
import type { Notice, Session, Status } from '../../src/index.ts'
import { gateway } from '../../src/presets/gateway.ts'
import { pageOrigin } from './orders.ts'
import type { Watch } from './watch.ts'

/** Somebody with a page of the application open: the library as a page uses it, and all that it was told. */
export interface Visitor {
  readonly user: string
  readonly session: Session
  /** Ids of the events, as they came. */
  readonly heard: readonly string[]
  readonly statuses: readonly Status[]
  readonly notices: readonly Notice[]
  /** Forgets what was, so that the next check sees only what follows. */
  anew(): void
}

/** A browser says where its page is from; `ws` does not. */
class PageSocket extends WebSocket {
  constructor(url: string) {
    super(url, { origin: pageOrigin, perMessageDeflate: false })
  }
}

export interface VisitorOptions {
  readonly user: string
  /** Where the gateway is, and where tokens come from. */
  readonly port: number
  readonly tokenPort: number
  /** When the user logged in, if the application says that, in epoch ms. */
  readonly since?: number
  readonly watch: Watch
}

/** Opens a session. Whether it connects is seen by its status. */
export function visitor({ user, port, tokenPort, since, watch }: VisitorOptions): Visitor {
  const session = createSession({
    preset: gateway({ url: `ws://127.0.0.1:${port}/` }),
    tokenSource: {
      url: `http://127.0.0.1:${tokenPort}/token`,
      headers: { origin: pageOrigin, 'x-user': user, ...(since !== undefined && { 'x-since': String(since) }) },
    },
    webSocket: PageSocket,
  })
  const heard: string[] = []
  const statuses: Status[] = []
  const notices: Notice[] = []
  session.on('message', (message) => {
    heard.push((message as { id: string }).id)
    watch.look()
  })
  session.on('status', (status) => {
    statuses.push(status)
    watch.look()
  })
  session.on('notice', (notice) => {
    notices.push(notice)
    watch.look()
  })
  session.connect().catch(() => {})
  return {
    user,
    session,
    heard,
    statuses,
    notices,
    anew() {
      for (const list of [heard, statuses, notices]) list.length = 0
    },
  }
}

export const isConnected = ({ session }: Visitor): boolean => session.status.name === 'connected'

export const gapsOf = (visitors: readonly Visitor[]): number =>
  visitors.filter(({ notices }) => notices.some(({ name }) => name === 'gap')).length
export const isPaused = ({ session: { status } }: Visitor, reason: string, code: string): boolean =>
  status.name === 'paused' && status.reason === reason && 'code' in status && status.code === code
