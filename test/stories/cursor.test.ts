import { describe, expect, it } from 'vitest'
import { createTokenSource, definePreset } from '../../src/index.ts'
import { received } from '../../src/protocol/cursor.ts'
import { createTestWorld } from '../../src/testing/index.ts'
import { acceptsEverybody, answersTokens, Backend, FakeProvider, hostOf, storyOf } from './backends.ts'

describe('a stream of numbered events', () => {
  const numbered = definePreset<object, { n: number }>({
    name: 'numbered',
    docs: 'https://example.com',
    url: () => 'wss://provider.test/live',
    ready: 'frame',
    token: { kind: 'ticket', placement: { in: 'first-frame', frame: (token, _handle, cursor) => ({ hello: token, cursor }) } },
    continuity: {
      kind: 'cursor',
      name: 'cursor',
      receive: (at, frame) => received(at, frame as object),
      acknowledge: { every: 2, frame: (cursor) => ({ ack: cursor }) },
    },
    control: (frame) => {
      const { type, cursor, resumed } = frame as unknown as { type: string; cursor: string; resumed: boolean }
      return type === 'ready' ? { is: 'ready', continuity: cursor, resumed } : undefined
    },
    messages: {
      unwrap: (frame) => ((frame as { type: string }).type === 'event' ? frame : undefined),
      wrap: (message) => ({ wrapped: message }),
    },
  })
  const event = (seq: number, after: number): object => ({ type: 'event', seq, after })
  const begun = (cursor: string, resumed = false): object => ({ type: 'ready', cursor, resumed })
  const connected = () => storyOf(numbered, { provider: acceptsEverybody(begun('s.5')) }).connected()

  it('is delivered once and in order; a hole is said before what follows it', async () => {
    const it = await connected()
    for (const frame of [event(6, 5), event(6, 5), event(7, 6), event(7, 6), event(12, 9), { type: 'gap', cursor: 's.20' }])
      it.provider.say(frame)
    await it.world.settle()
    expect(it.messages).toEqual([event(6, 5), event(7, 6), event(12, 9)])
    expect(it.notices).toEqual([
      { name: 'gap', reason: 'missed' },
      { name: 'gap', reason: 'missed' },
    ])
  })

  it('is acknowledged, and goes on at the next socket where it was left, a position without an event included', async () => {
    const it = await connected()
    for (const frame of [event(6, 5), event(7, 6), { type: 'position', seq: 11 }]) it.provider.say(frame)
    await it.world.settle()
    it.provider.now(acceptsEverybody(begun('s.11', true)))
    it.provider.drop()
    await it.advance(30_000)
    const [first, ack, second] = it.provider.heard as { hello?: string; cursor?: string; ack?: string }[]
    expect([first!.cursor, ack, second!.cursor]).toEqual([undefined, { ack: 's.7' }, 's.11'])
    expect(it.notices).toEqual([])
  })

  it('is acknowledged as often as the server asks', async () => {
    const it = await storyOf(
      { ...numbered, control: () => ({ is: 'ready', continuity: 's.5', acknowledgeEvery: 1 }) },
      { provider: acceptsEverybody({ type: 'ready' }) },
    ).connected()
    for (const frame of [event(6, 5), event(7, 6)]) it.provider.say(frame)
    await it.world.settle()
    expect(it.provider.heard.slice(1)).toEqual([{ ack: 's.6' }, { ack: 's.7' }])
  })

  it('that the server cannot continue is a gap, and what waited is not sent', async () => {
    const it = await connected()
    it.provider.now(acceptsEverybody(begun('t.1')))
    it.provider.drop()
    await it.world.settle()
    it.session.send({ n: 1 })
    await it.advance(30_000)
    expect(it.notices).toEqual([
      { name: 'gap', reason: 'continuity-denied' },
      { name: 'dropped', message: { n: 1 }, reason: 'continuity-denied' },
    ])
    it.session.send({ n: 2 })
    await it.world.settle()
    expect(it.provider.heard.at(-1)).toEqual({ wrapped: { n: 2 } })
  })

  it.each(['close', 'pause', 'reset'] as const)('tells no more of a frame when a listener of its gap calls %s()', async (verb) => {
    const [world, backend, serves] = [createTestWorld(), new Backend(answersTokens()), new FakeProvider(acceptsEverybody(begun('s.5')))]
    const tokenSource = createTokenSource('/token', { host: hostOf(world, backend), preset: numbered })
    const it = await storyOf(numbered, { world, backend, serves }, { tokenSource }).connected()
    it.session.on('notice', () => void (verb === 'reset' ? tokenSource.reset() : it.session[verb]()))
    it.provider.say(event(9, 7))
    await it.world.settle()
    expect([it.notices, it.messages]).toEqual([[{ name: 'gap', reason: 'missed' }], []])
  })

  it('offers where it stood before the gap in which it was paused', async () => {
    const it = await connected()
    const off = it.session.on('notice', () => it.session.pause())
    it.provider.say(event(9, 7))
    await it.world.settle()
    off()
    it.session.resume()
    await it.world.settle()
    expect((it.provider.heard.at(-1) as { cursor?: string }).cursor).toBe('s.5')
  })
})
