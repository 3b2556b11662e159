/** What a page does with Hume and bitHuman, against their emulators, in virtual time: each story from a backend's mint to the last frame. */
import { beforeAll, describe, expect, it } from 'vitest'
import { createBithuman } from '../../src/emulator/bithuman.ts'
import { withFaults } from '../../src/emulator/faults.ts'
import { createHume } from '../../src/emulator/hume.ts'
import type { Provider } from '../../src/emulator/provider.ts'
import { fetchWith } from '../../src/index.ts'
import type { PlainSessionOptions, Preset } from '../../src/index.ts'
import { sign } from '../../src/jwt/sign.ts'
import { bitHuman, bitHumanLiveKit } from '../../src/presets/bithuman.ts'
import { humeEvi, humeTts } from '../../src/presets/hume.ts'
import type { TtsInbound } from '../../src/presets/hume.ts'
import { bithumanMint, createTokenEndpoint, humeMint } from '../../src/server/index.ts'
import type { Mint } from '../../src/server/index.ts'
import { bithumanRealtimeMint } from '../../src/server/mint/bithuman-realtime.ts'
import { createTestWorld } from '../../src/testing/index.ts'
import type { TestWorld } from '../../src/testing/index.ts'
import { watchFor } from '../canary/canaries.ts'
import { acceptsEverybody, FakeProvider, nothing, Story } from './backends.ts'

// The first signature of a process takes long enough to look like silence.
beforeAll(() => sign({ sub: 'warm' }, { secret: new Uint8Array(32).fill(1) }))

type Form<In, Out> = { readonly preset: Preset<In, Out> } | Pick<PlainSessionOptions<In, Out>, 'url' | 'use' | 'placement'>

/** A page whose backend mints with `mint`, and a session of it. */
function page<In, Out>(world: TestWorld, mint: Mint, form: Form<In, Out>) {
  const endpoint = createTokenEndpoint({ mint, limit: false, onError: () => {}, now: world.world.now })
  world.serve('https://app.test', endpoint)
  return new Story<In, Out>({ world, host: () => world.host }, () => ({ ...form, host: world.host, tokenSource: '/api/token' }))
}

/** Signatures and the emulator's keys take a moment of real time. */
async function soon(it: { session: { connect(): Promise<void> }; until(word: string, ms: number): Promise<void> }): Promise<void> {
  void it.session.connect()
  await it.until('connected', 5000)
}

/** A provider, and every request that reached it, with the token that it brought. */
function listenTo(provider: Provider) {
  const requests: { readonly path: string; readonly bearer: string | undefined; readonly status: number }[] = []
  const heard: Provider = {
    name: provider.name,
    upgrade: (upgrade) => provider.upgrade(upgrade),
    async fetch(request) {
      const response = await provider.fetch(request)
      const bearer = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
      requests.push({ path: new URL(request.url).pathname, bearer, status: response.status })
      return response
    },
  }
  return { requests, heard }
}

function hume<In, Out>(preset: Preset<In, Out>) {
  const world = createTestWorld()
  const service = createHume({ world: world.world })
  const faulty = withFaults(service, world.world)
  const { requests, heard } = listenTo(faulty)
  world.serve('https://api.hume.ai', heard)
  // The backend has its own way to Hume: what is counted are the page's requests.
  const credentials = () => service.installed[0] ?? { apiKey: '', secretKey: '' }
  const mint = humeMint({ credentials, fetch: service.fetch, guard: { now: world.world.now } })
  return { it: page(world, mint, { preset }), service, faults: faulty.faults, requests, watch: () => watchFor(...service.secrets()) }
}

const isText = (message: TtsInbound): message is Exclude<TtsInbound, ArrayBuffer> => !(message instanceof ArrayBuffer)

