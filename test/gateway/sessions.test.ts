/** The whole way: a session of the preset, a token endpoint, and the gateway, through good and bad times. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSession, fetchWith } from '../../src/index.ts'
import { gateway as preset } from '../../src/presets/gateway.ts'
import { createGateway, memoryStore } from '../../src/server/gateway/index.ts'
import type { Gateway } from '../../src/server/gateway/index.ts'
import { audience, breakable, key, kit, origin, upstreamOf } from './kit.ts'
import { page } from './page.ts'
import type { Page } from './page.ts'

const names = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`)
const minute = 60_000

/** Another gateway on the same store: the next process. */
const another = ({ world, store }: Page, options = {}): Gateway =>
  createGateway({ audience, keys: [key], origins: [origin], world: world.world, onError: () => {}, store, ...options })

test('hello, ready, and events in order, once, acknowledged', async () => {
  const it = page()
  const seen = await it.open()
  await it.tell(...names(1, 70))
  expect([seen.statuses, it.way.said.map(({ type }) => type)]).toEqual([
    ['connecting', 'connected'],
    ['hello', 'ack', 'ack'],
  ])
  // No log of addresses holds a lease.
  expect(it.way.upgrades.map(({ url }) => url.search)).toEqual([''])
  expect([seen.ids, seen.notices]).toEqual([names(1, 70), []])
})

test('a test world serves a gateway as it is, and a session needs no more than that and a lease', async () => {
  const { world, gateway, lease } = kit()
  world.serve('https://gateway.test', gateway)
  const tokenSource = async () => ({ access_token: await lease(), expires_in: 120 })
  const session = createSession({ preset: preset({ url: 'wss://gateway.test/socket' }), tokenSource, host: world.host })
  const events: unknown[] = []
  session.on('message', (message) => events.push(message))
  await session.connect()
  await gateway.publish({ id: 'e1' }, ['ann'])
  await world.settle()
  expect(events).toEqual([{ id: 'e1' }])
  await session.close()
  expect(gateway.connections).toBe(0)
})

test('an hour on one socket: the lease is renewed in a frame, and every event arrives', async () => {
  const it = page()
  const seen = await it.open()
  for (let i = 1; i <= 60; i++) {
    await it.tell(`e${i}`)
    await it.world.advance(minute)
  }
  expect([seen.statuses, seen.notices, seen.ids]).toEqual([['connecting', 'connected'], [], names(1, 60)])
  expect(it.world.census.sockets).toBe(1)
  const renewals = it.way.saidOf('renew').length
  expect([renewals >= 59 && renewals <= 70, it.account.asked]).toEqual([true, renewals + 1])
})

test('the life of a lease ends where the backend is down, and the session comes back with everything', async () => {
  const it = page()
  const seen = await it.open()
  it.account.down = true
  await it.world.advance(119_000)
  expect(seen.now).toBe('connected(unavailable)')
  await it.world.advance(2_000)
  expect(seen.now).toBe('paused(expired, unavailable)')
  expect([it.gateway.connections, it.world.census.openSockets]).toEqual([0, 0])
  await it.tell('e1')
  it.account.down = false
  await it.world.advance(2 * minute)
  expect([seen.now, seen.story]).toEqual(['connected', ['e1']])
})

test('revoke(user): paused until a new login; then it goes on where it was', async () => {
  const it = page()
  const seen = await it.open()
  await it.tell('e1')
  await it.world.advance(1_000)
  await it.gateway.revoke('ann')
  await it.world.settle()
  expect([seen.now, it.gateway.connections]).toEqual(['paused(refused, revoked)', 0])
  await it.tell('e2')
  await it.world.advance(5 * minute)
  expect([seen.now, seen.ids]).toEqual(['paused(refused, revoked)', ['e1']])
  it.account.user = { id: 'ann', since: it.now() }
  seen.session.resume()
  await it.world.advance(30_000)
  expect([seen.now, seen.story]).toEqual(['connected', ['e1', 'e2']])
})

test('revoke(null) ends everybody', async () => {
  const it = page()
  const ann = await it.open()
  it.account.user = { id: 'bob', since: it.now() }
  const bob = await it.open()
  await it.world.advance(1_000)
  await it.gateway.revoke(null)
  await it.world.settle()
  expect([ann.now, bob.now, it.gateway.connections]).toEqual(['paused(refused, revoked)', 'paused(refused, revoked)', 0])
})

test('a line that breaks: nothing is lost and nothing repeated', async () => {
  const it = page()
  const seen = await it.open()
  for (let i = 0; i < 20; i++) {
    await it.tell(`e${3 * i + 1}`)
    it.way.drop()
    await it.tell(`e${3 * i + 2}`, `e${3 * i + 3}`)
    await it.world.advance(31_000)
  }
  expect([seen.now, seen.notices, seen.ids]).toEqual(['connected', [], names(1, 60)])
  expect(it.way.saidOf('hello').filter(({ cursor }) => cursor === undefined)).toHaveLength(1)
})

