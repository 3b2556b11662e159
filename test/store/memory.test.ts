import { expect, test } from 'vitest'
import { memoryStore } from '../../src/server/store/memory.ts'
import { manualWorld } from '../emulator/manual-world.ts'
import { storeContract } from './contract.ts'
import { has, listen } from './listen.ts'

storeContract('memory', async () => {
  const { now, timer, pass } = manualWorld()
  return {
    open(options) {
      const store = memoryStore({ ...options, now, timer, onError: () => {} })
      return [store, store]
    },
    retentionMs: 600_000,
    pass,
    close: async () => {},
  }
})

test('a new store is another stream, born later: nothing of the old one counts', async () => {
  const world = manualWorld()
  const before = memoryStore(world)
  const withdrawn = await before.revoke('anna')
  const from = await before.head()
  await world.pass(2)
  const after = memoryStore(world)
  expect(await after.read('a', from, 10)).toMatchObject({ gap: true, entries: [] })
  expect(await after.epochOf('anna')).toBeGreaterThan(withdrawn)
})

test('a clock that is set back takes nothing away: numbers, epochs and the retention go on', async () => {
  let time = Date.UTC(2026, 5, 1)
  const store = memoryStore({ now: () => time, retentionMs: 1000 })
  const from = await store.head()
  await store.append('x', ['a'], 'one')
  const withdrawn = await store.revoke('anna')
  time -= 3_600_000
  await store.append('y', ['a'], 'two')
  const page = await store.read('a', from, 10)
  expect(page.entries.map(({ body }) => body)).toEqual(['one', 'two'])
  expect(page.gap).toBe(false)
  expect(await store.revoke('anna')).toBeGreaterThanOrEqual(withdrawn)
})

test('timers run only while somebody follows', async () => {
  const world = manualWorld()
  const store = memoryStore(world)
  await store.append('x', ['a'], 'one')
  expect(world.timers).toBe(0)
  const listener = listen(store)
  await listener.until(has('fresh'))
  expect(world.timers).toBe(1)
  listener.stop()
  await world.pass(1000)
  expect(world.timers).toBe(0)
  listen(store)
  expect(world.timers).toBe(1)
  await store.close()
  expect(world.timers).toBe(0)
})

test('an id is remembered for a day', async () => {
  const world = manualWorld()
  const store = memoryStore({ ...world, entriesPerSubject: 1 })
  expect(await store.append('x', ['a'], 'one')).toBe('appended')
  await world.pass(86_399_999)
  expect(await store.append('x', ['a'], 'one')).toBe('duplicate')
  await world.pass(1)
  expect(await store.append('x', ['a'], 'one')).toBe('appended')
})
