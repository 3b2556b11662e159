/** bitHuman's one secret with its two names, its two hosts, and its refusals, as an operator and a page meet them. */
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createBithuman } from '../../src/emulator/bithuman.ts'
import type { Bithuman, BithumanCode } from '../../src/emulator/bithuman.ts'
import { bithumanEmbedMint, bithumanMint, createTokenEndpoint } from '../../src/server/index.ts'
import type { BithumanMintOptions, Mint } from '../../src/server/index.ts'
import { bithumanRealtimeMint } from '../../src/server/mint/bithuman-realtime.ts'
import { manualWorld } from '../emulator/manual-world.ts'
import { asks, bodyOf, json, tokenRequest } from './requests.ts'

/** A mint that writes down where its secret went. */
function sending(options: BithumanMintOptions = {}) {
  const sent: string[] = []
  const warned: string[] = []
  const mint = bithumanMint({
    fetch: async (request) => {
      sent.push(`${request.headers.get('api-secret')} → ${new URL(request.url).href}`)
      return json({ data: { token: 't' } })
    },
    warn: (message) => void warned.push(message),
    ...options,
  })
  return { mint: async () => mint(asks()), sent, warned }
}
const secretsOf = (sent: readonly string[]) => sent.map((line) => line.split(' ')[0])

describe('the secret in the environment', () => {
  beforeEach(() => {
    for (const name of ['BITHUMAN_API_SECRET', 'BITHUMAN_API_KEY', 'BITHUMAN_API_URL']) vi.stubEnv(name, undefined)
  })
  afterEach(() => vi.unstubAllEnvs())

  test.each<[string, string | undefined, string | undefined, string]>([
    ['its name', 'one', undefined, 'one'],
    ['its other name', undefined, 'two', 'two'],
    ['both, the same', 'one', ' one\n', 'one'],
    ['the first set to nothing', ' ', 'two', 'two'],
    ['the other set to nothing', 'one', '', 'one'],
  ])('%s: no warning', async (_, secret, key, used) => {
    vi.stubEnv('BITHUMAN_API_SECRET', secret)
    vi.stubEnv('BITHUMAN_API_KEY', key)
    const { mint, sent, warned } = sending()
    await mint()
    expect([secretsOf(sent), warned]).toEqual([[used], []])
  })

  test('two that differ: the first counts, and the operator hears it once, by name', async () => {
    vi.stubEnv('BITHUMAN_API_SECRET', 'first-value')
    vi.stubEnv('BITHUMAN_API_KEY', 'other-value')
    const { mint, sent, warned } = sending()
    await mint()
    await mint()
    expect(secretsOf(sent)).toEqual(['first-value', 'first-value'])
    expect(warned).toEqual([expect.stringMatching(/BITHUMAN_API_SECRET and BITHUMAN_API_KEY .* differ; BITHUMAN_API_SECRET is used/)])
    expect(warned.join()).not.toMatch(/first-value|other-value/)
  })

  test('without a listener of its own the warning goes where Node’s warnings go', async () => {
    vi.stubEnv('BITHUMAN_API_SECRET', 'first-value')
    vi.stubEnv('BITHUMAN_API_KEY', 'other-value')
    const warning = once(process, 'warning') as Promise<[Error]>
    await bithumanMint({ fetch: async () => json({ data: { token: 't' } }) })(asks())
    const [{ name, message }] = await warning
    expect([name, message]).toEqual(['HeartwireWarning', expect.stringContaining('BITHUMAN_API_KEY')])
    expect(message).not.toMatch(/first-value|other-value/)
  })

  test('a log that fails costs no token', async () => {
    vi.stubEnv('BITHUMAN_API_SECRET', 'one')
    vi.stubEnv('BITHUMAN_API_KEY', 'two')
    const { mint, sent } = sending({
      warn: () => {
        throw new Error('the disk is full')
      },
    })
    await mint()
    expect(secretsOf(sent)).toEqual(['one'])
  })

  test('a secret that is handed in is the only one that counts', async () => {
    vi.stubEnv('BITHUMAN_API_SECRET', 'one')
    vi.stubEnv('BITHUMAN_API_KEY', 'two')
    const { mint, sent, warned } = sending({ secret: () => 'mine' })
    await mint()
    expect([secretsOf(sent), warned]).toEqual([['mine'], []])
  })

  test('BITHUMAN_API_URL does not say where it goes', async () => {
    vi.stubEnv('BITHUMAN_API_SECRET', 'one')
    vi.stubEnv('BITHUMAN_API_URL', 'https://elsewhere.example/v1/runtime-tokens/request')
    const { mint, sent } = sending()
    await mint()
    expect(sent).toEqual(['one → https://api.bithuman.ai/v1/runtime-tokens/request'])
  })
})

