/** AgentHuman's two authentication methods side by side in one page: two token sources, since the tokens open different doors. */
import { expect, test } from 'vitest'
import { createAgenthuman } from '../../src/emulator/agenthuman.ts'
import { createSession, fetchWith } from '../../src/index.ts'
import { agentHuman, agentHumanUser } from '../../src/presets/agenthuman.ts'
import { agenthumanMint, agenthumanUserMint, createTokenEndpoint } from '../../src/server/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'

async function page() {
  const world = createTestWorld()
  const account = createAgenthuman({ world: world.world, jwtTtlSeconds: 3600 })
  const post = (path: string, body: object) =>
    account.fetch(
      new Request(`https://api.agenthuman.com/v1${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    )
  await post('/auth/otp/request', { email: account.email })
  const { token } = (await (await post('/auth/otp/verify', { email: account.email, otp: account.otp })).json()) as { token: string }
  let login: string | null = token
  const shared = { authorize: () => ({ id: 'ann' }), now: world.world.now, onError: () => {} }
  const mint = agenthumanMint({
    key: () => account.key,
    fetch: account.fetch,
    session: () => ({ avatar: 'avat_1', aspect_ratio: '1:1' }),
    wallClock: world.world.now,
  })
  const sessions = createTokenEndpoint({ ...shared, mint })
  const users = createTokenEndpoint({ ...shared, mint: agenthumanUserMint({ login: () => login }) })
  world.serve('https://app.test', (request) => (request.url.endsWith('/user') ? users(request) : sessions(request)))
  world.serve('https://api.agenthuman.com', account)
  world.serve('https://wss.agenthuman.com', account)
  const talk = createSession({ preset: agentHuman(), tokenSource: '/api/session', host: world.host })
  const user = createSession({ preset: agentHumanUser(), tokenSource: '/api/user', host: world.host })
  return { world, account, talk, user, signOut: () => (login = null) }
}

test('the session’s token opens the socket, the user’s JWT the user’s resources; neither opens the other’s', async () => {
  const { world, account, talk, user } = await page()
  void talk.connect()
  void user.connect()
  await world.advance(1_000)
  expect([talk.status.name, user.status.name, account.liveSockets]).toEqual(['connected', 'connected', 1])
  const agents = await fetchWith(user, '/v1/agents')
  expect([agents.status, await agents.json()]).toEqual([200, { success: true, agents: [] }])
  expect((await fetchWith(user, '/v1/avatars')).status).toBe(200)
  await expect(fetchWith(talk, 'https://api.agenthuman.com/v1/agents')).rejects.toThrow(TypeError)
  const jwt = await user.accessToken()
  expect((await account.fetch(new Request('https://api.agenthuman.com/v1/sessions', { headers: { 'x-api-key': jwt } }))).status).toBe(401)
  await Promise.all([talk.close(), user.close()])
  expect(account.liveSessions).toBe(0)
})

test('a user who has signed out pauses the user’s session, and the avatar goes on', async () => {
  const { world, account, talk, user, signOut } = await page()
  void talk.connect()
  void user.connect()
  await world.advance(1_000)
  signOut()
  await world.advance(1_800_000)
  expect(user.status).toMatchObject({ name: 'paused', reason: 'refused', code: 'login_required' })
  expect([talk.status.name, account.liveSockets]).toEqual(['connected', 1])
  await Promise.all([talk.close(), user.close()])
})
