/** The gateway in memory of docs/testing.md: the example stands here word for word, with the package's own sources. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createHuechat, withFaults } from '../../src/emulator/index.ts'
import { createSession, fetchWith } from '../../src/index.ts'
import { hueChat, readForwarded } from '../../src/presets/huechat.ts'
import { createGateway, huechatWebhooks, memoryStore } from '../../src/server/gateway/index.ts'
import { createTokenEndpoint, huechat } from '../../src/server/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'

async function start() {
  const world = createTestWorld()
  const { now, timer } = world.world
  const deliver = (request: Request) => gateway.fetch(request)
  const account = createHuechat({ world: world.world, deliver })
  let secret = ''
  const gateway = createGateway({
    audience: 'https://realtime.test',
    keys: [{ kid: '1', secret: 'a signing key of at least 32 bytes' }],
    store: memoryStore({ now, timer }),
    origins: ['https://app.test'],
    lease: { scopes: () => ['contacts:read', 'conversations:read'] },
    upstream: huechat({ key: () => account.key, fetch: account.fetch }),
    webhooks: { huechat: huechatWebhooks({ audience: () => ['ada'], secret: () => secret }) },
    world: world.world,
  })
  const registered = await account.fetch(
    new Request('https://api.huechat.ai/v2/webhooks', {
      method: 'POST',
      headers: { 'x-api-key': account.key, 'content-type': 'application/json' },
      body: JSON.stringify({ url: 'https://realtime.test/webhooks/huechat', events: ['message.received'], active: true }),
    }),
  )
  secret = ((await registered.json()) as { signing_secret: string }).signing_secret
  const { faults, ...line } = withFaults(gateway, world.world)
  const login = now()
  const authorize = () => ({ id: 'ada', since: login })
  world.serve('https://app.test', createTokenEndpoint({ mint: gateway.mint, authorize, now, onError: () => {} }))
  world.serve('https://realtime.test', line)
  const preset = hueChat({ url: 'wss://realtime.test/socket' })
  return { world, account, gateway, faults, session: createSession({ preset, tokenSource: '/api/token', host: world.host }) }
}

test('a message of a customer is told, a lost line loses none, and a lost right pauses', async () => {
  const { world, account, gateway, faults, session } = await start()
  const heard: unknown[] = []
  session.on('message', (event) => heard.push(event.type))
  void session.connect()
  await world.settle()
  account.incoming('+15550100', 'Hello')
  await account.idle()
  await world.settle()
  expect(heard).toEqual(['message.received'])
  expect(await readForwarded(await fetchWith(session, '/v2/contacts'))).toMatchObject({
    ok: true,
    body: { data: [{ phone: '+15550100' }] },
  })

  faults.drop()
  account.incoming('+15550100', 'Are you there?')
  await account.idle()
  await world.advance(5_000)
  expect([session.status.name, heard]).toEqual(['connected', ['message.received', 'message.received']])

  await gateway.revoke('ada')
  await world.advance(5_000)
  expect(session.status).toMatchObject({ name: 'paused', reason: 'refused', code: 'revoked' })
  await session.close()
})

test('that is what the page shows', () => {
  const page = readFileSync('docs/testing.md', 'utf8').split('## A gateway in memory\n')[1] ?? ''
  const [, example = ''] = /```ts\n[\s\S]*?from 'vitest'\n([\s\S]*?)```/.exec(page) ?? []
  expect(example.length).toBeGreaterThan(1_000)
  expect(readFileSync(import.meta.filename, 'utf8')).toContain(example)
})
