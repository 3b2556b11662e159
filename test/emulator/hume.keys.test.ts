import { describe, expect, test } from 'vitest'
import { kit, open } from './hume-kit.ts'

describe('the token exchange', () => {
  test('a valid pair brings a token for 30 minutes', async () => {
    const { world, hume, exchange } = kit()
    const response = await exchange()
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^[A-Za-z0-9]{28}$/) as string,
      token_type: 'Bearer',
      expires_in: 1800,
      issued_at: world.now(),
    })
    expect(hume.counts).toEqual({ mints: 1, refusedMints: 0, upgrades: 0, refusedUpgrades: 0, chats: 0 })
  })

  const form = 'application/x-www-form-urlencoded'
  const basic = (pair: string) => `Basic ${btoa(pair)}`
  test.each([
    ['no credential', {}, form, 'grant_type=client_credentials', 401],
    ['a wrong secret', { authorization: basic('key:wrong') }, form, 'grant_type=client_credentials', 401],
    ['the secret of another pair', { authorization: basic('key:other-secret') }, form, 'grant_type=client_credentials', 401],
    ['a credential that is not base64', { authorization: 'Basic %%%' }, form, 'grant_type=client_credentials', 401],
    ['a key as Bearer', { authorization: 'Bearer key' }, form, 'grant_type=client_credentials', 401],
    ['no grant type', { authorization: basic('key:secret:with:colons') }, form, '', 400],
    ['another grant type', { authorization: basic('key:secret:with:colons') }, form, 'grant_type=password', 400],
    ['a JSON body', { authorization: basic('key:secret:with:colons') }, 'application/json', '{"grant_type":"client_credentials"}', 400],
    ['all that is needed', { authorization: basic('key:secret:with:colons') }, form, 'grant_type=client_credentials', 200],
  ])('%s → the status', async (_, headers, contentType, body, status) => {
    const { hume, request } = kit({
      keys: [
        { apiKey: 'key', secretKey: 'secret:with:colons' },
        { apiKey: 'other', secretKey: 'other-secret' },
      ],
    })
    const response = await request('/oauth2-cc/token', { method: 'POST', headers: { ...headers, 'content-type': contentType }, body })
    expect(response.status).toBe(status)
    expect(hume.counts.mints).toBe(status === 200 ? 1 : 0)
  })

  test('a GET is not allowed', async () => {
    expect((await kit().request('/oauth2-cc/token')).status).toBe(405)
  })

  test('a page may not read it, and is told so by the preflight', async () => {
    const { request, exchange } = kit()
    expect((await exchange()).headers.has('access-control-allow-origin')).toBe(false)
    expect((await request('/oauth2-cc/token', { method: 'OPTIONS' })).status).toBe(405)
  })

  test('it can be told to refuse, and to stop refusing', async () => {
    const { hume, exchange } = kit()
    hume.refuseMints(429, 7)
    const refused = await exchange()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7'])
    hume.refuseMints(null)
    expect((await exchange()).status).toBe(200)
    expect(hume.counts).toMatchObject({ mints: 1, refusedMints: 1 })
  })
})

describe('who may come in', () => {
  test('a token or a key, in the query or in a header', async () => {
    const { hume, dial, mint } = kit()
    const token = await mint()
    const key = hume.installed[0]?.apiKey ?? ''
    open(await dial(`/v0/evi/chat?access_token=${token}`))
    open(await dial(`/v0/evi/chat?api_key=${key}`))
    open(await dial('/v0/evi/chat', { authorization: `Bearer ${token}` }))
    open(await dial('/v0/evi/chat', { 'x-hume-api-key': key }))
    open(await dial(`/v0/evi/chat?access_token=${token}`, { authorization: `Bearer ${token}` }))
    expect(hume.counts).toMatchObject({ upgrades: 5, refusedUpgrades: 0, chats: 5 })
  })

  test.each([
    ['nothing', '/v0/evi/chat', 401],
    ['an unknown token', '/v0/evi/chat?access_token=nonsense', 401],
    ['an unknown key', '/v0/evi/chat?api_key=nonsense', 401],
    ['the Secret key', '/v0/evi/chat?api_key=secret', 401],
    ['a path that is no socket', '/v0/evi/nowhere?api_key=key', 404],
  ])('%s → %s is refused', async (_, path, status) => {
    const { hume, dial } = kit({ keys: [{ apiKey: 'key', secretKey: 'secret' }] })
    expect(await dial(path)).toHaveProperty('status', status)
    expect(hume.counts).toMatchObject({ upgrades: 0, refusedUpgrades: 1, chats: 0 })
  })

  test('a token is good up to its last millisecond, for sockets and for REST', async () => {
    const { world, dial, mint, request } = kit({ tokenTtlSeconds: 60 })
    const token = await mint()
    const ask = async () => (await request('/v0/evi/chats', { headers: { authorization: `Bearer ${token}` } })).status
    await world.pass(59_999)
    open(await dial(`/v0/evi/chat?access_token=${token}`))
    expect(await ask()).toBe(200)
    await world.pass(1)
    const refused = await dial(`/v0/evi/chat?access_token=${token}`)
    expect(refused).toHaveProperty('status', 401)
    expect(await (refused as Response).json()).toMatchObject({ message: 'The access token has expired.' })
    expect(await ask()).toBe(401)
  })

  test('handshakes can be refused a number of times', async () => {
    const { hume, dial, mint } = kit()
    const path = `/v0/evi/chat?access_token=${await mint()}`
    hume.refuseHandshakes(503, 2)
    expect(await dial(path)).toHaveProperty('status', 503)
    expect(await dial(path)).toHaveProperty('status', 503)
    open(await dial(path))
    hume.refuseHandshakes(403)
    expect(await dial(path)).toHaveProperty('status', 403)
    hume.refuseHandshakes(null)
    open(await dial(path))
  })
})

