import { describe, expect, test } from 'vitest'
import { createAgenthuman } from '../../src/emulator/agenthuman.ts'
import { createBithuman } from '../../src/emulator/bithuman.ts'
import { createHuechat } from '../../src/emulator/huechat.ts'
import { agenthuman } from '../../src/server/forward/agenthuman.ts'
import { bithuman } from '../../src/server/forward/bithuman.ts'
import { createForwarder } from '../../src/server/forward/forwarder.ts'
import { huechat } from '../../src/server/forward/huechat.ts'
import type { Caller, Upstream } from '../../src/server/forward/upstream.ts'
import { agenthumanMint } from '../../src/server/mint/agenthuman.ts'
import { pageCall } from './forward-kit.ts'
import { asks } from './requests.ts'

/** What a page and the operator saw, all of it. */
function through(upstream: Upstream, caller: Partial<Caller> = {}) {
  const said: string[] = []
  const forward = createForwarder({
    upstream,
    authorize: () => ({ id: 'ann', scopes: ['*'], ...caller }),
    onError: (error) => void said.push(String(error.stack)),
  })
  const call = async (method: string, path: string, body?: object) => {
    const response = await forward(pageCall(path, { method, ...(body && { body: JSON.stringify(body) }) }))
    const text = await response.text()
    said.push(text, JSON.stringify([...response.headers.entries()]))
    const json = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
    return { status: response.status, json, headers: response.headers }
  }
  return { call, said }
}

describe('an emulated HueChat', () => {
  test('a contact, a message, the lists; the numbers of the key', async () => {
    const provider = createHuechat()
    const { call, said } = through(huechat({ key: () => provider.key, fetch: provider.fetch }))
    const contact = await call('POST', '/v2/contact', { phone: '+1234567890', first_name: 'John' })
    expect([contact.status, contact.json['phone']]).toEqual([201, '+1234567890'])
    expect(contact.headers.get('x-upstream-ratelimit-limit')).toBe('1000')
    expect((await call('GET', '/v2/contact/%2B1234567890')).json['id']).toBe(contact.json['id'])
    const message = { channel: 'whatsapp', message_type: 'text', content: 'Hi' }
    expect((await call('POST', `/v2/contact/${String(contact.json['id'])}/message`, message)).status).toBeLessThan(300)
    for (const path of ['/v2/contacts', '/v2/conversations?status=open&limit=5']) expect((await call('GET', path)).status).toBe(200)
    expect(await call('GET', '/v2/contact/cnt_none')).toMatchObject({ status: 404, json: { error: 'not_found' } })
    await call('POST', '/v2/webhooks', { url: 'https://app.example.com/hook', events: ['message.received'], active: true })
    for (const secret of provider.secrets()) expect(said.join(' ')).not.toContain(secret)
  })

  test('a rotation with overlap is not seen; a key that is gone is', async () => {
    const provider = createHuechat({ environment: 'sandbox' })
    let installed = provider.key
    const { call } = through(huechat({ key: () => installed, fetch: provider.fetch }))
    expect((await call('GET', '/v2/contacts')).status).toBe(200)
    const next = provider.rotateKey(installed)
    expect((await call('GET', '/v2/contacts')).status).toBe(200)
    provider.deleteKey(installed)
    expect(await call('GET', '/v2/contacts')).toMatchObject({
      status: 403,
      json: { error: 'key_refused', message: 'Invalid API key', status: 401 },
    })
    installed = next
    expect((await call('GET', '/v2/contacts')).status).toBe(200)
  })

  test('a key without the permission', async () => {
    const provider = createHuechat()
    const reading = provider.createKey({ permissions: ['contacts:read'] })
    const { call } = through(huechat({ key: () => reading, fetch: provider.fetch, header: 'bearer' }))
    expect((await call('GET', '/v2/contacts')).status).toBe(200)
    expect(await call('POST', '/v2/contact', { phone: '+1234567891' })).toMatchObject({
      status: 403,
      json: { error: 'forbidden', message: 'API key does not have permission for this action', status: 403 },
    })
  })
})

