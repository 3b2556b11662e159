/** What a conversation is told and tells, frame by frame: control frames at their edges, and the cursor. */
import { describe, expect, it } from 'vitest'
import { definePreset } from '../../src/index.ts'
import type { Control, Preset, SocketLike } from '../../src/index.ts'
import { received } from '../../src/protocol/cursor.ts'
import { acceptsEverybody, providerUrl, story, storyOf } from './backends.ts'
import type { Story } from './backends.ts'

type In = { type: string; id?: string }

/** A provider that says what `control` is to say. */
const told = (own: Partial<Preset<Control>> = {}): Preset<Control> =>
  definePreset<Control, unknown>({
    name: 'told',
    docs: '',
    url: () => providerUrl,
    token: { kind: 'ticket' },
    ready: 'frame',
    control: (frame) => frame,
    continuity: { kind: 'query', name: 'resume' },
    ...own,
  })

describe('a ready frame', () => {
  it.each([
    [{ continuity: 'c1' }, true],
    [{ continuity: 'c2' }, false],
    [{ continuity: 'c2', resumed: true }, true],
    [{ continuity: 'c1', resumed: false }, false],
    [{}, false],
  ])('says whether the conversation c1 goes on: %j', async (second, resumed) => {
    const heard: boolean[] = []
    const provider = acceptsEverybody({ is: 'ready', continuity: 'c1', resumed: true })
    const it = await storyOf(told(), { provider }, { onReady: (ready) => heard.push(ready.resumed) }).connected()
    it.provider.now(acceptsEverybody({ is: 'ready', ...second }))
    it.provider.drop()
    await it.advance(5000)
    // Nothing was offered to the first link, whatever it says.
    expect([heard, it.notices.length]).toEqual([[false, resumed], resumed ? 0 : 1])
  })

  it('takes back the spread of the one before it, and so does a goaway that tells none', async () => {
    for (const last of [{ is: 'ready' }, { is: 'goaway' }]) {
      const it = await storyOf(told(), { provider: acceptsEverybody({ is: 'ready', spreadMs: 20_000 }), random: () => 0.5 }).connected()
      await it.advance(61_000)
      it.provider.say(last)
      await it.world.settle()
      it.provider.drop()
      await it.advance(0)
      expect(it.now).toBe('connected')
    }
  })
})

describe('a spread', () => {
  it('is of one link: the next that opens has none until it is told', async () => {
    const it = await storyOf(told({ ready: 'open' }), { random: () => 0.5 }).connected()
    it.provider.say({ is: 'goaway', spreadMs: 20_000 })
    await it.advance(61_000)
    it.provider.drop()
    await it.advance(10_000)
    await it.advance(61_000)
    it.provider.drop()
    await it.advance(0)
    expect([it.now, it.provider.upgrades.length]).toEqual(['connected', 3])
  })
})

describe('a ready frame of a preset without continuity', () => {
  it('may tell an id, and nothing is offered', async () => {
    const preset = definePreset<Control, unknown>({
      name: 'told',
      docs: '',
      url: () => providerUrl,
      token: { kind: 'ticket' },
      ready: 'frame',
      control: (frame) => frame,
    })
    const it = await storyOf(preset, { provider: acceptsEverybody({ is: 'ready', continuity: 'c1' }) }).connected()
    it.provider.drop()
    await it.advance(5000)
    expect([it.now, [...it.provider.upgrades[1]!.url.searchParams.keys()]]).toEqual(['connected', ['access_token']])
  })
})

describe('a session that each link replaces', () => {
  it('says so, and of each message what it was lost to', async () => {
    const it = await storyOf(told({ continuity: { kind: 'replace' } }), { provider: acceptsEverybody({ is: 'ready' }) }).connected()
    it.provider.drop()
    await it.world.settle()
    it.session.send({ n: 1 })
    await it.advance(5000)
    expect(it.notices).toEqual([
      { name: 'session-replaced' },
      { name: 'gap', reason: 'session-replaced' },
      { name: 'dropped', message: { n: 1 }, reason: 'session-replaced' },
    ])
  })

  it('is not replaced by the first link after close()', async () => {
    const it = await storyOf(told({ continuity: { kind: 'replace' } }), { provider: acceptsEverybody({ is: 'ready' }) }).connected()
    await it.leftovers()
    await it.connected()
    expect(it.notices).toEqual([])
  })

  it('begins nothing for a listener that closes it when told so', async () => {
    let begun = 0
    const preset = told({ continuity: { kind: 'replace' } })
    const it = await storyOf(preset, { provider: acceptsEverybody({ is: 'ready' }) }, { onReady: () => void begun++ }).connected()
    const off = it.session.on('notice', ({ name }) => void (name === 'gap' && it.session.close()))
    it.provider.drop()
    await it.advance(5000)
    expect([it.now, begun, it.notices.length]).toEqual(['closed', 1, 2])
    off()
    await it.connected()
    expect([begun, it.notices.length]).toEqual([2, 2])
    it.provider.drop()
    await it.advance(5000)
    expect([it.now, begun]).toEqual(['connected', 3])
  })
})

describe('bytes', () => {
  it('are no control frame and have no number; they are the application’s alone', async () => {
    const asked: unknown[] = []
    const it = await storyOf<ArrayBuffer, unknown>(
      definePreset<ArrayBuffer, unknown>({
        name: 'bytes',
        docs: '',
        url: () => providerUrl,
        token: { kind: 'ticket' },
        control: (frame) => void asked.push(['control', frame]),
        continuity: { kind: 'cursor', name: 'cursor', receive: (_cursor, frame) => void asked.push(['receive', frame]) },
      }),
    ).connected()
    for (const peer of it.provider.peers) peer.send(new Uint8Array([7]))
    it.provider.say({ n: 1 })
    await it.world.settle()
    expect(it.messages).toEqual([new Uint8Array([7]).buffer, { n: 1 }])
    expect(asked).toEqual([
      ['receive', { n: 1 }],
      ['control', { n: 1 }],
    ])
  })
})

