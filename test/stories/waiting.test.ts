/** Promises that wait, beside other sessions of the same source and inside listeners: connect() and accessToken(). */
import { describe, expect, it } from 'vitest'
import { createTokenSource, definePreset, SessionError } from '../../src/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'
import {
  acceptsEverybody,
  answersTokens,
  Backend,
  type Behaviour,
  failsWith,
  FakeProvider,
  hostOf,
  isSilent,
  neverReady,
  providerUrl,
  refuses,
  story,
  Story,
} from './backends.ts'

const preset = definePreset({ name: 'ticket', docs: '', url: () => providerUrl, token: { kind: 'ticket' } })

/** Two sessions of one source. */
function shared(behaviour: Behaviour) {
  const world = createTestWorld()
  const backend = new Backend(behaviour)
  const serves = new FakeProvider(acceptsEverybody())
  const source = createTokenSource('/token', { host: hostOf(world, backend), preset })
  const session = (): Story => new Story({ world, backend, serves }, (common) => ({ ...common, preset, tokenSource: source }))
  return { world, backend, source, a: session(), b: session() }
}

describe('accessToken', () => {
  it('rejects with the next refusal while another session goes on asking, and says why', async () => {
    const { a, b } = shared(refuses('key_refused'))
    void a.session.connect()
    const error = await b.session.accessToken().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SessionError)
    expect(error).toMatchObject({ code: 'key_refused', cause: { message: '[key_refused] the token endpoint answered 403 key_refused' } })
  })

  it('is not rejected with a refusal from before: it waits for the answer to the next request', async () => {
    const { backend, a, b } = shared(refuses('key_refused'))
    await a.outcome(a.session.connect())
    const given = b.session.accessToken()
    expect([await b.outcome(given, 20_000), backend.mints]).toEqual(['pending', 1])
    backend.now(answersTokens())
    expect(await b.outcome(given, 10_000)).toBe('done')
  })

  it('waits through failures where a session wants to be connected', async () => {
    const it = story({ tokens: failsWith(500) })
    void it.session.connect()
    const given = it.session.accessToken()
    expect(await it.outcome(given, 4000)).toBe('pending')
    it.backend.now(answersTokens())
    expect(await it.outcome(given, 2000)).toBe('done')
  })

  it('rejects where the user changes and nobody else asks', async () => {
    const { source, a } = shared(isSilent())
    const given = a.session.accessToken()
    await a.world.settle()
    source.reset()
    expect(await a.outcome(given)).toBe('unavailable')
  })

  it('leaves no wish behind where it is refused for ever', async () => {
    const { world, backend, source, a } = shared(refuses('forbidden'))
    for (let i = 0; i < 2; i++) expect(await a.outcome(a.session.accessToken())).toBe('forbidden')
    source.reset()
    backend.now(isSilent())
    const given = a.session.accessToken()
    await world.settle()
    void a.session.close()
    expect([await a.outcome(given), backend.asks.at(-1)!.signal!.aborted]).toEqual(['closed', true])
  })
})

describe('connect', () => {
  it('waits through a pause of its own, though another session of the source is refused', async () => {
    const { world, backend, a, b } = shared(isSilent())
    const connecting = a.session.connect()
    await world.settle()
    a.session.pause()
    backend.now(refuses('key_refused'))
    expect(await b.outcome(b.session.connect(), 1000)).toBe('key_refused')
    expect([a.now, await a.outcome(connecting)]).toEqual(['paused(asked)', 'pending'])
    // It was called before that refusal came, and nobody has answered since.
    backend.now(isSilent())
    expect([a.session.connect() === connecting, await a.outcome(connecting)]).toEqual([true, 'key_refused'])
  })

  it('waits through a refusal that a good answer has overcome, whatever fails before the link is ready', async () => {
    const it = story<{ type: string }>({ tokens: refuses('key_refused'), provider: neverReady() }, { ready: () => true })
    await it.outcome(it.session.connect())
    it.backend.now(answersTokens())
    const connecting = it.session.connect()
    expect(await it.outcome(connecting, 12_000)).toBe('pending')
    expect([it.now, it.world.census.reported]).toEqual(['paused(refused, key_refused)', []])
    it.provider.now(acceptsEverybody({ type: 'ready' }))
    expect(await it.outcome(connecting, 30_000)).toBe('done')
  })

  it('in a listener is not answered by what was still to be told before it', async () => {
    const it = story({ tokens: refuses('forbidden') })
    const again: Promise<void>[] = []
    it.session.on('status', ({ name }) => {
      if (name === 'failed') it.session.resume()
    })
    it.session.on('status', ({ name }) => {
      if (name !== 'failed') return
      it.backend.now(answersTokens())
      again.push(it.session.connect())
    })
    expect(await it.outcome(it.session.connect())).toBe('forbidden')
    expect(await it.outcome(again[0]!)).toBe('done')
  })
})