describe('an emulated AgentHuman', () => {
  const minting = (provider: ReturnType<typeof createAgenthuman>, session: object, key = () => provider.key) =>
    agenthumanMint({ key, fetch: provider.fetch, session: () => session })
  const room = { platform: 'livekit', url: 'wss://livekit.example.com', token: 'room-token' }
  const generations: [string, object][] = [
    ['current', { avatar: 'avat_01H3Z8G9YR3K2N5M6P7Q8W4T', aspect_ratio: '1:1', room, metadata: {} }],
    ['older', { avatar_id: 'avat_01H3Z8G9YR3K2N5M6P7Q8W4T', metadata: {} }],
  ]

  test.each(generations)('a session of the %s generation, and its end', async (_, session) => {
    const provider = createAgenthuman({ allocationMs: 0 })
    const mint = minting(provider, session)
    const first = await mint(asks())
    expect(first.expires_in).toBeGreaterThan(3_590)
    expect(first.expires_in).toBeLessThanOrEqual(3_600)
    expect(provider.liveSessions).toBe(1)
    const second = await mint(asks(first.handle === undefined ? {} : { handle: first.handle }))
    expect(second.handle).not.toBe(first.handle)
    expect(provider.liveSessions).toBe(1)
    await mint.release?.(second.handle ?? '', asks())
    expect(provider.liveSessions).toBe(0)
  })

  test('concurrency and minutes are quota', async () => {
    const provider = createAgenthuman({ maxConcurrent: 1 })
    const mint = minting(provider, generations[0]?.[1] ?? {})
    await mint(asks())
    await expect(mint(asks())).rejects.toMatchObject({ code: 'quota' })
    provider.outOfMinutes(true)
    await expect(mint(asks())).rejects.toMatchObject({ code: 'quota' })
  })

  test('a deleted key is key_refused, with the reason, for the mint and the page', async () => {
    const provider = createAgenthuman()
    const old = provider.key
    provider.rotate()
    await expect(minting(provider, {}, () => old)(asks())).rejects.toMatchObject({
      code: 'key_refused',
      message: expect.stringContaining('key_revoked') as string,
    })
    const { call, said } = through(agenthuman({ key: () => old, fetch: provider.fetch, basePath: '/api/v1' }))
    expect(await call('GET', '/v1/sessions')).toMatchObject({ status: 403, json: { error: 'key_refused', reason: 'key_revoked' } })
    for (const secret of provider.secrets()) expect(said.join(' ')).not.toContain(secret)
  })

  test('sessions and lists with the key', async () => {
    const provider = createAgenthuman()
    const { call } = through(agenthuman({ key: () => provider.key, fetch: provider.fetch }))
    for (const path of ['/v1/sessions', '/v1/avatars/public', '/v1/voices/public', '/v1/roles/public'])
      expect((await call('GET', path)).status).toBe(200)
    expect(
      await through(agenthuman({ key: () => provider.key, fetch: provider.fetch }), { bearer: 'no.such.jwt' }).call('GET', '/v1/agents'),
    ).toMatchObject({
      status: 403,
      json: { error: 'rejected' },
    })
  })
})

test('an emulated bitHuman says that nobody is in the room', async () => {
  const provider = createBithuman()
  const { secret } = provider
  const { call } = through(bithuman({ secret: () => secret, fetch: provider.fetch }))
  const answer = await call('POST', '/v1/agent/A78WKV4515/speak', { message: 'Hello' })
  expect([200, 404]).toContain(answer.status)
  provider.rotate()
  expect(await call('POST', '/v1/agent/A78WKV4515/speak', { message: 'Hello' })).toMatchObject({
    status: 403,
    json: { error: 'key_refused' },
  })
})
