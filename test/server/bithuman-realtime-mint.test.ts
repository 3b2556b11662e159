import { afterEach, describe, expect, test, vi } from 'vitest'
import { createBithuman } from '../../src/emulator/bithuman.ts'
import { redact } from '../../src/secret.ts'
import type { UpstreamFetch } from '../../src/server/index.ts'
import { bithumanRealtimeMint } from '../../src/server/mint/bithuman-realtime.ts'
import type { BithumanRealtimeMintOptions } from '../../src/server/mint/bithuman-realtime.ts'
import { readGrant } from '../../src/wire/grant.ts'
import { manualWorld } from '../emulator/manual-world.ts'
import { asks, json } from './requests.ts'

const value = 'ek_68f0c2a7b3d94e1f'
const at = Date.UTC(2026, 8, 1, 12, 0, 0)
const date = new Date(at).toUTCString()
const answer = (
  data: object = { value, expires_at: at / 1000 + 600, model: 'gpt-realtime-mini' },
  headers: Record<string, string> = { date },
) => json({ data, status: 'success', status_code: 200 }, 200, headers)

function answering(response: () => Response, options: BithumanRealtimeMintOptions = {}) {
  const fetch = vi.fn<UpstreamFetch>(async () => response())
  return { fetch, mint: bithumanRealtimeMint({ secret: () => 'account-secret', fetch, ...options }) }
}

describe('bithumanRealtimeMint', () => {
  afterEach(() => vi.useRealTimers())

  test('asks for a client secret of this model', async () => {
    const { fetch, mint } = answering(() => answer(), { model: 'gpt-realtime' })
    expect(await mint(asks())).toEqual({ access_token: value, expires_in: 600 })
    const request = fetch.mock.calls[0]?.[0]
    expect([request?.method, request?.url, request?.headers.get('api-secret')]).toEqual([
      'POST',
      'https://api.bithuman.ai/v1/realtime/ephemeral-token',
      'account-secret',
    ])
    expect(await request?.json()).toEqual({ model: 'gpt-realtime' })
  })

  test('without a model it names none', async () => {
    const { fetch, mint } = answering(() => answer())
    await mint(asks())
    expect(await fetch.mock.calls[0]?.[0].json()).toEqual({})
  })

  test('the life is counted by bitHuman’s clock, ten years off or not', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: at + 315_360_000_000 })
    expect(await answering(() => answer()).mint(asks())).toMatchObject({ expires_in: 600 })
  })

  test.each<Record<string, string>>([{}, { date: 'yesterday' }])('and by ours where the answer has no date: %j', async (headers) => {
    vi.useFakeTimers({ toFake: ['Date'], now: at + 90_500 })
    expect(await answering(() => answer(undefined, headers)).mint(asks())).toMatchObject({ expires_in: 509 })
  })

  test.each([
    { value, expires_at: at / 1000 },
    { value, expires_at: at / 1000 - 1 },
    { value, expires_at: 'soon' },
    { value },
    { value: '', expires_at: at / 1000 + 600 },
    { value: `${value}\r\nx: y`, expires_at: at / 1000 + 600 },
    {},
  ])('%j is none', async (data) => {
    await expect(answering(() => answer(data)).mint(asks())).rejects.toMatchObject({ code: 'unavailable', status: 502 })
  })

  test('two callers at the same time are two sessions', async () => {
    const { fetch, mint } = answering(() => answer())
    await Promise.all([mint(asks()), mint(asks())])
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  test('a retired endpoint is refused for good, and the operator is told', async () => {
    const gone = () =>
      json({ error: { code: 'ENDPOINT_RETIRED', message: 'gone', httpStatus: 410 }, status: 'error', status_code: 410 }, 410)
    await expect(answering(gone).mint(asks())).rejects.toMatchObject({
      code: 'forbidden',
      status: 403,
      upstreamStatus: 410,
      message: expect.stringContaining('gone for good') as string,
    })
  })
})

describe('a client secret', () => {
  test('is a token to a page, unlike a long-lived key', () => {
    expect(readGrant({ access_token: value, expires_in: 600 }, 1)).toMatchObject({ is: 'grant', token: value })
    expect(readGrant({ access_token: 'sk_live_68f0c2a7b3d94e1f' }, 1)).toMatchObject({ is: 'failed', no: 'malformed' })
  })

  test('is taken out of texts', () => {
    expect(redact(`subprotocol openai-insecure-api-key.${value} refused`)).toBe('subprotocol openai-insecure-api-key.[secret] refused')
  })

  test('of the emulator passes both', async () => {
    const bithuman = createBithuman({ world: manualWorld() })
    const mint = bithumanRealtimeMint({ secret: () => bithuman.secret, fetch: bithuman.fetch })
    const { access_token, expires_in } = await mint(asks())
    expect(readGrant({ access_token, expires_in }, 1)).toMatchObject({ is: 'grant' })
    expect(expires_in).toBe(600)
    expect(redact(access_token)).toBe('[secret]')
  })
})