describe('Hume TTS on its socket', () => {
  it('takes text and brings sound, as JSON and as bytes', async () => {
    const { it, service, watch } = hume(humeTts({ formatType: 'wav', instantMode: false }))
    await soon(it)
    expect(it.session.send({ text: 'Hello there. ' })).toBe('sent')
    expect(it.session.send({ text: 'How are you?', flush: true })).toBe('sent')
    await it.advance(1000)
    const bytes = it.messages.filter((message) => message instanceof ArrayBuffer)
    const audio = it.messages.flatMap((message) => (isText(message) && message.type === 'audio' ? [message] : []))
    expect(audio.map(({ text, audio_format, is_last_chunk }) => [text, audio_format, is_last_chunk])).toEqual([
      ['Hello there.', 'wav', false],
      ['Hello there.', 'wav', true],
      ['How are you?', 'wav', false],
      ['How are you?', 'wav', true],
    ])
    expect(bytes.map((each) => new TextDecoder().decode(each.slice(0, 4)))).toEqual(['RIFF', 'RIFF', 'RIFF', 'RIFF'])
    expect(audio.map((each) => Buffer.from(each.audio, 'base64').byteLength)).toEqual(bytes.map((each) => each.byteLength))
    expect([service.counts.mints, it.notices]).toEqual([1, []])
    watch()
    expect(await it.leftovers()).toEqual(nothing)
  })

  it('without binary frames where a page wants none', async () => {
    const { it, watch } = hume(humeTts({ noBinary: true }))
    await soon(it)
    it.session.send({ text: 'Hello', flush: true })
    await it.advance(1000)
    expect(it.messages.map((message) => (isText(message) ? message.type : 'bytes'))).toEqual(['audio', 'audio'])
    watch()
  })

  it('outlives its token, and is one handshake with a fresh one after a drop', async () => {
    const { it, service, watch } = hume(humeTts())
    await soon(it)
    await it.advance(3_600_000)
    expect([it.path, service.counts.upgrades]).toEqual([['connecting', 'connected'], 1])
    service.dropSockets()
    await it.advance(2000)
    expect([it.now, service.counts.upgrades, service.counts.refusedUpgrades]).toEqual(['connected', 2, 0])
    watch()
  })
})

describe('Hume over REST, with the token of the session', () => {
  const utterances = JSON.stringify({ utterances: [{ text: 'Hello' }] })
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: utterances }

  it('speaks a text, and lists the chats', async () => {
    const { it, service, requests, watch } = hume(humeEvi())
    await soon(it)
    const spoken = await fetchWith(it.session, '/v0/tts', post)
    expect(await spoken.json()).toMatchObject({ generations: [{ encoding: { format: 'mp3' }, audio: expect.any(String) as string }] })
    const chats = await fetchWith(it.session, 'https://api.hume.ai/v0/evi/chats?page_size=1')
    expect(await chats.json()).toMatchObject({ chats_page: [{ status: 'ACTIVE' }] })
    expect(requests.map(({ path, bearer, status }) => [path, typeof bearer, status])).toEqual([
      ['/v0/tts', 'string', 200],
      ['/v0/evi/chats', 'string', 200],
    ])
    expect(service.counts.mints).toBe(1)
    watch()
  })

  it('renews exactly once on a 401, says the same again, and does not touch the socket', async () => {
    const { it, service, requests, watch } = hume(humeTts())
    await soon(it)
    service.expireTokens()
    const response = await fetchWith(it.session, '/v0/tts', post)
    expect(await response.json()).toHaveProperty('generations')
    const [first, second, ...more] = requests
    expect([first?.status, second?.status, more]).toEqual([401, 200, []])
    expect(second?.bearer).not.toBe(first?.bearer)
    expect([service.counts.mints, service.counts.upgrades, it.path]).toEqual([2, 1, ['connecting', 'connected']])
    watch()
  })

  it('gives a second 401 to the caller', async () => {
    const { it, service, faults, requests, watch } = hume(humeTts())
    await soon(it)
    faults.refuse(401, { body: { message: 'not you' } })
    const response = await fetchWith(it.session, '/v0/tts', post)
    expect([response.status, await response.json()]).toEqual([401, { message: 'not you' }])
    expect([requests.map(({ status }) => status), service.counts.mints, it.now]).toEqual([[401, 401], 2, 'connected'])
    expect(requests[1]?.bearer).not.toBe(requests[0]?.bearer)
    watch()
  })

  it('does not send a stream twice: its 401 is the caller’s, and the next call has a fresh token', async () => {
    const { it, service, requests, watch } = hume(humeTts())
    await soon(it)
    service.expireTokens()
    const stream = () => new Blob([utterances]).stream()
    const init = () => ({ ...post, body: stream(), duplex: 'half' }) as RequestInit
    expect((await fetchWith(it.session, '/v0/tts', init())).status).toBe(401)
    expect([requests.length, service.counts.mints]).toEqual([1, 1])
    expect((await fetchWith(it.session, '/v0/tts', post)).status).toBe(200)
    expect((await fetchWith(it.session, '/v0/tts', init())).status).toBe(200)
    expect(service.counts.mints).toBe(2)
    watch()
  })

  it('and nowhere else', async () => {
    const { it, watch } = hume(humeTts())
    await soon(it)
    await expect(fetchWith(it.session, 'https://api.cloud.hume.ai/v1/expression/run')).rejects.toThrow(TypeError)
    watch()
  })
})

