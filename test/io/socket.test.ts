import { describe, expect, it } from 'vitest'
import type { SocketLike } from '../../src/io/host.ts'
import { Socket } from '../../src/io/socket.ts'
import { createTestWorld } from '../../src/testing/index.ts'

type Browser = Omit<SocketLike, 'bufferedAmount' | 'readyState'> & {
  bufferedAmount: number
  readyState: number
} & Record<'onopen' | 'onmessage' | 'onclose' | 'onerror', ((event: unknown) => void) | null>

/** A browser's socket, held in the hand. */
function opened() {
  const world = createTestWorld()
  const sent: unknown[] = []
  const closes: unknown[][] = []
  let held = 0
  const browser: Browser = {
    readyState: 1,
    bufferedAmount: 0,
    binaryType: 'blob',
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    send(data: unknown) {
      sent.push(data)
      browser.bufferedAmount = held
    },
    close: (...all: unknown[]) => void closes.push(all),
  }
  const told: unknown[] = []
  const socket = new Socket(
    { ...world.host, socket: () => browser },
    { url: 'wss://provider.test/', protocols: [] },
    { open: () => told.push('open'), message: (data) => told.push(data), close: (code) => told.push(code) },
  )
  /** Gives it a frame; of that and of what was before, the browser then holds so many bytes. */
  const send = (bytes = 0): boolean => {
    held = bytes
    return socket.send('frame')
  }
  let gone = false
  void socket.gone.then(() => (gone = true))
  return { world, browser, socket, sent, closes, told, send, isGone: () => gone }
}

describe('a socket', () => {
  it('asks for bytes that can be read at once, and tells of what happens', () => {
    const { browser, told } = opened()
    expect(browser.binaryType).toBe('arraybuffer')
    browser.onopen!({})
    browser.onmessage!({ data: 'hello' })
    browser.onerror!({})
    browser.onclose!({ code: 4000 })
    expect(told).toEqual(['open', 'hello', 4000])
  })

  it('knows when it last heard something', async () => {
    const { world, browser, socket } = opened()
    await world.advance(5000)
    expect(socket.heardAt).toBe(0)
    browser.onmessage!({ data: 'hello' })
    await world.advance(5000)
    expect(socket.heardAt).toBe(5000)
  })

  it.each([0, 2, 3])('gives nothing to the browser in the state %d', (state) => {
    const { browser, send, sent } = opened()
    expect(send()).toBe(true)
    browser.readyState = state
    expect(send()).toBe(false)
    expect(sent).toEqual(['frame'])
  })

  it('is gone with its close, and after a farewell of 1000 that nobody hears of', async () => {
    for (const retired of [false, true]) {
      const { world, browser, socket, closes, told, isGone } = opened()
      if (retired) socket.retire()
      expect([browser.onopen, browser.onmessage].map((each) => each === null)).toEqual([retired, retired])
      await world.settle()
      expect(isGone()).toBe(false)
      browser.onclose!({ code: 1006 })
      await world.settle()
      expect([isGone(), closes, told]).toEqual([true, retired ? [[1000]] : [], retired ? [] : [1006]])
    }
  })

  it('is retired where the browser will not even close it', () => {
    const { browser, socket } = opened()
    browser.close = () => {
      throw new DOMException('no', 'InvalidAccessError')
    }
    expect(() => socket.retire()).not.toThrow()
  })
})

describe('a socket that holds back what it was given', () => {
  it('is stalled after 20 s, not before, and not with empty hands', async () => {
    const { world, socket, send } = opened()
    send(10)
    await world.advance(19_999)
    expect(socket.stalled()).toBe(false)
    await world.advance(1)
    expect(socket.stalled()).toBe(true)
    send(0)
    expect(socket.stalled()).toBe(false)
  })

  it('has moved when there is less before a message than there was after the last one', async () => {
    const { world, browser, socket, send } = opened()
    send(10)
    await world.advance(15_000)
    browser.bufferedAmount = 9
    send(19)
    await world.advance(15_000)
    expect(socket.stalled()).toBe(false)
    send(29)
    await world.advance(5000)
    expect(socket.stalled()).toBe(true)
  })

  it('is not stalled by its first message after a long silence', async () => {
    const { world, socket, send } = opened()
    await world.advance(60_000)
    send(10)
    expect(socket.stalled()).toBe(false)
    await world.advance(20_000)
    expect(socket.stalled()).toBe(true)
  })
})