describe('the host', () => {
  test.each([
    ['https://api.bithuman.ai', 'https://api.bithuman.ai/v1/runtime-tokens/request'],
    ['https://auth.api.bithuman.ai', 'https://auth.api.bithuman.ai/v1/runtime-tokens/request'],
    ['https://auth.api.bithuman.ai/v1/runtime-tokens/request', 'https://auth.api.bithuman.ai/v1/runtime-tokens/request'],
    ['http://127.0.0.1:4703/emulators/bithuman/', 'http://127.0.0.1:4703/emulators/bithuman/v1/runtime-tokens/request'],
  ])('%s', async (host, url) => {
    const { mint, sent } = sending({ secret: () => 's', host })
    await mint()
    expect(sent).toEqual([`s → ${url}`])
  })

  test.each(['https://elsewhere.example/v1/runtime-tokens/request', 'http://api.bithuman.ai', 'https://api.bithuman.ai.example'])(
    '%s is refused before a secret is read',
    (host) => {
      expect(() => bithumanMint({ host })).toThrow(TypeError)
      expect(() => bithumanRealtimeMint({ host })).toThrow(TypeError)
    },
  )
})

/** What a page is answered by an endpoint over this mint. */
async function pageOf(mint: Mint) {
  const log: string[] = []
  const endpoint = createTokenEndpoint({ mint, limit: false, onError: ({ message }) => void log.push(message) })
  const response = await endpoint(tokenRequest())
  const { error, retry_after } = await bodyOf(response)
  return { answer: [response.status, error], log: log.join(), retryAfter: retry_after }
}

const mints: Readonly<Record<string, (bithuman: Bithuman, secret?: string) => Mint>> = {
  runtime: (bithuman, secret = bithuman.secret) => bithumanMint({ secret: () => secret, fetch: bithuman.fetch }),
  embed: (bithuman, secret = bithuman.secret) => bithumanEmbedMint({ agent: 'A1', secret: () => secret, fetch: bithuman.fetch }),
  realtime: (bithuman, secret = bithuman.secret) => bithumanRealtimeMint({ secret: () => secret, fetch: bithuman.fetch }),
}

describe.each(Object.entries(mints))('what a page hears of the %s mint', (name, mintFor) => {
  test.each<[number, BithumanCode, number, string]>([
    [401, 'UNAUTHORIZED', 403, 'key_refused'],
    [401, 'MISSING_AUTH', 403, 'key_refused'],
    [401, 'ACCOUNT_SUSPENDED', 403, 'key_refused'],
    [402, 'INSUFFICIENT_BALANCE', 402, 'quota'],
    [403, 'ACCOUNT_SUSPENDED', 403, 'key_refused'],
    [403, 'RUNTIME_SUSPENDED', 403, 'key_refused'],
    [403, 'CONCURRENCY_LIMIT_REACHED', 429, 'quota'],
    [403, 'PLAN_REQUIRED', 403, 'forbidden'],
    [429, 'RATE_LIMITED', 429, 'quota'],
    [429, 'SESSION_LIMIT', 429, 'quota'],
    [503, 'SERVICE_UNAVAILABLE', 503, 'unavailable'],
  ])('%i %s', async (upstream, code, status, error) => {
    const bithuman = createBithuman()
    bithuman.refuseMints(upstream, code)
    const { answer, log } = await pageOf(mintFor(bithuman))
    expect([answer, log]).toEqual([[status, error], expect.stringContaining(`bitHuman answered ${upstream} ${code}`)])
    bithuman.refuseMints(null)
    expect((await pageOf(mintFor(bithuman))).answer).toEqual([200, undefined])
  })

  test('a rotated secret, and one that never was', async () => {
    const bithuman = createBithuman()
    const old = bithuman.secret
    bithuman.rotate()
    const rotated = await pageOf(mintFor(bithuman, old))
    const unknown = await pageOf(mintFor(bithuman, 'never-was'))
    expect([rotated.answer, unknown.answer]).toEqual([
      [403, 'key_refused'],
      [403, 'key_refused'],
    ])
    expect(rotated.log).toContain(name === 'realtime' ? '401 UNAUTHORIZED' : '403 RUNTIME_SUSPENDED')
    expect(unknown.log).toContain('401 UNAUTHORIZED')
  })
})

test('the 21st client secret of a minute is a quota with its wait', async () => {
  const bithuman = createBithuman({ world: manualWorld() })
  const mint = mints['realtime']?.(bithuman)
  if (!mint) throw new Error('no mint')
  for (let nth = 0; nth < 20; nth++) expect((await pageOf(mint)).answer).toEqual([200, undefined])
  expect(await pageOf(mint)).toMatchObject({ answer: [429, 'quota'], retryAfter: 3 })
})

test('a retired mint is forbidden to the page', async () => {
  const bithuman = createBithuman({ realtime: 'retired' })
  const mint = bithumanRealtimeMint({ secret: () => bithuman.secret, fetch: bithuman.fetch })
  expect(await pageOf(mint)).toMatchObject({ answer: [403, 'forbidden'], log: expect.stringContaining('410 ENDPOINT_RETIRED') as string })
})
