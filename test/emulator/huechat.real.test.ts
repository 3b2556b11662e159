import { afterEach, expect, test } from 'vitest'
import { createHuechat } from '../../src/emulator/huechat.ts'
import { mount, type Served, serve } from '../../src/emulator/node.ts'
import type { Provider } from '../../src/emulator/provider.ts'
import { latch } from './latch.ts'

const servers: Served[] = []
const served = async (provider: Provider) => {
  const server = await serve(provider)
  servers.push(server)
  return server.url
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

test('over real HTTP: both environments at one address, each with its own keys', async () => {
  const live = createHuechat()
  const sandbox = createHuechat({ environment: 'sandbox' })
  const url = await served(mount({ '/live': live, '/sandbox': sandbox }))
  const list = (place: string, key: string) => fetch(`${url}/${place}/v2/contacts`, { headers: { 'x-api-key': key } })
  const statuses = [
    (await list('live', live.key)).status,
    (await list('sandbox', sandbox.key)).status,
    (await list('live', sandbox.key)).status,
    (await list('sandbox', live.key)).status,
  ]
  expect(statuses).toEqual([200, 200, 401, 401])
})

test('over real HTTP: bodies, headers, and an answer without a body', async () => {
  const huechat = createHuechat({ plan: 'free' })
  const url = await served(huechat)
  const headers = { authorization: `Bearer ${huechat.key}`, 'content-type': 'application/json' }
  const made = await fetch(`${url}/v2/contact`, { method: 'POST', headers, body: '{"phone":"+1234567890"}' })
  expect([made.status, made.headers.get('x-ratelimit-limit'), made.headers.get('x-ratelimit-remaining')]).toEqual([201, '100', '99'])
  const gone = await fetch(`${url}/v2/contact/%2B1234567890`, { method: 'DELETE', headers })
  expect([gone.status, await gone.text(), gone.headers.get('x-ratelimit-remaining')]).toEqual([204, '', '98'])
  const refused = await fetch(`${url}/v2/contacts`)
  expect([refused.status, await refused.json()]).toEqual([401, { error: 'unauthorized', message: 'API key is required', code: 401 }])
})

test('over real HTTP: a webhook reaches a server of its own, with the global fetch', async () => {
  const arrived = latch()
  const seen: { signature: string | null; body: unknown }[] = []
  const receiver = await served({
    name: 'receiver',
    async fetch(request) {
      seen.push({ signature: request.headers.get('X-HueChat-Signature'), body: await request.json() })
      arrived.open()
      return new Response()
    },
    upgrade: async () => new Response(null, { status: 404 }),
  })
  const huechat = createHuechat()
  const url = await served(huechat)
  const body = JSON.stringify({ url: `${receiver}/hook`, events: ['message.received'] })
  await fetch(`${url}/v2/webhooks`, { method: 'POST', headers: { 'x-api-key': huechat.key }, body })
  huechat.incoming('+1234567890', 'Hi')
  await arrived.opened
  await huechat.idle()
  expect(seen).toMatchObject([
    { signature: expect.stringMatching(/^t=\d+,v1=[0-9a-f]{64}$/), body: { type: 'message.received', retry_count: 0 } },
  ])
  expect(huechat.counts.delivered).toBe(1)
})
