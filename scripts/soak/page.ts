/** A page of the application: one source, its sessions, and a browser of its own whose sockets and requests are watched. */
import { inspect } from 'node:util'
import { WebSocket } from 'ws'
import { createSession, createTokenSource, traceOf } from '../../src/index.ts'
import type { Session, TokenSource, Trace } from '../../src/index.ts'
import { pageOrigin } from '../gateway/orders.ts'
import { mark, marked } from './casts.ts'
import type { PageName } from './casts.ts'
import { count } from './figures.ts'
import { PageAccount } from './page-account.ts'
import { answerIn } from './token-answer.ts'
import { SessionAccount } from './session-account.ts'
import type { Surroundings } from './surroundings.ts'

/** One session and what its application knows of it. */
export interface Visit {
  readonly name: string
  readonly session: Session
  readonly account: SessionAccount
  /** Closed or failed, and nobody has connected it again. */
  over: boolean
  /** Grows with each end. */
  life: number
  /** Called once, inside the next status listener. */
  inListener: (() => void) | null
  /** Numbers of messages so far. */
  messages: number
  /** The last frame of a runtime. */
  frame: number
}

export interface Page {
  readonly name: PageName
  readonly visits: readonly Visit[]
  readonly source: TokenSource
  readonly account: PageAccount
  /** Sockets that this page constructed and that are not gone, whatever the library thinks of them. */
  readonly sockets: ReadonlySet<WebSocket>
  /** Requests without an answer, releases and checks of a token included. */
  readonly requests: number
  send(visit: Visit): void
  /** Another user: what was for the one before is not for this one. */
  reset(): void
  close(visit: Visit): Promise<void>
  connect(visit: Visit, signal?: AbortSignal): void
  look(now: number): void
  readTrace(): void
}

/** How a gateway says that it took a renewed lease. */
const renewed = Buffer.from('{"type":"renewed"')

let ids = 0

