/** Sockets of several sessions: their turns in the queue, and who hears and says what on which. */
import { describe, expect, it } from 'vitest'
import { createTokenSource, definePreset, traceOf } from '../../src/index.ts'
import type { SocketLike } from '../../src/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'
import {
  acceptsEverybody,
  answersTokens,
  Backend,
  FakeProvider,
  hangsHandshake,
  hostOf,
  nothing,
  providerUrl,
  story,
  Story,
} from './backends.ts'

describe('a turn in the dial queue', () => {
  it('is judged anew when it comes, though no timer of a throttled page has said that the grant is too old', async () => {
    const serves = new FakeProvider(hangsHandshake())
    const first = story({ serves })
    const others = Array.from({ length: 5 }, () => story({ serves, world: first.world }))
    const waiting = story({
      serves,
      world: first.world,
      tokens: answersTokens({ expiresIn: 10 }),
      host: (host) => ({ ...host, timer: (run, ms) => host.timer(run, ms + 60_000) }),
    })
    for (const { session } of [first, ...others, waiting]) void session.connect()
    await first.advance(9000)
    serves.now(acceptsEverybody())
    void first.session.close()
    await first.world.settle()
    const dialled = serves.upgrades.slice(6).map(({ url }) => url.searchParams.get('access_token'))
    expect([waiting.now, waiting.backend.mints, dialled]).toEqual(['connected', 2, [waiting.backend.tokens[1]]])
  })

  it('is given on by a socket that cannot be constructed', async () => {
    const it = story({
      host: (host) => ({
        ...host,
        socket(url, protocols): SocketLike {
          if (it.backend.mints < 8) throw new TypeError('no socket yet')
          return host.socket(url, protocols)
        },
      }),
      tokens: answersTokens({ connectBy: 1 }),
    })
    for (let i = 0; i < 7; i++) {
      expect(await it.outcome(it.session.connect())).toBe('bad_configuration')
      await it.advance(60_000)
    }
    expect(await it.outcome(it.session.connect())).toBe('done')
  })
})

describe('sessions of one source', () => {
  const preset = definePreset<{ type: string }, unknown>({
    name: 'shared',
    docs: '',
    url: () => providerUrl,
    token: { kind: 'ticket' },
    ready: 'frame',
    control: ({ type }) => (type === 'ready' ? { is: 'ready' } : undefined),
  })

  it('talk each on a socket of its own', async () => {
    const world = createTestWorld()
    const backend = new Backend(answersTokens())
    const serves = new FakeProvider(acceptsEverybody({ type: 'ready' }))
    const tokenSource = createTokenSource('/token', { host: hostOf(world, backend), preset })
    const [a, b] = [0, 1].map(() => new Story({ world, backend, serves }, (common) => ({ ...common, preset, tokenSource })))
    await a!.connected()
    const [ofA] = serves.peers
    await b!.connected()
    ofA!.send('{"type":"to a"}')
    expect([a!.session.send({ from: 'a' }), b!.session.send({ from: 'b' })]).toEqual(['sent', 'sent'])
    await world.settle()
    expect([a!.messages.at(-1), b!.messages.at(-1), serves.heard]).toEqual([
      { type: 'to a' },
      { type: 'ready' },
      [{ from: 'a' }, { from: 'b' }],
    ])
    void a!.session.close()
    await world.settle()
    expect([b!.session.send({ after: 'a' }), serves.peers.size]).toEqual(['sent', 1])
  })

  it.each(['reset', 'away', 'stale'])('that wait for a turn which another gives up are dialled with no old token: %s', async (what) => {
    const world = createTestWorld()
    const backend = new Backend(answersTokens({ expiresIn: 10 }))
    const serves = new FakeProvider(hangsHandshake())
    const throttled = { ...hostOf(world, backend), timer: (run: () => void, ms: number) => world.host.timer(run, ms + 60_000) }
    const tokenSource = createTokenSource('/token', { host: throttled, preset })
    const all = Array.from({ length: 8 }, () => new Story({ world, backend, serves }, (common) => ({ ...common, preset, tokenSource })))
    for (const { session } of all) void session.connect()
    await world.advance(8000)
    if (what === 'reset') tokenSource.reset()
    else if (what === 'away') world.page('away')
    else void all[0]!.session.close()
    expect(world.census.sockets).toBe(6)
  })
})

describe('frames', () => {
  it('pass by the core; of a link that is watched it hears once what came last, just before anything else happens', async () => {
    for (const liveness of [undefined, { idleMs: 60_000, probe: () => ({ type: 'ping' }) }]) {
      const it = await story({}, { ...(liveness && { liveness }) }).connected()
      const trace = traceOf(it.session)
      await it.advance(1000)
      for (let n = 0; n < 100; n++) it.provider.say({ n })
      await it.world.settle()
      expect([it.messages.length, trace.entries]).toEqual([100, []])
      it.session.resume()
      it.session.resume()
      expect(trace.entries.map(({ event }) => event.is)).toEqual([...(liveness ? ['heard'] : []), 'resume', 'resume'])
      expect(await it.leftovers()).toEqual(nothing)
    }
  })
})
