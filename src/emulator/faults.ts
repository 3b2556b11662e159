import { Line, type Way } from './line.ts'
import type { Provider, World } from './provider.ts'

/** A provider that can be made to fail. Both fronts carry it like any other. */
export interface Faulty extends Provider {
  readonly faults: Faults
}

/** What can go wrong on the way to a provider. Each control acts at once and stays until it is undone or `heal()` is called. */
export interface Faults {
  /**
   * Accepts everything and answers nothing. Requests and handshakes wait; open sockets become half-open: no frame in
   * either direction, no pong, no answer to a close. Undone, all that was held arrives late and in order, as TCP would
   * bring it. An aborted request rejects with its signal's reason and is never carried out.
   *
   * `held: 'answers'` lets the provider act on a request and holds only the answer (a mint that is billed and lost).
   * Default: `'requests'`.
   */
  silence(on: boolean, held?: 'requests' | 'answers'): void
  /**
   * Answers HTTP requests itself: `status` may be any from 200 to 599, so that a 200 with HTML in it is a fault too. The
   * provider is not asked. A later call replaces an earlier one; `null` ends it. A browser can only read the answer
   * across origins if `headers` allow it.
   */
  refuse(status: number | null, options?: Refusal): void
  /** Answers the next `times` handshakes (default: all) with `status` ≥ 400; `null` ends it. */
  refuseUpgrades(status: number | null, times?: number): void
  /** Accepts the TCP connection of a handshake and never answers it; undone, the waiting ones go on. */
  hangUpgrades(on: boolean): void
  /** Closes all open sockets with this code, half-open ones too; without a code cuts them, so that clients see 1006. Returns how many. */
  drop(code?: number, reason?: string): number
  /** Adds this many ms to every answer, every handshake and every frame in each direction; 0 ends it. Order is kept. */
  slow(ms: number): void
  /** The machine is gone: requests and handshakes throw `Unreachable` (a front cuts the connection), open sockets are cut. */
  down(on: boolean): void
  /** Undoes every control; what waited goes on. Sockets that were dropped stay dropped. */
  heal(): void
  /** Sockets open trouble. A half-open one counts until the front learns that the client has gone. */
  readonly open: number
  /** Handshakes that arrived, whatever became of them. */
  readonly upgrades: number
  /** HTTP requests that arrived, whatever became of them. */
  readonly requests: number
}

export interface Refusal {
  /** Which requests; default: all. */
  readonly match?: (request: Request) => boolean
  /** A string is sent as it is, anything else as JSON. Default: `{ "error": "refused" }`. */
  readonly body?: unknown
  readonly headers?: HeadersInit
  /** How many requests to answer; default: all until it is ended. */
  readonly times?: number
}

/** What `fetch` and `upgrade` reject with while a provider is down: the shape of a connection that was refused. */
export class Unreachable extends TypeError {
  override readonly name = 'Unreachable'

  constructor() {
    super('fetch failed: connection refused')
  }
}

/** Puts the controls of `Faults` between a front and a provider. Time (`slow`) is the world's, in ms. */
export function withFaults(provider: Provider, world: World): Faulty {
  const healthy = { silent: false, holds: 'requests' as 'requests' | 'answers', hanging: false, down: false, slowMs: 0 }
  const trouble = { ...healthy }
  let refusal: (Refusal & { status: number; left: number }) | null = null
  let upgradeRefusal: { status: number; left: number } | null = null
  let requests = 0
  let upgrades = 0
  const waiting = new Set<() => void>()
  const way: Way = { world, trouble, open: new Set(), known: new Set() }

  const wake = () => {
    for (const check of [...waiting]) check()
  }
  const changed = () => {
    wake()
    for (const line of [...way.known]) line.changed()
  }

  /** Resolves when `ready` holds; rejects when the request is aborted or the provider goes down. */
  const until = async (ready: () => boolean, signal?: AbortSignal) => {
    let down = false
    await new Promise<void>((resolve) => {
      const check = () => {
        down = trouble.down
        if (!signal?.aborted && !down && !ready()) return
        waiting.delete(check)
        signal?.removeEventListener('abort', check)
        resolve()
      }
      waiting.add(check)
      signal?.addEventListener('abort', check)
      check()
    })
    signal?.throwIfAborted()
    if (down) throw new Unreachable()
  }

  const delay = async (signal?: AbortSignal) => {
    let over = trouble.slowMs === 0
    if (!over) world.timer(() => ((over = true), wake()), trouble.slowMs)
    await until(() => over || trouble.slowMs === 0, signal)
  }

  const audible = () => !trouble.silent
  const reachable = () => audible() || trouble.holds === 'answers'

  return {
    name: provider.name,

    async fetch(request) {
      requests++
      await delay(request.signal)
      await until(reachable, request.signal)
      const refused = refusal && refusal.left > 0 && (refusal.match?.(request) ?? true) ? refusal : null
      if (refused) refused.left--
      const response = refused ? answer(refused.status, refused) : await provider.fetch(request)
      await until(audible, request.signal)
      return response
    },

    async upgrade(upgrade) {
      upgrades++
      await delay()
      await until(() => reachable() && !trouble.hanging)
      const refused = upgradeRefusal && upgradeRefusal.left > 0 ? upgradeRefusal : null
      if (refused) refused.left--
      const outcome = refused ? answer(refused.status, {}) : await provider.upgrade(upgrade)
      await until(audible)
      if (!('open' in outcome)) return outcome
      return { ...outcome, open: (peer) => new Line(peer, outcome, way).conversation }
    },

    faults: {
      silence: (on, holds = 'requests') => (Object.assign(trouble, { silent: on, holds }), changed()),
      refuse: (status, options = {}) => {
        refusal = status === null ? null : { ...options, status, left: options.times ?? Infinity }
      },
      refuseUpgrades: (status, times = Infinity) => {
        upgradeRefusal = status === null ? null : { status, left: times }
      },
      hangUpgrades: (on) => ((trouble.hanging = on), changed()),
      drop: (code, reason) => [...way.open].map((line) => line.cut(code, reason)).length,
      slow: (ms) => ((trouble.slowMs = ms), changed()),
      down: (on) => {
        trouble.down = on
        if (on) for (const line of [...way.open]) line.cut()
        changed()
      },
      heal: () => {
        Object.assign(trouble, healthy)
        refusal = upgradeRefusal = null
        changed()
      },
      get open() {
        return way.open.size
      },
      get upgrades() {
        return upgrades
      },
      get requests() {
        return requests
      },
    },
  }
}

function answer(status: number, { body = { error: 'refused' }, headers }: Refusal): Response {
  const all = new Headers(headers)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  if (!all.has('content-type')) all.set('content-type', typeof body === 'string' ? 'text/plain' : 'application/json')
  const empty = status === 204 || status === 205 || status === 304
  return new Response(empty ? null : text, { status, headers: all })
}