test('a store that was restarted: a gap is said, what it still has and all that is new arrives', async () => {
  const it = page()
  it.account.user = { id: 'ann' }
  const seen = await it.open()
  await it.tell('e1')
  const { now, timer } = it.world.world
  await it.world.advance(1_000)
  it.way.gateway = another(it, { store: memoryStore({ now, timer }) })
  it.way.drop()
  await it.tell('e2')
  await it.world.advance(31_000)
  await it.tell('e3')
  expect([seen.now, seen.notices, seen.story]).toEqual(['connected', ['gap(continuity-denied)'], ['e1', 'gap', 'e2', 'e3']])
})

test('a store that was restarted does not know who was withdrawn: a right from before needs a new login', async () => {
  const it = page()
  const seen = await it.open()
  const { now, timer } = it.world.world
  await it.world.advance(1_000)
  it.way.gateway = another(it, { store: memoryStore({ now, timer }) })
  it.way.drop()
  await it.world.advance(31_000)
  expect(seen.now).toBe('paused(refused, revoked)')
  it.account.user = { id: 'ann', since: it.now() }
  seen.session.resume()
  await it.world.advance(31_000)
  expect([seen.now, seen.notices]).toEqual(['connected', ['gap(continuity-denied)']])
})

test('drain: everybody comes back to the next gateway within the spread, and nothing is lost', async () => {
  const it = page()
  const pages = await Promise.all(Array.from({ length: 10 }, () => it.open()))
  await it.tell('e1')
  await it.world.advance(10_000)
  it.way.gateway = another(it)
  const [began, before] = [it.now(), it.way.at.length]
  it.gateway.drain({ spreadMs: 20_000 })
  await it.tell('e2')
  await it.world.advance(10_000)
  await it.tell('e3')
  await it.world.advance(11_000)
  const waits = it.way.at.slice(before).map((at) => at - began)
  expect([waits.length, Math.max(...waits) <= 20_500, new Set(waits).size > 5]).toEqual([10, true, true])
  expect([it.gateway.connections, it.way.gateway.connections]).toEqual([0, 10])
  for (const { now, notices, ids } of pages) expect([now, notices, ids]).toEqual(['connected', [], names(1, 3)])
})

test('a slow browser gets its events when it can, and is told of those that were not kept', async () => {
  const it = page({ memory: { entriesPerSubject: 5 } })
  const seen = await it.open()
  it.way.buffered = 2 ** 21
  await it.tell(...names(1, 4))
  expect(seen.ids).toEqual([])
  it.way.buffered = 0
  await it.world.advance(1_000)
  expect(seen.story).toEqual(names(1, 4))
  it.way.buffered = 2 ** 21
  await it.tell(...names(5, 15))
  it.way.buffered = 0
  await it.world.advance(1_000)
  expect(seen.story).toEqual([...names(1, 4), 'gap', ...names(11, 15)])
  expect(it.world.census.sockets).toBe(1)
})

test('the store is away: after 15 s nobody is connected; when it is back, so is everybody, with everything', async () => {
  const inner = kit()
  const store = breakable(inner.store)
  const it = page({ store, in: inner.world })
  const seen = await it.open()
  await it.tell('e1')
  store.away = true
  await it.world.advance(14_000)
  expect(seen.now).toBe('connected')
  await it.world.advance(3_000)
  expect([seen.now, it.gateway.connections]).toEqual(['paused(expired, unavailable)', 0])
  store.away = false
  await it.tell('e2')
  await it.world.advance(2 * minute)
  expect([seen.now, seen.story]).toEqual(['connected', ['e1', 'e2']])
})

test('a store that is away for less disturbs nobody, though leases are renewed meanwhile', async () => {
  const inner = kit()
  const store = breakable(inner.store)
  const it = page({ store, in: inner.world })
  const seen = await it.open()
  for (let i = 1; i <= 20; i++) {
    store.away = i % 2 === 0
    await it.world.advance(13_000)
  }
  store.away = false
  await it.tell('e1')
  expect(seen.statuses.filter((word) => !word.startsWith('connected'))).toEqual(['connecting'])
  expect([seen.ids, it.world.census.sockets]).toEqual([['e1'], 1])
})

test('a rotation of the signing key is invisible', async () => {
  const [old, fresh] = [
    { kid: 'old', secret: 'o'.repeat(32) },
    { kid: 'new', secret: 'n'.repeat(32) },
  ]
  let keys = [old]
  const it = page({ keys: () => keys })
  const seen = await it.open()
  for (const ring of [[fresh, old], [fresh]]) {
    await it.world.advance(5 * minute)
    keys = ring
  }
  await it.world.advance(5 * minute)
  await it.tell('e1')
  expect([seen.statuses, seen.notices, seen.ids, it.world.census.sockets]).toEqual([['connecting', 'connected'], [], ['e1'], 1])
})