describe('a bitHuman secret that is wrong', () => {
  it.each([
    ['never was one', () => 'mistyped-secret'],
    ['was rotated', (service: ReturnType<typeof createBithuman>) => [service.secret, service.rotate()][0] ?? ''],
  ])('because it %s fails at the mint, before any socket; the right one is taken by itself', async (_, wrongOf) => {
    const world = createTestWorld()
    const service = createBithuman({ world: world.world })
    world.serve('wss://runtime.test', service)
    let secret = wrongOf(service)
    watchFor(secret)
    const mint = bithumanMint({ secret: () => secret, fetch: service.fetch, guard: { now: world.world.now } })
    const it = page(world, mint, { preset: bitHuman({ url: 'wss://runtime.test/v1/runtime/A1' }) })
    expect(await it.outcome(it.session.connect(), 1000)).toBe('key_refused')
    expect([it.path, service.counts.upgrades]).toEqual([['connecting', 'paused(refused, key_refused)'], 0])
    secret = service.secret
    await it.until('connected', 31_000)
    expect([service.counts.upgrades, service.counts.sessions]).toEqual([1, 1])
    watchFor(...service.secrets())
  })
})

describe('a LiveKit room', () => {
  const url = 'wss://room.test/rtc?auto_subscribe=1'
  const seat = { room: 'lobby', identity: 'ann' }

  function room(mintFor: (service: ReturnType<typeof createBithuman>) => Mint = (service) => async () => roomGrant(service)) {
    const world = createTestWorld()
    const service = createBithuman({ world: world.world })
    const faulty = withFaults(service, world.world)
    const { requests, heard } = listenTo(faulty)
    world.serve('https://room.test', heard)
    const minted: number[] = []
    const mint = mintFor(service)
    const counted: Mint = (ask) => (minted.push(world.world.now()), mint(ask))
    const it = page(world, counted, { preset: bitHumanLiveKit({ url }) })
    return { it, service, faults: faulty.faults, requests, minted, watch: () => watchFor(...service.secrets()) }
  }
  /** What a backend answers that signs with LiveKit's server SDK. */
  const roomGrant = async (service: ReturnType<typeof createBithuman>) => ({ access_token: await service.roomToken(seat), expires_in: 600 })
  const kinds = (messages: readonly ArrayBuffer[]) => messages.map((frame) => new Uint8Array(frame)[0])

  it('is up with the join, and carries bytes both ways as they are', async () => {
    const { it, watch } = room()
    await soon(it)
    expect(kinds(it.messages)).toEqual([0x0a])
    expect(it.session.send(Uint8Array.of(0x70, 1))).toBe('sent')
    await it.advance(100)
    // pong = 18: two bytes of tag, then the time.
    expect(new Uint8Array(it.messages[1] ?? new ArrayBuffer(0)).slice(0, 2)).toEqual(Uint8Array.of(0x90, 1))
    expect(it.notices).toEqual([])
    watch()
    expect(await it.leftovers()).toEqual(nothing)
  })

  it('stays while its token ends, and joins anew with a fresh one after a drop', async () => {
    const { it, service, minted, watch } = room()
    await soon(it)
    await it.advance(3_600_000)
    expect(service.counts.upgrades).toBe(1)
    service.dropSockets()
    await it.advance(2000)
    expect([it.now, service.counts.upgrades, kinds(it.messages).filter((kind) => kind === 0x0a).length]).toEqual(['connected', 2, 2])
    const mints = minted.length
    await it.advance(100)
    expect(minted.length).toBe(mints)
    watch()
  })

  it('whose token is refused asks why, drops the token and mints another', async () => {
    const { it, service, requests, minted, watch } = room()
    await soon(it)
    service.expireTokens()
    service.dropSockets()
    await it.until('reconnecting', 100)
    await it.until('connected', 5000)
    expect(requests.map(({ path, status }) => [path, status])).toEqual([['/rtc/validate', 401]])
    expect(minted.length).toBe(2)
    watch()
  })

  it('pauses as rejected when no token of the backend is ever taken', async () => {
    const foreign = createBithuman({ livekit: { apiKey: 'APIother', apiSecret: 'of-another-livekit-server-altogether' } })
    const { it, requests, watch } = room(() => async () => roomGrant(foreign))
    void it.session.connect().catch(() => {})
    await it.until('paused(refused, rejected)', 120_000)
    expect(requests.map(({ status }) => status)).toEqual([401, 401, 401])
    watchFor(...foreign.secrets().filter((secret) => secret.startsWith('eyJ')))
    watch()
  })

  it('whose server is gone is only away: no verdict about the token', async () => {
    const { it, faults, minted, watch } = room()
    await soon(it)
    faults.down(true)
    await it.advance(120_000)
    expect(it.session.status.name).toBe('reconnecting')
    expect(it.path.join(' ')).not.toContain('paused')
    expect(minted.length).toBeLessThanOrEqual(3)
    faults.heal()
    await it.until('connected', 60_000)
    watch()
  })

  it('queues nothing for the next join', async () => {
    const { it, service, watch } = room()
    expect(it.session.send(Uint8Array.of(0x70, 1))).toBe('dropped')
    await soon(it)
    service.dropSockets()
    await it.until('reconnecting', 100)
    expect(it.session.send(Uint8Array.of(0x70, 1))).toBe('dropped')
    await it.until('connected', 5000)
    await it.advance(1000)
    expect(kinds(it.messages)).toEqual([0x0a, 0x0a])
    watch()
  })
})