export function openPage(name: PageName, around: Surroundings): Page {
  const { settings, figures, verdicts, lag, thrown } = around
  const { cast, page } = name
  const account = new PageAccount(page, cast.traits, verdicts.wrong)
  const sockets = new Set<WebSocket>()
  const visits: Visit[] = []
  let requests = 0
  const now = (): number => performance.now()

  /** No token, handle or key in anything that can be shown. */
  const discreet = (what: string, value: unknown): void => {
    const text = typeof value === 'string' ? value : inspect(value, { depth: 6, maxStringLength: 4000 })
    for (const secret of [...account.tokens, ...settings.canaries])
      if (text.includes(secret)) verdicts.wrong('I15', page, `a secret in ${what}`)
  }

  class PageSocket extends WebSocket {
    readonly #id = ++ids
    readonly #visit: Visit
    #token: string | undefined
    /** Shown, and not yet taken: if this socket is closed now, it is not this one that was refused. */
    #showing: string | undefined
    #retired = false

    constructor(url: string, protocols?: string[]) {
      super(url, protocols, { origin: pageOrigin, perMessageDeflate: false })
      this.#visit = visits.find((visit) => url.includes(visit.name)) ?? visits[0]!
      count(figures, 'dials')
      sockets.add(this)
      this.#visit.account.dials(this.#id, now(), this.#visit.over)
      const token = new URL(url).searchParams.get('access_token')
      if (token !== null) this.#shows(token, 'a dial')
      // Before the library's own, which come later.
      this.on('message', (data: Buffer) => {
        this.#visit.account.frame(this.#id, now())
        if (this.#showing === undefined || !data.subarray(0, 17).equals(renewed)) return
        this.#token = this.#showing
        this.#showing = undefined
      })
      this.on('close', (code) => {
        count(figures, `closed ${code}`)
        sockets.delete(this)
        this.#visit.account.leaves(this.#id)
        const refused = this.#token
        if (this.#retired || !cast.reauthorise(code) || refused === undefined) return
        account.rejected(refused)
      })
    }

    #shows(token: string, what: 'a dial' | 'a renewal'): void {
      if (what === 'a renewal') {
        this.#showing = token
        return account.live(what, now(), lag.recentMs)
      }
      this.#token = token
      account.uses(token, now(), lag.recentMs)
    }

    override send(data: Parameters<WebSocket['send']>[0], ...rest: never[]): void {
      // Nobody here sends anything else.
      const text = typeof data === 'string' ? data : ''
      const own = marked.exec(text)
      if (own) {
        count(figures, 'messages sent')
        this.#visit.account.wires(Number(own[2]), this.#visit.session.status.name, now(), lag.recentMs)
        account.live(`message ${own[2]}`, now(), lag.recentMs)
      } else if (text.startsWith('{"type":"hello"') || text.startsWith('{"type":"renew"')) {
        const { access_token: token } = JSON.parse(text) as { access_token: string }
        this.#shows(token, text.startsWith('{"type":"hello"') ? 'a dial' : 'a renewal')
        if (text.startsWith('{"type":"renew"')) count(figures, 'renewals shown')
      }
      super.send(data, ...rest)
    }

    override close(code?: number, reason?: string): void {
      // `ws` answers a server's farewell with this, too; the library hears nothing more first.
      if (this.onmessage === null) {
        this.#retired = true
        this.#visit.account.leaves(this.#id)
      }
      if (settings.plant === 'deaf' && this.readyState === this.OPEN) return
      super.close(code, reason)
    }
  }

  async function watchedFetch(url: string, init: RequestInit): Promise<Response> {
    const asked = typeof init.body === 'string' ? (JSON.parse(init.body) as { reason?: string }) : {}
    const isMint = asked.reason !== undefined && asked.reason !== 'release'
    const id = ++ids
    requests++
    count(figures, isMint ? 'token requests' : 'other requests')
    if (asked.reason === 'renew') count(figures, 'renewals asked')
    const { signal } = init
    const abort = (): void => account.aborted(id)
    if (isMint) {
      account.asks(
        { id, startedAt: now() },
        visits.some(({ over }) => !over),
        lag.recentMs,
      )
      signal?.addEventListener('abort', abort)
    }
    try {
      const response = await fetch(url, init)
      // Read here, whole, so that what the library hears is known at the moment when it hears it.
      const text = await response.text()
      if (isMint) account.answered(id, answerIn(response, text), now())
      return new Response(response.status === 204 ? null : text, response)
    } finally {
      requests--
      if (isMint) {
        account.aborted(id)
        signal?.removeEventListener('abort', abort)
      }
    }
  }

  const source = createTokenSource(
    {
      url: `http://127.0.0.1:${settings.tokenPort}/${cast.route}`,
      headers: () => ({ origin: pageOrigin, 'x-page': page, 'x-given-up': String(account.givenUp) }),
    },
    { webSocket: PageSocket, fetch: watchedFetch, probe: { firstMs: 5_000, capMs: 20_000 } },
  )

  const visit = (session: string): Visit => {
    const own = createSession({
      preset: cast.preset(session, { providers: settings.providersPort, gateway: settings.gatewayPort }),
      tokenSource: source,
    })
    const state: Visit = {
      name: session,
      session: own,
      account: new SessionAccount(session, { silenceMs: cast.silenceMs }, verdicts.wrong),
      over: true,
      life: 0,
      inListener: null,
      messages: 0,
      frame: -1,
    }
    own.on('status', (status) => {
      count(figures, `status ${status.name}`)
      // A listener may have connected again before it was told of a failure: what is told last counts.
      if (status.name !== 'closed') state.over = status.name === 'failed'
      if (visits.every(({ session }) => session.status.name === 'closed')) account.givenBack()
      state.account.told(status)
      discreet('a status', status)
      const act = state.inListener
      state.inListener = null
      act?.()
    })
    own.on('notice', (notice) => {
      count(figures, `notice ${notice.name}${notice.name === 'gap' ? ` ${cast.route} ${notice.reason}` : ''}`)
      if (notice.name === 'gap') state.account.gap()
      if (notice.name === 'dropped') {
        const n = Number(marked.exec(JSON.stringify(notice.message))?.[2])
        state.account.dropped(n, notice.reason)
      }
      discreet('a notice', notice)
    })
    own.on('message', (message) => {
      count(figures, 'messages heard')
      hear(state, message)
    })
    return state
  }

  function hear(state: Visit, message: unknown): void {
    const { n, type, index } = message as { n?: number; type?: string; index?: number }
    if (cast.route === 'gateway' && typeof n === 'number') {
      count(figures, 'events heard')
      state.account.event(n)
    } else if (cast.route === 'bithuman' && type === 'frame' && typeof index === 'number') {
      if (index !== 0 && index !== state.frame + 1) verdicts.wrong('I10', state.name, `frame ${index} after ${state.frame}`)
      state.frame = index
    }
    if (thrown.due > 0) {
      thrown.due--
      count(figures, 'listeners that threw')
      throw new Error('soak: a listener throws')
    }
  }

  if (settings.plant === 'hoard') setInterval(() => {}, 60_000)
  visits.push(...name.sessions.map(visit))
  /** A few pages keep a trace: it may hold no secret either. */
  const trace: Trace | null = page.endsWith('7') ? traceOf(visits[0]!.session, { limit: 40 }) : null

  return {
    name,
    visits,
    source,
    account,
    sockets,
    get requests() {
      return requests
    },
    send(state) {
      const n = ++state.messages
      const message = cast.message!(mark(state.name, n))
      state.account.sends(n)
      const outcome = state.session.send(message)
      state.account.sent(outcome, now())
      count(figures, `send ${outcome}`)
    },
    reset() {
      for (const state of visits) state.account.begins()
      account.reset()
      source.reset()
    },
    async close(state) {
      const beganAt = now()
      state.over = true
      state.life++
      state.account.begins()
      await state.session.close()
      state.account.closed(now() - beganAt, lag.recentMs)
      count(figures, 'close() calls')
    },
    connect(state, signal) {
      state.over = false
      state.session.connect(signal && { signal }).catch((error: unknown) => {
        count(figures, 'connect() rejections')
        discreet('an error', error)
        discreet('an error', JSON.stringify(error))
      })
    },
    look(time) {
      const looked = { now: time, wall: Date.now(), lagMs: lag.recentMs, asks: requests > 0 }
      for (const { session, account: own } of visits) {
        own.look(session.status, looked)
        discreet('a snapshot', session.getSnapshot())
      }
    },
    readTrace() {
      if (trace) discreet('a trace', JSON.stringify(trace.entries))
    },
  }
}
