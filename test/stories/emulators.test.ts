/** The whole way: session, token endpoint, the provider's own wire. */
import { beforeAll, describe, expect, it } from 'vitest'
import { createBithuman } from '../../src/emulator/bithuman.ts'
import { withFaults } from '../../src/emulator/faults.ts'
import { createHume } from '../../src/emulator/hume.ts'
import type { Preset } from '../../src/index.ts'
import { sign } from '../../src/jwt/sign.ts'
import { bitHuman, bitHumanEmbed } from '../../src/presets/bithuman.ts'
import { humeEvi, humeTts } from '../../src/presets/hume.ts'
import { humeEviSchemas } from '../../src/presets/hume.schemas.ts'
import { bithumanEmbedMint, bithumanMint, createTokenEndpoint, humeMint } from '../../src/server/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'
import { watchFor } from '../canary/canaries.ts'
import { nothing, Story } from './backends.ts'

/** Signatures are made on another thread and may take a moment of real time. */
async function soon(it: { session: { connect(): Promise<void> }; until(word: string, ms: number): Promise<void> }): Promise<void> {
  void it.session.connect()
  await it.until('connected', 5000)
}

async function hume<In, Out>(preset: Preset<In, Out>, options: Parameters<typeof createHume>[0] = {}) {
  const world = createTestWorld()
  const service = createHume({ world: world.world, ...options })
  const faulty = withFaults(service, world.world)
  world.serve('https://api.hume.ai', faulty)
  let pair = service.installed[0]!
  const mint = humeMint({
    credentials: () => ({ apiKey: pair.apiKey, secretKey: pair.secretKey }),
    fetch: (request: Request) => faulty.fetch(request),
    guard: { now: world.world.now },
  })
  const endpoint = withFaults(
    {
      name: 'endpoint',
      fetch: createTokenEndpoint({ mint, origins: 'same-origin', onError: () => {}, now: world.world.now }),
      upgrade: () => Promise.reject(new Error('no socket here')),
    },
    world.world,
  )
  world.serve('https://app.test', endpoint)
  const it = new Story<In, Out>({ world, host: () => world.host }, () => ({ preset, host: world.host, tokenSource: '/api/token' }))
  const search = (): void => watchFor(...service.secrets())
  return { it, service, endpoint: endpoint.faults, faults: faulty.faults, search, install: () => (pair = service.installed[0]!) }
}

// The first signature of a process takes long enough to look like silence.
beforeAll(() => sign({ sub: 'warm' }, { secret: new Uint8Array(32).fill(1) }))

describe('Hume EVI', () => {
  it('connects, answers a text and closes', async () => {
    const { it, service, search } = await hume(humeEvi({ schemas: humeEviSchemas }))
    await soon(it)
    expect(it.session.send({ type: 'user_input', text: 'Hello' })).toBe('sent')
    await it.advance(3000)
    expect(it.messages.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['chat_metadata', 'user_message', 'assistant_message', 'assistant_end']),
    )
    expect(it.notices).toEqual([])
    search()
    expect([service.counts.mints, await it.leftovers()]).toEqual([1, nothing])
  })

  it('is not cut when every renewal is refused, and goes on with its chat after a drop', async () => {
    const { it, service, endpoint, search } = await hume(humeEvi(), { tokenTtlSeconds: 600 })
    await soon(it)
    endpoint.refuse(403, { body: { error: 'key_refused' } })
    await it.advance(3_600_000)
    expect([service.counts.upgrades, service.chats.length]).toEqual([1, 1])
    service.dropSockets(1011)
    await it.world.settle()
    endpoint.heal()
    void it.session.connect()
    await it.advance(10_000)
    expect(it.now).toBe('connected')
    expect(new Set(service.chats.map((chat) => chat.chat_group_id)).size).toBe(1)
    search()
  })

  it('whose token expired at the provider gets a fresh one, and the same chat group', async () => {
    const { it, service, search } = await hume(humeEvi())
    await soon(it)
    service.expireTokens()
    service.dropSockets()
    await it.advance(20_000)
    expect([it.now, service.counts.mints]).toEqual(['connected', 2])
    expect(service.chats[1]?.chat_group_id).toBe(service.chats[0]?.chat_group_id)
    search()
  })

  it('pauses when the key is regenerated, and comes back with the new one', async () => {
    const { it, service, install, search } = await hume(humeEvi())
    service.regenerateKeys()
    void it.session.connect()
    await it.until('paused(refused, key_refused)', 5000)
    install()
    await it.until('connected', 31_000)
    expect(service.counts.upgrades).toBe(1)
    search()
  })

  it('survives a half-open line, a silent provider and a restart', async () => {
    const { it, faults, search } = await hume(humeEvi())
    await soon(it)
    faults.down(true)
    await it.advance(20_000)
    expect(it.session.status.name).toBe('reconnecting')
    faults.heal()
    faults.hangUpgrades(true)
    await it.advance(30_000)
    faults.heal()
    await it.advance(45_000)
    await it.until('connected', 60_000)
    search()
    expect(await it.leftovers()).toEqual(nothing)
  })
})

