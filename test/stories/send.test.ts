import { describe, expect, it } from 'vitest'
import type { SocketLike } from '../../src/index.ts'
import type { MemorySocket } from '../../src/testing/memory-socket.ts'
import { hangsHandshake, isSilent, nothing, refuses, Story, story, storyOf } from './backends.ts'
import { definePreset } from '../../src/index.ts'

describe('send', () => {
  it('gives a message to the browser while connected', async () => {
    const it = await story().connected()
    expect(it.session.send({ hello: 1 })).toBe('sent')
    expect(it.session.send('"as it is"')).toBe('sent')
    expect(it.session.send(new Uint8Array([1, 2]))).toBe('sent')
    await it.world.settle()
    expect(it.provider.heard).toEqual([{ hello: 1 }, 'as it is', new Uint8Array([1, 2])])
  })

  it('queues while not connected, and keeps the order', async () => {
    const it = story()
    expect([it.session.send({ n: 1 }), it.session.send({ n: 2 })]).toEqual(['queued', 'queued'])
    await it.connected()
    it.session.send({ n: 3 })
    await it.world.settle()
    expect(it.provider.heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  it('queues through a reconnect and a pause', async () => {
    const it = await story().connected()
    it.provider.drop()
    await it.world.settle()
    expect(it.session.send({ n: 1 })).toBe('queued')
    it.session.pause()
    expect(it.session.send({ n: 2 })).toBe('queued')
    it.session.resume()
    await it.world.settle()
    expect(it.provider.heard).toEqual([{ n: 1 }, { n: 2 }])
  })

  it('keeps at most 64 messages', async () => {
    const it = story()
    const said = Array.from({ length: 66 }, (_, n) => it.session.send({ n }))
    expect([said.filter((word) => word === 'queued').length, said.at(-1)]).toEqual([64, 'dropped'])
    expect(it.notices).toEqual([64, 65].map((n) => ({ name: 'dropped', message: { n }, reason: 'queue-full' })))
    await it.connected()
    expect(it.provider.heard).toHaveLength(64)
  })

  it('keeps at most 64 KiB, counted as the wire counts', () => {
    const it = story()
    const text = JSON.stringify('ä'.repeat(16 * 1024 - 1))
    expect([it.session.send(text), it.session.send(text), it.session.send('""')]).toEqual(['queued', 'queued', 'dropped'])
    const other = story()
    expect([other.session.send(new Uint8Array(64 * 1024)), other.session.send('1')]).toEqual(['queued', 'dropped'])
  })

  it('keeps what a buffer held when it was sent', async () => {
    const it = story()
    const bytes = new Uint8Array([1, 2, 3])
    it.session.send(bytes)
    bytes.fill(9)
    await it.connected()
    expect(it.provider.heard).toEqual([new Uint8Array([1, 2, 3])])
  })

  it('keeps nothing for more than 30 s', async () => {
    const it = story({ provider: hangsHandshake() })
    void it.session.connect()
    it.session.send({ n: 1 })
    await it.advance(20_000)
    it.session.send({ n: 2 })
    await it.advance(20_000)
    expect(it.notices).toEqual([{ name: 'dropped', message: { n: 1 }, reason: 'too-old' }])
    expect(it.provider.heard).toEqual([])
  })

  it('drops when closed or failed, and says what was queued', async () => {
    const it = story({ tokens: isSilent() })
    void it.session.connect()
    it.session.send({ n: 1 })
    void it.session.close()
    expect(it.notices).toEqual([{ name: 'dropped', message: { n: 1 }, reason: 'closed' }])
    expect(it.session.send({ n: 2 })).toBe('dropped')
    const failing = story({ tokens: refuses('forbidden') })
    failing.session.send({ n: 3 })
    await failing.outcome(failing.session.connect())
    expect(failing.notices).toEqual([{ name: 'dropped', message: { n: 3 }, reason: 'failed' }])
    expect(failing.session.send({ n: 4 })).toBe('dropped')
  })

  it('drops what goes stale, and only the return value says so', async () => {
    const preset = definePreset<unknown, { audio?: string; text?: string }>({
      name: 'stale',
      docs: '',
      url: () => 'wss://provider.test/live',
      token: { kind: 'ticket' },
      messages: { stale: (message) => message instanceof Uint8Array || 'audio' in message },
    })
    const it = storyOf(preset)
    expect([it.session.send({ audio: 'aa' }), it.session.send(new Uint8Array(2)), it.session.send({ text: 'hello' })]).toEqual([
      'dropped',
      'dropped',
      'queued',
    ])
    expect(it.notices).toEqual([])
    await it.connected()
    expect(it.session.send({ audio: 'bb' })).toBe('sent')
    await it.world.settle()
    expect(it.provider.heard).toEqual([{ text: 'hello' }, { audio: 'bb' }])
  })

  it('throws for a preset without a socket, and for what JSON cannot carry', () => {
    const preset = definePreset({ name: 'lease only', docs: '', token: { kind: 'lease' }, heartbeat: { intervalMs: 60_000 } })
    expect(() => storyOf(preset).session.send({})).toThrow(TypeError)
    expect(() => story().session.send(() => {})).toThrow(TypeError)
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    expect(() => story().session.send(loop)).toThrow(TypeError)
  })
})

describe('a socket that does not move', () => {
  /** A world whose sockets hold back what is sent, as a browser does. */
  const holding = (): { it: Story; sockets: (MemorySocket & { held: number })[]; drain: (bytes: number) => void } => {
    const sockets: (MemorySocket & { held: number })[] = []
    const it = new Story({}, ({ host, tokenSource }) => ({
      url: 'wss://provider.test/live',
      tokenSource,
      host: {
        ...host,
        socket(url: string, protocols: string[]): SocketLike {
          const socket = host.socket(url, protocols) as MemorySocket & { held: number }
          const send = socket.send.bind(socket)
          socket.held = 0
          socket.send = (data) => {
            socket.bufferedAmount += typeof data === 'string' ? data.length : data.byteLength
            send(data)
          }
          sockets.push(socket)
          return socket
        },
      },
    }))
    const drain = (bytes: number): void => {
      for (const socket of sockets) socket.bufferedAmount = Math.max(0, socket.bufferedAmount - bytes)
    }
    return { it, sockets, drain }
  }

  it('is given up after 20 s, when the next message shows it', async () => {
    const { it } = holding()
    await it.connected()
    for (let second = 0; second <= 20; second++) {
      expect(it.session.send({ second })).toBe('sent')
      await it.advance(1000)
    }
    expect(it.path).toEqual(['connecting', 'connected', 'reconnecting', 'connected'])
  })

  it('is not mistaken for one that sends equal frames as fast as they come', async () => {
    const { it, drain } = holding()
    await it.connected()
    for (let i = 0; i < 600; i++) {
      it.session.send({ audio: 'the same length' })
      await it.advance(50)
      drain(Infinity)
    }
    expect(it.path).toEqual(['connecting', 'connected'])
  })

  it('is not mistaken for a slow one', async () => {
    const { it, drain } = holding()
    await it.connected()
    for (let i = 0; i < 60; i++) {
      it.session.send({ audio: 'x'.repeat(1000) })
      await it.advance(1000)
      drain(500)
    }
    expect(it.path).toEqual(['connecting', 'connected'])
    expect(await it.leftovers()).toEqual(nothing)
  })
})