describe('a client secret of bitHuman for OpenAI’s Realtime socket', () => {
  it('goes into the subprotocols, one for each socket', async () => {
    const world = createTestWorld()
    const service = createBithuman({ world: world.world })
    const openai = new FakeProvider(acceptsEverybody({ type: 'session.created' }))
    world.serve('https://api.openai.com', openai)
    const mint = bithumanRealtimeMint({ secret: () => service.secret, fetch: service.fetch, guard: { now: world.world.now } })
    // As in docs/presets.md.
    const it = page(world, mint, {
      url: 'wss://api.openai.com/v1/realtime?model=gpt-realtime-mini',
      use: 'single',
      placement: { in: 'subprotocol', protocols: (token) => ['realtime', `openai-insecure-api-key.${token}`] },
    })
    await soon(it)
    openai.drop()
    await it.advance(5000)
    expect(it.now).toBe('connected')
    const secrets = openai.upgrades.map(({ protocols: [first, second] }) => {
      expect(first).toBe('realtime')
      return second?.replace(/^openai-insecure-api-key\./, '')
    })
    expect(secrets).toEqual(service.secrets().filter((secret) => secret.startsWith('ek_')))
    expect(new Set(secrets).size).toBe(2)
    expect(openai.upgrades.map(({ url }) => url.search)).toEqual(['?model=gpt-realtime-mini', '?model=gpt-realtime-mini'])
    watchFor(...service.secrets())
  })

  it('fails for good where bitHuman has retired the mint', async () => {
    const world = createTestWorld()
    const service = createBithuman({ world: world.world, realtime: 'retired' })
    const mint = bithumanRealtimeMint({ secret: () => service.secret, fetch: service.fetch, guard: { now: world.world.now } })
    const it = page(world, mint, { url: 'wss://api.openai.com/v1/realtime' })
    expect(await it.outcome(it.session.connect(), 1000)).toBe('forbidden')
    expect(it.now).toBe('failed(forbidden)')
    watchFor(...service.secrets())
  })
})
