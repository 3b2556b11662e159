import { afterEach, describe, expect, it, vi } from 'vitest'
import { browserHost } from '../../src/io/browser.ts'
import { enterDialQueue } from '../../src/io/dial-queue.ts'
import type { PageFact } from '../../src/io/host.ts'
import { createTestWorld } from '../../src/testing/index.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** As much of a page as the host looks at. */
function page(visibilityState: 'visible' | 'hidden' = 'visible') {
  const document = Object.assign(new EventTarget(), { visibilityState })
  vi.stubGlobal('document', document)
  const target = new EventTarget()
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target))
  vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target))
  const facts: PageFact[] = []
  const stop = browserHost().page((fact) => facts.push(fact))
  return { document, window: target, facts, stop }
}

describe('the browser’s host', () => {
  it('tells facts and hints apart, and stops', () => {
    const { document, window, facts, stop } = page()
    document.dispatchEvent(new Event('freeze'))
    document.dispatchEvent(new Event('resume'))
    document.visibilityState = 'hidden'
    document.dispatchEvent(new Event('visibilitychange'))
    document.visibilityState = 'visible'
    document.dispatchEvent(new Event('visibilitychange'))
    window.dispatchEvent(new Event('pagehide'))
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
    window.dispatchEvent(new Event('offline'))
    window.dispatchEvent(new Event('online'))
    expect(facts).toEqual(['away', 'back', 'hidden', 'visible', 'away', 'back', 'offline', 'online'])
    stop()
    document.dispatchEvent(new Event('freeze'))
    window.dispatchEvent(new Event('online'))
    expect(facts).toHaveLength(8)
  })

  it('says at once that the page is hidden', () => {
    expect(page('hidden').facts).toEqual(['hidden'])
  })

  it('is one for all who change nothing, and says what is missing', () => {
    expect(browserHost()).toBe(browserHost({}))
    vi.stubGlobal('WebSocket', undefined)
    expect(() => browserHost().socket('wss://x.test', [])).toThrow(/webSocket/)
  })

  it('constructs the socket that it was given, with subprotocols only where there are some', () => {
    const made: unknown[][] = []
    const webSocket = function (...all: unknown[]) {
      made.push(all)
    } as never
    const host = browserHost({ webSocket })
    host.socket('wss://x.test', [])
    host.socket('wss://x.test', ['v1'])
    expect(made).toEqual([['wss://x.test'], ['wss://x.test', ['v1']]])
  })
})

describe('what the browser’s host gives', () => {
  it('is the clock, the chance and the network of the page, looked for when they are used', async () => {
    const host = browserHost({ webSocket: function () {} as never })
    vi.spyOn(performance, 'now').mockReturnValue(1.5)
    vi.spyOn(Date, 'now').mockReturnValue(2)
    vi.spyOn(Math, 'random').mockReturnValue(0.25)
    const asked: unknown[][] = []
    const response = new Response()
    vi.stubGlobal('fetch', async (...all: unknown[]) => (asked.push(all), response))
    expect([host.monotonic(), host.wall(), host.random()]).toEqual([1.5, 2, 0.25])
    expect(await host.fetch('/token', { method: 'POST' })).toBe(response)
    expect(asked).toEqual([['/token', { method: 'POST' }]])
  })

  it('is the page’s own socket where none was given', () => {
    const made: unknown[][] = []
    vi.stubGlobal('WebSocket', function (...all: unknown[]) {
      made.push(all)
    })
    browserHost().socket('wss://x.test', ['v1'])
    expect(made).toEqual([['wss://x.test', ['v1']]])
  })

  it('is another for whom brings a socket or a fetch; handshakes are counted by socket, not by fetch', () => {
    const fetch = (): Promise<Response> => Promise.resolve(new Response())
    const webSocket = function () {} as never
    const [plain, withFetch, withSocket] = [browserHost(), browserHost({ fetch }), browserHost({ webSocket })]
    expect(withFetch.fetch).toBe(fetch)
    expect([withFetch, withSocket].includes(plain)).toBe(false)
    expect(browserHost()).toBe(plain)
    expect([withFetch.engine === plain.engine, withSocket.engine]).toEqual([true, webSocket])
  })

  it('gives what was thrown to reportError, or throws it outside', async () => {
    const mine = new Error('mine')
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    browserHost().report(mine)
    expect(reported).toEqual([mine])
    vi.stubGlobal('reportError', undefined)
    const tasks: (() => void)[] = []
    vi.stubGlobal('queueMicrotask', (task: () => void) => tasks.push(task))
    browserHost().report(mine)
    expect(tasks).toHaveLength(1)
    expect(tasks[0]).toThrow(mine)
  })
})

