/**
 * `heartwire/testing`: the in-memory host. Your application's sessions and the emulators meet in one process, in virtual
 * time: an hour takes milliseconds, and nothing waits on a real clock.
 */
import type { Provider, World } from '../emulator/provider.ts'
import type { Host, PageFact, SocketLike } from '../io/host.ts'
import { VirtualClock } from './clock.ts'
import { MemorySocket } from './memory-socket.ts'

export interface TestWorldOptions {
  /** Seed of everything that is chance. Default: 1. */
  readonly seed?: number
  /** Epoch milliseconds at the start. Default: 2026-01-01. */
  readonly epoch?: number
}

/** What is in a test world that a test may count. */
export interface Census {
  readonly fetches: number
  readonly sockets: number
  /** Sockets that are connecting or open now. */
  readonly openSockets: number
  readonly timers: number
  readonly pageListeners: number
  /** What listeners threw. */
  readonly reported: readonly unknown[]
}

export interface TestWorld {
  /** Give it to `createSession` as `host`. Its page is one of `https://app.test`: relative addresses and `Origin` are of it. */
  readonly host: Host
  /** Give it to an emulator as `world`. */
  readonly world: World
  /** Serves an origin (`https://api.hume.ai`; its wss: twin too) from a provider, or from a plain function. */
  serve(origin: string, server: Provider | ((request: Request) => Promise<Response>)): void
  /** Lets virtual time pass. */
  advance(ms: number): Promise<void>
  /** Lets everything asynchronous come to rest without letting time pass. */
  settle(): Promise<void>
  /** The device sleeps: servers go on, its monotonic clock stands still. */
  sleep(ms: number): Promise<void>
  /** Sets the device's wall clock off by so much. */
  skewWall(ms: number): void
  /** Something happens to the page. */
  page(fact: PageFact): void
  readonly census: Census
}

/**
 * A fetch that has not answered for this long waits for virtual time, or for ever. Measured in the processor time that this
 * process was given, where that can be known: on a busy machine a signature on another thread may take long by the clock.
 */
const parkedMs = 100
function ownMs(): number {
  const { process } = globalThis as { process?: { cpuUsage?: () => { user: number; system: number } } }
  const used = process?.cpuUsage?.()
  return used ? (used.user + used.system) / 1000 : performance.now()
}

export function createTestWorld({ seed = 1, epoch = Date.UTC(2026, 0, 1) }: TestWorldOptions = {}): TestWorld {
  const servers = new Map<string, Provider | ((request: Request) => Promise<Response>)>()
  const pages = new Set<(fact: PageFact) => void>()
  const pending = new Set<{ since: number }>()
  const reported: unknown[] = []
  const sockets: SocketLike[] = []
  const random = mulberry(seed)
  const inRounds = rounds()
  let fetches = 0

  const settle = (): Promise<void> =>
    inRounds(async (nextTask) => {
      for (let quiet = 0; quiet < 3;) {
        await nextTask()
        const now = ownMs()
        const busy = [...pending].some(({ since }) => now - since < parkedMs)
        quiet = busy ? 0 : quiet + 1
      }
    })

  /** Counts work that goes on outside virtual time: signatures are made on another thread. */
  async function track<T>(work: Promise<T>): Promise<T> {
    const entry = { since: ownMs() }
    pending.add(entry)
    try {
      return await work
    } finally {
      pending.delete(entry)
    }
  }

  const clock = new VirtualClock(settle)
  const serverOf = (url: URL): Provider | ((request: Request) => Promise<Response>) | null =>
    servers.get(url.origin.replace(/^ws/, 'http')) ?? null

  const host: Host = {
    monotonic: () => clock.monotonic(),
    wall: () => epoch + clock.now() + clock.skew(),
    random,
    timer: (run, ms) => clock.timer(run, ms, true),
    fetch(url, init) {
      fetches++
      const address = new URL(url, 'https://app.test')
      const server = serverOf(address)
      if (!server) return Promise.reject(new TypeError('fetch failed'))
      const { signal } = init
      const headers = new Headers(init.headers)
      if (!headers.has('origin')) headers.set('origin', 'https://app.test')
      const request = new Request(address, { ...init, headers })
      const answer = track(typeof server === 'function' ? server(request) : server.fetch(request))
      if (!signal) return answer
      return new Promise((resolve, reject) => {
        const abort = (): void => reject(signal.reason as Error)
        if (signal.aborted) return abort()
        signal.addEventListener('abort', abort, { once: true })
        answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
      })
    },
    socket(url, protocols) {
      const address = new URL(url)
      const server = serverOf(address)
      const socket = new MemorySocket(typeof server === 'function' ? null : server, address, protocols, 'https://app.test', track)
      sockets.push(socket)
      return socket
    },
    page(listener) {
      pages.add(listener)
      return () => pages.delete(listener)
    },
    report: (error) => void reported.push(error),
  }

  return {
    host,
    world: { now: () => epoch + clock.now(), timer: (run, ms) => clock.timer(run, ms, false), random },
    serve(origin, server) {
      servers.set(new URL(origin).origin.replace(/^ws/, 'http'), server)
    },
    advance: (ms) => clock.advance(ms),
    settle,
    sleep: (ms) => clock.sleep(ms),
    skewWall: (ms) => clock.setSkew(ms),
    page(fact) {
      for (const listener of pages) listener(fact)
    },
    get census() {
      return {
        fetches,
        sockets: sockets.length,
        openSockets: sockets.filter(({ readyState }) => readyState < 2).length,
        timers: clock.pending,
        pageListeners: pages.size,
        reported,
      }
    },
  }
}

/** Rounds of tasks, for as many callers at once as there are. One channel serves all: to make one takes longer than to use it. */
function rounds(): (run: (nextTask: () => Promise<void>) => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = []
  let channel: MessageChannel | null = null
  let callers = 0
  return async (run) => {
    const { port1, port2 } = (channel ??= new MessageChannel())
    port1.onmessage ??= () => waiting.shift()?.()
    callers++
    try {
      await run(() => new Promise((resolve) => (waiting.push(resolve), port2.postMessage(0))))
    } finally {
      // Without a listener it keeps no process alive.
      if (--callers === 0) port1.onmessage = null
    }
  }
}

/** Mulberry32: small, seeded, good enough for jitter. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
