import type { Host, PageFact, SocketLike } from './host.ts'

type Overrides = {
  readonly webSocket?: (new (url: string, protocols?: string[]) => SocketLike) | undefined
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
}

let shared: Host | undefined

/** The world of a browser, a worker, Node or Electron: whatever globals there are. Reads none of them before it is used. */
export function browserHost({ webSocket, fetch }: Overrides = {}): Host {
  if (!webSocket && !fetch && shared) return shared
  const host: Host = {
    // One page has one network, however many sessions bring a `fetch` of their own.
    engine: webSocket ?? browserHost,
    monotonic: () => performance.now(),
    wall: () => Date.now(),
    random: () => Math.random(),
    timer(run, ms) {
      let cancelled = false
      const handle = setTimeout(() => unchained(() => cancelled || run()), ms)
      return () => {
        cancelled = true
        clearTimeout(handle)
      }
    },
    fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)),
    socket(url, protocols) {
      const Constructor = webSocket ?? globalThis.WebSocket
      if (!Constructor) throw new TypeError('there is no WebSocket here; give one as the option `webSocket`')
      return protocols.length > 0 ? new Constructor(url, protocols) : new Constructor(url)
    },
    page: listenToPage,
    report(error) {
      if (typeof globalThis.reportError === 'function') globalThis.reportError(error)
      else
        queueMicrotask(() => {
          throw error
        })
    },
  }
  if (!webSocket && !fetch) shared = host
  return host
}

/**
 * A timer that was set by a timer is a link of a chain, and Chromium runs the chains of a hidden page once a minute: a session
 * that only has to look after its link now and then would miss the beat. What the page posts to itself belongs to no chain.
 *
 * @see https://developer.chrome.com/blog/timer-throttling-in-chrome-88
 */
function unchained(run: () => void): void {
  if (typeof document === 'undefined' || document.visibilityState !== 'hidden') return run()
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    run()
  }
  port2.postMessage(null)
}

/** Page Lifecycle (WICG) and the back/forward cache; in a worker only online and offline, in Node nothing. */
function listenToPage(listener: (fact: PageFact) => void): () => void {
  const page = typeof document === 'undefined' ? null : document
  const stop = new AbortController()
  const on = (target: unknown, type: string, run: (event: Event) => void): void => {
    if (target && typeof (target as EventTarget).addEventListener === 'function')
      (target as EventTarget).addEventListener(type, run, { signal: stop.signal })
  }
  const seen = (): void => listener(page!.visibilityState === 'hidden' ? 'hidden' : 'visible')
  // Into the cache a page goes with `pagehide` and `freeze`, out of it with `resume` and `pageshow`: told twice, one return
  // would check a lease twice.
  let gone = false
  const away = (): void => {
    if (!gone) listener('away')
    gone = true
  }
  const back = (): void => {
    if (!gone) return
    gone = false
    listener('back')
    if (page?.visibilityState === 'hidden') listener('hidden')
  }
  on(page, 'visibilitychange', seen)
  on(page, 'freeze', away)
  on(page, 'resume', back)
  on(globalThis, 'pagehide', away)
  on(globalThis, 'pageshow', (event) => (event as PageTransitionEvent).persisted && back())
  on(globalThis, 'online', () => listener('online'))
  on(globalThis, 'offline', () => listener('offline'))
  if (page?.visibilityState === 'hidden') listener('hidden')
  return () => stop.abort()
}
