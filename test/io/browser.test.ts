import { afterEach, describe, expect, it, vi } from 'vitest'
import { browserHost } from '../../src/io/browser.ts'
import { enterDialQueue } from '../../src/io/dial-queue.ts'
import type { PageFact } from '../../src/io/host.ts'
import { createTestWorld } from '../../src/testing/index.ts'

afterEach(() => vi.unstubAllGlobals())

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

describe('a timer of the browser’s host', () => {
  /** What ran of a timer that the next timer of the same moment cancels. */
  async function cancelledAtOnce(visibility: 'visible' | 'hidden'): Promise<string[]> {
    page(visibility).stop()
    const ran: string[] = []
    const cancel = browserHost().timer(() => ran.push('first'), 0)
    setTimeout(() => {
      ran.push('second')
      cancel()
    }, 0)
    await new Promise<void>((resolve) => browserHost().timer(resolve, 5))
    return ran
  }

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