describe('what dies when', () => {
  test('an expired token closes no live socket', async () => {
    const { world, hume, chat } = kit({ inactivityMs: 1e9, maxDurationMs: 1e9 })
    const wire = await chat()
    hume.expireTokens()
    await world.pass(7_200_000)
    wire.send({ type: 'user_input', text: 'Still here?' })
    expect(wire.closes).toEqual([])
    expect(wire.types()).toContain('assistant_end')
  })

  test('unless the emulator is told to cut it, at the token’s end or when tokens are expired', async () => {
    const { world, hume, chat, dial } = kit({ cutLiveAtExpiry: true, inactivityMs: 1e9, maxDurationMs: 1e9 })
    const first = await chat()
    await world.pass(1_799_999)
    expect(first.closes).toEqual([])
    await world.pass(1)
    expect(first.closes).toEqual([[1008, 'access token expired']])
    const second = await chat()
    const byKey = open(await dial(`/v0/evi/chat?api_key=${hume.installed[0]?.apiKey}`))
    hume.expireTokens()
    expect(second.closes).toEqual([[1008, 'access token expired']])
    expect(byKey.closes).toEqual([])
  })

  test('regenerated keys kill the old pair at once, for the exchange and as a key', async () => {
    const { hume, dial, exchange } = kit()
    const old = hume.installed[0] ?? { apiKey: '', secretKey: '' }
    const fresh = hume.regenerateKeys()
    expect(hume.installed).toEqual([fresh])
    expect((await exchange(old)).status).toBe(401)
    expect(await dial(`/v0/evi/chat?api_key=${old.apiKey}`)).toHaveProperty('status', 401)
    expect((await exchange(fresh)).status).toBe(200)
  })

  test.each([
    ['survive', undefined],
    ['die', 401],
  ] as const)('tokens of the old pair %s', async (regeneratedTokens, status) => {
    const { hume, dial, mint } = kit({ regeneratedTokens })
    const token = await mint()
    hume.regenerateKeys()
    const outcome = await dial(`/v0/evi/chat?access_token=${token}`)
    expect(outcome instanceof Response ? outcome.status : undefined).toBe(status)
  })

  test('every secret that was ever issued can be listed', async () => {
    const { hume, mint } = kit({ keys: [{ apiKey: 'key-1', secretKey: 'secret-1' }] })
    const token = await mint()
    const fresh = hume.regenerateKeys()
    expect(hume.secrets()).toEqual(['key-1', 'secret-1', token, fresh.apiKey, fresh.secretKey])
  })

  test('sockets are dropped with a code or cut without one', async () => {
    const { hume, chat } = kit()
    const closed = await chat()
    expect(hume.dropSockets(1011, 'internal')).toBe(1)
    const cut = await chat()
    expect(hume.dropSockets()).toBe(1)
    expect([closed.closes, cut.closes]).toEqual([[[1011, 'internal']], [[1006, '']]])
    expect(hume.chats.map(({ status, closeCode }) => [status, closeCode])).toEqual([
      ['ERROR', 1011],
      ['ERROR', 1006],
    ])
    expect(hume.dropSockets()).toBe(0)
  })
})