describe('Hume TTS', () => {
  it('connects with the same kind of token', async () => {
    const { it, search } = await hume(humeTts())
    await soon(it)
    it.session.send({ text: 'Hello', flush: true })
    await it.advance(3000)
    expect(it.messages.length).toBeGreaterThan(0)
    search()
  })
})

function bithuman<In, Out>(preset: Preset<In, Out>, embed = false) {
  const world = createTestWorld()
  const service = createBithuman({ world: world.world })
  for (const origin of ['https://api.bithuman.ai', 'wss://runtime.test']) world.serve(origin, service)
  let { secret } = service
  const account = { secret: () => secret, fetch: (request: Request) => service.fetch(request), guard: { now: world.world.now } }
  const mint = embed ? bithumanEmbedMint({ ...account, agent: 'A78WKV4515' }) : bithumanMint(account)
  const endpoint = withFaults(
    {
      name: 'endpoint',
      fetch: createTokenEndpoint({ mint, origins: 'same-origin', onError: () => {}, now: world.world.now }),
      upgrade: () => Promise.reject(new Error('no socket here')),
    },
    world.world,
  )
  world.serve('https://app.test', endpoint)
  const it = new Story<In, Out>({ world, host: () => world.host }, () => ({ preset, host: world.host, tokenSource: '/api/token' }))
  watchFor(secret)
  return { it, service, endpoint: endpoint.faults, install: () => watchFor((secret = service.secret)) }
}

describe('bitHuman', () => {
  it.each([
    ['with a runtime of one’s own', bitHuman({ url: 'wss://runtime.test/v1/runtime/A1' })],
    ['lease only', bitHuman()],
  ])('%s: beats, pauses when the key is rotated, and comes back by itself', async (_form, preset) => {
    const { it, service, install } = bithuman(preset)
    await soon(it)
    await it.advance(600_000)
    expect(it.path).toEqual(['connecting', 'connected'])
    service.rotate()
    await it.until('paused(refused, key_refused)', 61_000)
    expect(it.world.census.openSockets).toBe(0)
    install()
    await it.until('connected', 31_000)
    expect(await it.leftovers()).toEqual(nothing)
  })

  it('outlives a silent endpoint by its grace', async () => {
    const { it, endpoint } = bithuman(bitHuman({ url: 'wss://runtime.test/v1/runtime/A1' }))
    await soon(it)
    endpoint.silence(true)
    await it.advance(280_000)
    await it.until('paused(expired, timeout)', 90_000)
    endpoint.heal()
    await it.until('connected', 75_000)
  })

  it('renews one transaction instead of beginning others, and gives it back at the end', async () => {
    const { it, service } = bithuman(bitHuman())
    await soon(it)
    await it.advance(300_000)
    expect(service.counts.sessions).toBe(1)
    expect(service.counts.mints).toBeGreaterThanOrEqual(5)
    expect(await it.leftovers()).toEqual(nothing)
  })

  it('in its own iframe holds an hour’s token, renewed after half of it', async () => {
    const { it } = bithuman(bitHumanEmbed({ agent: 'A78WKV4515' }), true)
    await soon(it)
    await it.advance(3_600_000)
    expect(it.path).toEqual(['connecting', 'connected'])
  })
})