describe('a cursor', () => {
  const numbered = (every: number): Preset<object> =>
    definePreset<object, unknown>({
      name: 'numbered',
      docs: '',
      url: () => providerUrl,
      ready: 'frame',
      token: { kind: 'ticket', placement: { in: 'first-frame', frame: (token, _handle, cursor) => ({ hello: token, cursor }) } },
      continuity: {
        kind: 'cursor',
        name: 'cursor',
        receive: (at, frame) => received(at, frame as object),
        acknowledge: { every, frame: (cursor) => ({ ack: cursor }) },
      },
      control: (frame) => ((frame as In).type === 'ready' ? { is: 'ready', continuity: 's.5', resumed: true } : undefined),
    })
  const event = (seq: number): object => ({ type: 'event', seq, after: seq - 1 })

  it('in the first frame is not in the address as well', async () => {
    const it = await storyOf(numbered(1), { provider: acceptsEverybody({ type: 'ready' }) }).connected()
    it.provider.drop()
    await it.advance(5000)
    expect(it.provider.upgrades.map(({ url }) => url.search)).toEqual(['', ''])
    expect(it.provider.heard.map((frame) => (frame as { cursor?: string }).cursor)).toEqual([undefined, 's.5'])
  })

  it('is acknowledged once in so many events, counted anew at each link', async () => {
    const it = await storyOf(numbered(3), { provider: acceptsEverybody({ type: 'ready' }) }).connected()
    const acks = (): unknown[] => it.provider.heard.filter((frame) => 'ack' in (frame as object))
    for (const seq of [6, 7]) it.provider.say(event(seq))
    await it.world.settle()
    expect(acks()).toEqual([])
    it.provider.drop()
    await it.advance(5000)
    for (const seq of [6, 7]) it.provider.say(event(seq))
    await it.world.settle()
    expect(acks()).toEqual([])
    for (const seq of [8, 9, 10, 11]) it.provider.say(event(seq))
    await it.world.settle()
    expect(acks()).toEqual([{ ack: 's.8' }, { ack: 's.11' }])
  })
})

describe('a frame whose check throws', () => {
  it('is bad, and says so and how long it was', async () => {
    const broken = new Error('mine')
    const envelope = (): never => {
      throw broken
    }
    const it = await storyOf(told({ ready: 'open', messages: { envelope } })).connected()
    it.provider.say('{"ä":1}')
    await it.world.settle()
    expect([it.notices, it.messages, it.world.census.reported]).toEqual([
      [{ name: 'bad-frame', issue: 'the check of this frame threw', bytes: 8 }],
      [],
      [broken],
    ])
  })
})

describe('control', () => {
  it('that throws is reported, and the frame is a message like any other', async () => {
    const broken = new Error('mine')
    const control = (): never => {
      throw broken
    }
    const it = await storyOf(told({ ready: 'open', control })).connected()
    it.provider.say({ n: 1 })
    await it.world.settle()
    expect([it.messages, it.world.census.reported, it.now]).toEqual([[{ n: 1 }], [broken], 'connected'])
  })

  it('may be missing', async () => {
    const it = await storyOf(definePreset({ name: 'plain', docs: '', url: () => providerUrl, token: { kind: 'ticket' } })).connected()
    it.provider.say({ n: 1 })
    await it.world.settle()
    expect([it.messages, it.world.census.reported]).toEqual([[{ n: 1 }], []])
  })
})

describe('what was to be sent', () => {
  it('stays where onReady pauses the session, and goes out when it is resumed', async () => {
    let pauses = true
    const it: Story = story({}, { onReady: () => pauses && it.session.pause() })
    it.session.send({ n: 1 })
    void it.session.connect()
    await it.world.settle()
    expect([it.now, it.provider.heard, it.world.census.reported]).toEqual(['paused(asked)', [], []])
    pauses = false
    it.session.resume()
    await it.world.settle()
    expect(it.provider.heard).toEqual([{ n: 1 }])
  })

  it('waits where the browser is closing its socket already', async () => {
    const sockets: SocketLike[] = []
    const it = await story({
      host: (host) => ({
        ...host,
        socket: (url, protocols) => sockets[sockets.push(host.socket(url, protocols)) - 1]!,
      }),
    }).connected()
    Object.assign(sockets[0]!, { readyState: 2 })
    expect(it.session.send({ n: 1 })).toBe('queued')
    it.provider.drop()
    await it.advance(5000)
    expect(it.provider.heard).toEqual([{ n: 1 }])
  })

  it('and grew too old on the way is told of when the rest has gone out', async () => {
    const it = story<In>({}, { ready: ({ type }) => type === 'ready' })
    it.session.on('notice', () => it.session.send({ from: 'the listener' }))
    it.session.send({ n: 1 })
    await it.advance(25_000)
    it.session.send({ n: 2 })
    void it.session.connect()
    await it.advance(6000)
    it.provider.say({ type: 'ready' })
    await it.world.settle()
    expect(it.provider.heard).toEqual([{ n: 2 }, { from: 'the listener' }])
    expect(it.notices).toEqual([{ name: 'dropped', message: { n: 1 }, reason: 'too-old' }])
  })
})
