import { describe, expect, test } from 'vitest'
import { createBithuman } from '../../src/emulator/bithuman.ts'
import { createHume } from '../../src/emulator/hume.ts'
import { bithumanEmbedMint, bithumanMint, createTokenEndpoint, humeMint } from '../../src/server/index.ts'
import type { Mint, MintError } from '../../src/server/index.ts'
import { bodyOf, tokenRequest } from './requests.ts'

/** An endpoint for users by header, and everything that it ever said. */
function endpointFor(mint: Mint) {
  const said: string[] = []
  const onError = (error: MintError) => void said.push(error.message, String(error.stack), String(error.cause))
  const authorize = (request: Request) => ({ id: request.headers.get('x-user') ?? 'ann' })
  const endpoint = createTokenEndpoint({ mint, authorize, onError })
  const ask = async (body: object = {}, user = 'ann') => {
    const response = await endpoint(tokenRequest(body, { 'x-user': user }))
    const text = await response.clone().text()
    said.push(response.ok ? '' : text, JSON.stringify([...response.headers]))
    return { status: response.status, ...(text === '' ? {} : await bodyOf(response)) }
  }
  return { ask, said }
}

describe('against an emulated Hume', () => {
  test('a token of 30 minutes, and a new one each time', async () => {
    const hume = createHume()
    const { ask } = endpointFor(humeMint({ credentials: () => hume.installed[0] ?? { apiKey: '', secretKey: '' }, fetch: hume.fetch }))
    const [first, second] = [await ask(), await ask()]
    expect(first).toMatchObject({ status: 200, expires_in: 1800 })
    expect(second.access_token).not.toBe(first.access_token)
  })

  test('regenerated keys are key_refused until the new pair is there, and then work at once', async () => {
    const hume = createHume()
    let pair = hume.installed[0]
    const { ask, said } = endpointFor(humeMint({ credentials: () => pair ?? { apiKey: '', secretKey: '' }, fetch: hume.fetch }))
    expect((await ask()).status).toBe(200)
    const next = hume.regenerateKeys()
    expect(await ask()).toMatchObject({ status: 403, error: 'key_refused' })
    expect(await ask()).toMatchObject({ status: 403, error: 'key_refused' })
    expect(hume.counts.refusedMints).toBe(1)
    pair = next
    expect((await ask()).status).toBe(200)
    for (const secret of hume.secrets()) expect(said.join(' ')).not.toContain(secret)
  })

  test.each<[number, string, number]>([
    [402, 'quota', 402],
    [429, 'quota', 429],
    [500, 'unavailable', 503],
    [503, 'unavailable', 503],
  ])('a refusal with %i is %s, with its Retry-After', async (upstream, error, status) => {
    const hume = createHume()
    const { ask } = endpointFor(humeMint({ credentials: () => hume.installed[0] ?? { apiKey: '', secretKey: '' }, fetch: hume.fetch }))
    hume.refuseMints(upstream, 11)
    expect(await ask()).toMatchObject({ status, error, retry_after: 11 })
    hume.refuseMints(null)
    expect((await ask()).status).toBe(200)
  })
})

describe('against an emulated bitHuman', () => {
  test('beats with the handle are one billed session; without it they would be two', async () => {
    const bithuman = createBithuman()
    const { ask } = endpointFor(bithumanMint({ secret: () => bithuman.secret, fetch: bithuman.fetch }))
    const first = await ask()
    expect(first).toMatchObject({ status: 200, expires_in: 300 })
    for (let beat = 0; beat < 3; beat++)
      expect(await ask({ reason: 'renew', handle: first.handle })).toMatchObject({ status: 200, handle: first.handle })
    expect(bithuman.counts).toMatchObject({ mints: 4, sessions: 1 })
    await ask()
    expect(bithuman.counts.sessions).toBe(2)
  })

  test('release ends the billed session, twice too', async () => {
    const bithuman = createBithuman()
    const { ask, said } = endpointFor(bithumanMint({ secret: () => bithuman.secret, fetch: bithuman.fetch }))
    const { handle } = await ask()
    expect((await ask({ reason: 'release', handle })).status).toBe(204)
    expect((await ask({ reason: 'release', handle })).status).toBe(204)
    expect((await ask({ reason: 'release', handle: 'never-was' })).status).toBe(204)
    expect((await ask({ reason: 'renew', handle })).handle).not.toBe(handle)
    expect(said.join(' ')).not.toContain('MintError')
  })

  test('a rotated secret costs one refused call, then the new one works at once', async () => {
    const bithuman = createBithuman()
    let secret = bithuman.secret
    const { ask, said } = endpointFor(bithumanMint({ secret: () => secret, fetch: bithuman.fetch }))
    expect((await ask()).status).toBe(200)
    const next = bithuman.rotate()
    for (let n = 0; n < 5; n++) expect(await ask()).toMatchObject({ status: 403, error: 'key_refused' })
    expect(bithuman.counts.refusedMints).toBe(1)
    secret = next
    expect((await ask()).status).toBe(200)
    for (const text of bithuman.secrets().filter((text) => !text.startsWith('eyJ'))) expect(said.join(' ')).not.toContain(text)
  })

  test('1,000 callers with a mistyped secret do not lock this address out', async () => {
    const bithuman = createBithuman()
    let secret = 'mistyped'
    const { ask } = endpointFor(bithumanMint({ secret: () => secret, fetch: bithuman.fetch }))
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, n) => ask({}, `user-${n}`)))
    expect(new Set(answers.map(({ error }) => error))).toEqual(new Set(['key_refused']))
    expect(bithuman.counts.refusedMints).toBeLessThanOrEqual(2)
    secret = bithuman.secret
    const good = await Promise.all(Array.from({ length: 100 }, (_, n) => ask({}, `user-${n}`)))
    expect(new Set(good.map(({ status }) => status))).toEqual(new Set([200]))
  })

  test.each<[string, (bithuman: ReturnType<typeof createBithuman>) => void, object]>([
    ['suspended', (b) => b.suspend(true), { status: 403, error: 'key_refused' }],
    ['out of credit', (b) => b.outOfCredit(true), { status: 402, error: 'quota' }],
    ['concurrency', (b) => b.refuseMints(403, 'CONCURRENCY_LIMIT_REACHED'), { status: 429, error: 'quota' }],
    ['the wrong plan', (b) => b.refuseMints(403, 'PLAN_REQUIRED'), { status: 403, error: 'forbidden' }],
    ['too many sessions', (b) => b.refuseMints(429, 'SESSION_LIMIT'), { status: 429, error: 'quota' }],
    ['no workers', (b) => b.refuseMints(503, 'NO_AVAILABLE_WORKERS'), { status: 503, error: 'unavailable' }],
  ])('%s', async (_, control, answer) => {
    const bithuman = createBithuman()
    control(bithuman)
    const { ask } = endpointFor(bithumanMint({ secret: () => bithuman.secret, fetch: bithuman.fetch }))
    expect(await ask()).toMatchObject(answer)
  })

  test('an embed token for an hour, and no agent that is not there', async () => {
    const bithuman = createBithuman({ agents: ['A1'] })
    const traits = { secret: () => bithuman.secret, fetch: bithuman.fetch }
    const embedded = await endpointFor(bithumanEmbedMint({ agent: 'A1', ...traits })).ask()
    expect(embedded).toMatchObject({ status: 200, expires_in: 3600, handle: expect.any(String) as string })
    expect(await endpointFor(bithumanEmbedMint({ agent: 'A2', ...traits })).ask()).toMatchObject({ status: 502, error: 'unavailable' })
  })
})
