/** A session of AgentHuman counts and costs, and ends with its socket: when a new one is begun, and when not. */
import { expect, test } from 'vitest'
import { createAgenthuman } from '../../src/emulator/agenthuman.ts'
import { withFaults } from '../../src/emulator/faults.ts'
import { createSession } from '../../src/index.ts'
import { agentHuman } from '../../src/presets/agenthuman.ts'
import { agenthumanMint, createTokenEndpoint } from '../../src/server/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'

async function talking(options: { sessionSeconds?: number } = {}) {
  const world = createTestWorld()
  // A plan for one session at a time.
  const account = createAgenthuman({ world: world.world, maxConcurrent: 1, ...options })
  const { faults, ...line } = withFaults(account, world.world)
  let { key } = account
  const mint = agenthumanMint({
    key: () => key,
    fetch: account.fetch,
    session: () => ({ avatar: 'avat_1', aspect_ratio: '1:1' }),
    wallClock: world.world.now,
  })
  world.serve('https://wss.agenthuman.com', line)
  world.serve('https://app.test', createTokenEndpoint({ mint, authorize: () => ({ id: 'ann' }), now: world.world.now, onError: () => {} }))
  const session = createSession({ preset: agentHuman(), tokenSource: '/api/token', host: world.host })
  const notices: string[] = []
  session.on('notice', (notice) => notices.push(notice.name === 'gap' ? `gap: ${notice.reason}` : notice.name))
  void session.connect()
  await world.advance(1_000)
  expect([session.status.name, account.counts.sessions]).toEqual(['connected', 1])
  return { world, account, faults, session, notices, install: (fresh: string) => (key = fresh) }
}
const replaced = ['session-replaced', 'gap: session-replaced']

test('a socket that is lost costs one new session, and the old one is over', async () => {
  const { world, account, faults, session, notices } = await talking()
  faults.drop()
  await world.advance(5_000)
  expect([session.status.name, account.counts.sessions, account.liveSessions, notices]).toEqual(['connected', 2, 1, replaced])
  await session.close()
  expect(account.liveSessions).toBe(0)
})

test('ten minutes without a way to the socket begin at most two sessions a minute, one at a time', async () => {
  const { world, account, faults, session } = await talking()
  faults.refuseUpgrades(503)
  faults.drop()
  for (let minute = 0; minute < 10; minute++) {
    await world.advance(60_000)
    expect(account.liveSessions).toBeLessThanOrEqual(1)
  }
  expect(account.counts.sessions).toBeLessThanOrEqual(1 + 20)
  faults.heal()
  await world.advance(60_000)
  expect(session.status.name).toBe('connected')
  await session.close()
})

test('at its expiration a session is replaced', async () => {
  const { world, account, session, notices } = await talking({ sessionSeconds: 120 })
  await world.advance(125_000)
  expect([session.status.name, account.counts.sessions, notices]).toEqual(['connected', 2, replaced])
  await session.close()
})

test('an end on purpose, 1000, begins no new one until connect()', async () => {
  const { world, account, faults, session } = await talking()
  faults.drop(1000)
  await world.advance(600_000)
  expect([session.status, account.counts.sessions]).toMatchObject([{ name: 'failed', code: 'stopped' }, 1])
  void session.connect()
  await world.advance(1_000)
  expect([session.status.name, account.counts.sessions]).toEqual(['connected', 2])
  await session.close()
})

test('a rotated key is not seen while the socket lives; the next session needs the new one', async () => {
  const { world, account, faults, session, install } = await talking()
  const fresh = account.rotate()
  await world.advance(600_000)
  expect([session.status.name, account.counts.sessions]).toEqual(['connected', 1])
  faults.drop()
  await world.advance(5_000)
  expect(session.status).toMatchObject({ name: 'paused', reason: 'refused', code: 'key_refused' })
  install(fresh)
  await world.advance(60_000)
  expect([session.status.name, account.counts.sessions]).toEqual(['connected', 2])
  await session.close()
})