test('?access_token=: once, with the cursor in the address; a return costs one lease', async () => {
  const it = page({ lease: { once: true } })
  const seen = await it.open({ lease: 'query' })
  await it.tell('e1')
  it.way.drop()
  await it.tell('e2')
  await it.world.advance(31_000)
  expect([seen.now, seen.notices, seen.ids]).toEqual(['connected', [], ['e1', 'e2']])
  const asked = it.way.upgrades.map(({ url }) => url.searchParams)
  const leases = asked.map((query) => query.get('access_token'))
  expect(asked.every((query) => query.get('version') === '1')).toBe(true)
  // The lease that has served is offered once more, refused as used, and replaced.
  expect([leases.length, new Set(leases).size]).toEqual([3, 2])
  expect([
    asked[0]!.get('cursor'),
    asked[1]!.get('cursor') === asked[2]!.get('cursor'),
    asked[1]!.get('cursor')?.split('.').length,
  ]).toEqual([null, true, 2])
  expect(it.way.saidOf('hello')).toEqual([])
})

test('messages go to the application, and its answers come back', async () => {
  const it = page({ onMessage: (message, { user, send }) => void send({ id: `${user}: ${JSON.stringify(message)}` }) })
  const seen = await it.open()
  seen.session.send({ say: 'hello' })
  await it.world.settle()
  expect([seen.story, seen.notices]).toEqual([['ann: {"say":"hello"}'], []])
})

test('REST: the lease goes with the call, and a 401 costs one renewal and one more try', async () => {
  const upstream = upstreamOf(() => Response.json({ data: ['Ada'] }))
  const [old, fresh] = [
    { kid: 'old', secret: 'o'.repeat(32) },
    { kid: 'new', secret: 'n'.repeat(32) },
  ]
  let keys = [old]
  const it = page({ upstream, keys: () => keys, lease: { scopes: () => ['contacts:read'] } })
  const { session } = await it.open()
  expect(await (await fetchWith(session, '/v2/contacts')).json()).toEqual({ data: ['Ada'] })
  const before = it.account.asked
  // Without overlap: the lease in the page is worth nothing from now on.
  keys = [fresh]
  await it.world.advance(10_000)
  expect((await fetchWith(session, '/v2/contacts')).status).toBe(200)
  expect([it.account.asked - before, upstream.reached.length]).toEqual([1, 2])
  expect(
    (await fetchWith(session, '/v2/contacts', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status,
  ).toBe(403)
  expect(it.account.asked - before).toBe(1)
})

type Step = { readonly is: 'tell' | 'advance'; readonly n: number } | { readonly is: 'drop' | 'slow' | 'quick' | 'move' }

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ is: fc.constant('tell' as const), n: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ is: fc.constant('advance' as const), n: fc.integer({ min: 0, max: 40_000 }) }),
    fc.record({ is: fc.constantFrom('drop' as const, 'slow' as const, 'quick' as const, 'move' as const) }),
  ),
  { minLength: 5, maxLength: 30 },
)

/** Events that came twice or late, or that follow a hole of which nobody was told. */
function wrongIn(story: readonly string[]): string[] {
  const wrong: string[] = []
  let at = 0
  let told = false
  for (const word of story) {
    if (word === 'gap') {
      told = true
      continue
    }
    const number = Number(word.slice(1))
    if (number <= at || (number !== at + 1 && !told)) wrong.push(word)
    at = number
    told = false
  }
  return wrong
}

test('the judge of the next test finds what is wrong', () => {
  const stories = ['e1 e2 gap e7 e8', 'e1 e1', 'e2 e1', 'e1 e3', 'gap e3 e5'].map((story) => story.split(' '))
  expect(stories.map(wrongIn)).toEqual([[], ['e1'], ['e2', 'e1'], ['e3'], ['e5']])
})

test('whatever happens, events come in order, once, and each that does not come is a gap', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (all, query) => {
      const it = page({ memory: { entriesPerSubject: 8 }, limits: { window: 64 } })
      const seen = await it.open({ lease: query ? 'query' : 'first-frame' })
      let last = 0
      for (const step of all) {
        switch (step.is) {
          case 'tell':
            await it.tell(...names(last + 1, last + step.n))
            last += step.n
            break
          case 'advance':
            await it.world.advance(step.n)
            break
          case 'drop':
            it.way.drop()
            await it.world.settle()
            break
          case 'slow':
          case 'quick':
            it.way.buffered = step.is === 'slow' ? 2 ** 21 : 0
            break
          case 'move': {
            const old = it.way.gateway
            it.way.gateway = another(it, { limits: { connectsPerUserAndMinute: 10_000 } })
            old.drain()
            await it.world.settle()
            break
          }
          default:
            step satisfies never
        }
      }
      it.way.buffered = 0
      await it.world.advance(60_000)
      expect(wrongIn(seen.story), seen.story.join(' ')).toEqual([])
      expect([seen.now, seen.ids.at(-1)]).toEqual(['connected', last === 0 ? undefined : `e${last}`])
      await seen.session.close()
    }),
    { numRuns: 40, seed: 7 },
  )
})
