/** bitHuman: "The long-lived api-secret is never sent to the avatar engine or any third party." */
import { expect, test } from 'vitest'
import { createBithuman } from '../../src/emulator/bithuman.ts'
import type { Provider } from '../../src/emulator/provider.ts'
import { createSession } from '../../src/index.ts'
import { bitHuman } from '../../src/presets/bithuman.ts'
import { bithumanMint, createTokenEndpoint } from '../../src/server/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'

test('bitHuman’s secret travels to api.bithuman.ai and to nobody else; the runtime sees the token only', async () => {
  const world = createTestWorld()
  const account = createBithuman({ world: world.world })
  const asked: string[] = []
  const elsewhere: string[] = []
  const runtime: Provider = {
    name: 'runtime',
    fetch: (request) => account.fetch(request),
    upgrade(upgrade) {
      elsewhere.push(JSON.stringify([upgrade.url, [...upgrade.headers], upgrade.protocols]))
      return account.upgrade(upgrade)
    },
  }
  const endpoint = createTokenEndpoint({
    mint: bithumanMint({
      secret: () => account.secret,
      fetch: (request) => {
        expect(request.headers.get('api-secret')).toBe(account.secret)
        asked.push(`${request.method} ${request.url}`)
        return account.fetch(request)
      },
    }),
    authorize: () => ({ id: 'ann' }),
    now: world.world.now,
  })
  world.serve('https://runtime.test', runtime)
  world.serve('https://app.test', async (request) => {
    const answer = await endpoint(request)
    elsewhere.push(await answer.clone().text())
    return answer
  })
  const session = createSession({
    preset: bitHuman({ url: 'wss://runtime.test/v1/runtime/A78WKV4515' }),
    tokenSource: '/api/token',
    host: world.host,
  })
  void session.connect()
  await world.advance(1_000)
  expect(session.status.name).toBe('connected')
  await world.advance(120_000)
  await session.close()
  expect(account.counts.mints).toBe(3)
  expect(asked.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => 'POST https://api.bithuman.ai/v1/runtime-tokens/request'))
  expect(asked.filter((call) => !call.includes(' https://api.bithuman.ai/'))).toEqual([])
  expect(elsewhere.join()).toContain('access_token')
  expect(elsewhere.join()).not.toContain(account.secret)
})