describe('a page that comes back', () => {
  it('is said to be hidden where it still is, and comes back once', () => {
    const { document, window, facts } = page()
    window.dispatchEvent(new Event('pagehide'))
    document.dispatchEvent(new Event('freeze'))
    document.visibilityState = 'hidden'
    document.dispatchEvent(new Event('resume'))
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
    expect(facts).toEqual(['away', 'back', 'hidden'])
  })

  it('was never away where it was only loaded', () => {
    const { document, window, facts } = page()
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
    document.dispatchEvent(new Event('resume'))
    expect(facts).toEqual([])
    window.dispatchEvent(new Event('pagehide'))
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
    expect(facts).toEqual(['away'])
  })
})

describe('without a document', () => {
  it('online and offline are told where there are such events, and nothing is where there are none', () => {
    const worker = new EventTarget()
    vi.stubGlobal('addEventListener', worker.addEventListener.bind(worker))
    const facts: PageFact[] = []
    const stop = browserHost().page((fact) => facts.push(fact))
    worker.dispatchEvent(new Event('offline'))
    worker.dispatchEvent(new Event('online'))
    stop()
    worker.dispatchEvent(new Event('online'))
    expect(facts).toEqual(['offline', 'online'])
    vi.stubGlobal('addEventListener', undefined)
    expect(() => browserHost().page(() => {})()).not.toThrow()
  })
})

describe('a timer of the browser’s host', () => {
  /** What ran of a timer that the next timer of the same moment cancels. */
  async function cancelledAtOnce(visibility: 'visible' | 'hidden'): Promise<string[]> {
    page(visibility).stop()
    // Both are due in the same moment, however busy the machine is.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const ran: string[] = []
    const cancel = browserHost().timer(() => ran.push('first'), 0)
    setTimeout(() => {
      ran.push('second')
      cancel()
    }, 0)
    const last = new Promise<void>((resolve) => browserHost().timer(resolve, 5))
    vi.advanceTimersByTime(5)
    await last
    return ran
  }

  it('runs where there is no document, and never at once', async () => {
    const ran: string[] = []
    const due = new Promise<void>((resolve) => browserHost().timer(() => resolve(void ran.push('timer')), 0))
    ran.push('set')
    await due
    expect(ran).toEqual(['set', 'timer'])
  })

  it('runs in the timer of a page that can be seen', async () => {
    expect(await cancelledAtOnce('visible')).toEqual(['first', 'second'])
  })

  it('runs after it where the page is hidden, in no chain of timers, and can be cancelled until then', async () => {
    expect(await cancelledAtOnce('hidden')).toEqual(['second'])
  })
})

describe('the dial queue', () => {
  it('lets six go, and one more for each that is done, origin by origin', () => {
    const { host } = createTestWorld()
    const dialled: string[] = []
    const leaves = Array.from({ length: 8 }, (_, i) => enterDialQueue(host, 'wss://a.test', () => dialled.push(`a${i}`)))
    enterDialQueue(host, 'wss://b.test', () => dialled.push('b'))
    expect(dialled).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'b'])
    leaves[7]!()
    leaves[0]!()
    leaves[0]!()
    expect(dialled.at(-1)).toBe('a6')
    for (const leave of leaves) leave()
    expect(dialled).toHaveLength(8)
  })
})
