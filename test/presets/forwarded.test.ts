/** What a page reads of the forwarder's answers: the real forwarder, in front of an emulated HueChat. */
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { createHuechat } from '../../src/emulator/huechat.ts'
import type { HuechatOptions } from '../../src/emulator/huechat.ts'
import { readForwarded } from '../../src/presets/huechat.ts'
import type { ForwardedCode } from '../../src/presets/huechat.ts'
import { createForwarder } from '../../src/server/forward/forwarder.ts'
import { huechat } from '../../src/server/forward/huechat.ts'
import type { Caller, ForwardCode } from '../../src/server/index.ts'
import { pageCall } from '../server/forward-kit.ts'

const start = 1_700_000_080_000

// 20 s before a full minute, at which HueChat's windows end.
beforeEach(() => void vi.useFakeTimers({ now: start, toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

function page(options: HuechatOptions = {}, caller: Caller | null = { id: 'ann', scopes: ['*'] }) {
  const provider = createHuechat(options)
  const used = { key: provider.key }
  const forward = createForwarder({
    upstream: huechat({ key: () => used.key, fetch: provider.fetch }),
    authorize: () => caller,
    onError: () => {},
    now: Date.now,
  })
  const call = async (path: string, init: RequestInit = {}) => readForwarded(await forward(pageCall(path, init)))
  return { provider, used, call }
}

describe('an answer of HueChat', () => {
  test('has its body, and the caller’s share of the budget', async () => {
    const { call } = page()
    const { ok, rate, ...rest } = await call('/v2/contacts')
    expect([ok, rest]).toMatchObject([true, { body: { data: [] } }])
    // The key has 1,000 a minute; a tenth of that is kept for somebody new.
    expect(rate).toEqual({ limit: 900, remaining: 899, resetMs: 20_000 })
    const second = await call('/v2/contacts')
    expect(second.rate).toEqual({ limit: 900, remaining: 898, resetMs: 20_000 })
  })

  test('without a body is one, too', async () => {
    const { call } = page()
    const created = await call('/v2/contact', { method: 'POST', body: '{"phone":"+1234567890","first_name":"John"}' })
    const { id } = (created as { body: { id: string } }).body
    expect(await call(`/v2/contact/${id}`, { method: 'DELETE' })).toMatchObject({ ok: true, body: undefined, rate: { limit: 900 } })
  })
})

describe('an error', () => {
  test('401: the backend’s key is refused, in HueChat’s own words', async () => {
    const { call, provider } = page()
    provider.deleteKey(provider.key)
    expect(await call('/v2/contacts')).toMatchObject({
      ok: false,
      code: 'key_refused',
      status: 403,
      upstreamStatus: 401,
      message: 'Invalid API key',
      rate: { limit: 900 },
    })
  })

  test('403: the key has no permission, in HueChat’s own words', async () => {
    const { call, provider, used } = page()
    used.key = provider.createKey({ permissions: ['contacts:read'] })
    expect(await call('/v2/contact', { method: 'POST', body: '{"phone":"+1234567890","first_name":"John"}' })).toMatchObject({
      ok: false,
      code: 'forbidden',
      status: 403,
      upstreamStatus: 403,
      message: 'API key does not have permission for this action',
      rate: { limit: 900, remaining: 899 },
    })
  })

  test('429: HueChat’s own words and wait; nothing is left of the share', async () => {
    const { call, provider } = page({ plan: { perMinute: 1 } })
    await provider.fetch(new Request('https://api.huechat.ai/v2/contacts', { headers: { 'x-api-key': provider.key } }))
    expect(await call('/v2/contacts')).toEqual({
      ok: false,
      code: 'quota',
      status: 429,
      upstreamStatus: 429,
      message: 'Rate limit exceeded. Retry after 20 seconds.',
      retryAfterMs: 20_000,
      rate: { limit: 1, remaining: 0, resetMs: 20_000 },
    })
  })

  test('of the backend’s own: nobody signed in, a scope that is missing, no such route', async () => {
    expect(await page({}, null).call('/v2/contacts')).toMatchObject({ code: 'login_required', status: 401, rate: undefined })
    const reader = page({}, { id: 'ann', scopes: ['contacts:read'] })
    expect(await reader.call('/v2/channels')).toMatchObject({ code: 'forbidden', message: 'This needs the scope channels:read.' })
    expect(await reader.call('/v2/api-keys')).toMatchObject({ code: 'not_allowed', status: 404 })
  })

  test('the codes are those of the forwarder', () => {
    expectTypeOf<ForwardedCode>().toEqualTypeOf<ForwardCode>()
  })
})

describe('an answer that is none of the forwarder’s', () => {
  test.each<[number, ForwardedCode]>([
    [400, 'bad_request'],
    [401, 'login_required'],
    [402, 'quota'],
    [403, 'forbidden'],
    [404, 'not_allowed'],
    [429, 'quota'],
    [502, 'unavailable'],
  ])('%i with HTML is %s', async (status, code) => {
    const response = new Response('<h1>No</h1>', { status, headers: { 'retry-after': '7' } })
    expect(await readForwarded(response)).toEqual({
      ok: false,
      code,
      status,
      message: `The backend answered ${status}.`,
      retryAfterMs: 7_000,
      rate: undefined,
    })
  })

  test.each(['null', '7', '"x"', '[]', '{"error":"toString","message":7,"retry_after":-1,"status":"x","reason":{}}'])(
    '%s with 500 is unavailable',
    async (body) => {
      const answer = await readForwarded(new Response(body, { status: 500, headers: { 'x-ratelimit-limit': 'many' } }))
      expect(answer).toEqual({ ok: false, code: 'unavailable', status: 500, message: 'The backend answered 500.', rate: undefined })
    },
  )

  test('200 with a login page, or cut off in its middle, is unavailable', async () => {
    const cut = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) })
    for (const body of ['<h1>Sign in</h1>', '{"data":[', cut])
      expect(await readForwarded(new Response(body))).toMatchObject({ ok: false, code: 'unavailable', status: 200 })
  })

  test('a body that was read before is the programmer’s mistake', async () => {
    const response = new Response('{}')
    await response.text()
    await expect(readForwarded(response)).rejects.toThrow(TypeError)
  })
})
