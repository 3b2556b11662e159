import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../src/server/store/store.ts'
import { followingContract } from './contract-following.ts'
import { readingContract } from './contract-reading.ts'
import { has, listen } from './listen.ts'

export interface StoreOptions {
  readonly retentionMs?: number
  readonly entriesPerSubject?: number
}

export interface Kit {
  /** A store with nothing in it, and another object on the same ground (the same one where there can be only one). */
  open(options?: StoreOptions): readonly [Store, Store]
  /** A retention that can be waited for. */
  readonly retentionMs: number
  /** Lets time pass by the store's clock. */
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

/** What the parts of the contract stand on. */
export interface Ground {
  open(options?: StoreOptions): Store
  openTwo(options?: StoreOptions): readonly [Store, Store]
  pass(ms: number): Promise<void>
  passRetention(): Promise<void>
  retentionMs(): number
}

/** What every store must do. */
export function storeContract(name: string, makeKit: () => Promise<Kit>): void {
  describe(`${name}: the contract`, () => {
    let kit: Kit
    let close = async (): Promise<void> => {}
    const opened: Store[] = []
    beforeAll(async () => {
      kit = await makeKit()
      close = kit.close
    })
    afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())))
    afterAll(() => close())

    const openTwo = (options?: StoreOptions): readonly [Store, Store] => {
      const stores = kit.open(options)
      opened.push(...stores)
      return stores
    }
    const open = (options?: StoreOptions): Store => openTwo(options)[0]
    const ground: Ground = {
      open,
      openTwo,
      pass: (ms) => kit.pass(ms),
      passRetention: () => kit.pass(kit.retentionMs + 1),
      retentionMs: () => kit.retentionMs,
    }
    readingContract(ground)
    followingContract(ground)

    describe('epochs', () => {
      test('before anything was withdrawn it is the birth of the stream, for everybody', async () => {
        const [store, other] = openTwo()
        const birth = await store.epochOf('anna')
        expect(birth).toBeGreaterThan(Date.UTC(2020, 0, 1))
        expect(await other.epochOf('ben')).toBe(birth)
      })

      test('one user, everybody, and never back', async () => {
        const [store, other] = openTwo()
        const birth = await store.epochOf('anna')
        await kit.pass(2)
        const annas = await store.revoke('anna')
        expect(annas).toBeGreaterThan(birth)
        expect([await other.epochOf('anna'), await other.epochOf('ben')]).toEqual([annas, birth])
        await kit.pass(2)
        const everybody = await other.revoke(null)
        expect(everybody).toBeGreaterThan(annas)
        expect([await store.epochOf('anna'), await store.epochOf('ben')]).toEqual([everybody, everybody])
        expect(await store.revoke('anna')).toBeGreaterThan(everybody)
        expect(await store.epochOf('all')).toBe(everybody)
      })

      test('two withdrawals in one moment are two epochs, each above whatever was given out before', async () => {
        const [store, other] = openTwo()
        const epochs = [await store.epochOf('anna'), await store.revoke('anna'), await other.revoke('anna'), await store.revoke(null)]
        expect(new Set(epochs).size).toBe(4)
        expect(epochs).toEqual([...epochs].sort((one, two) => one - two))
      })
    })

    describe('once and take', () => {
      test('once is true for one caller', async () => {
        const [store, other] = openTwo()
        const first = await Promise.all([store.once('k', 60_000), other.once('k', 60_000), store.once('k', 60_000)])
        expect(first.filter(Boolean)).toHaveLength(1)
        expect(await other.once('k2', 60_000)).toBe(true)
      })

      test('once is over after its time', async () => {
        const store = open()
        expect(await store.once('k', 20)).toBe(true)
        await kit.pass(21)
        expect(await store.once('k', 20)).toBe(true)
      })

      test('take gives out so many points, to all stores together, by limit and by key', async () => {
        const [store, other] = openTwo()
        const limit = { name: 'connect:a', points: 2, perMs: 60_000 }
        const taken = [await store.take(limit, 'anna'), await other.take(limit, 'anna'), await store.take(limit, 'anna')]
        expect(taken.slice(0, 2)).toEqual([0, 0])
        expect(taken[2]).toBeGreaterThan(0)
        expect(taken[2]).toBeLessThanOrEqual(60_000)
        expect(await store.take(limit, 'ben')).toBe(0)
        expect(await store.take({ ...limit, name: 'connect' }, 'a:anna')).toBe(0)
      })
    })

    test('close settles, twice too, and nobody hears anything afterwards', async () => {
      const [store, other] = openTwo()
      const listener = listen(store)
      await listener.until(has('fresh'))
      await Promise.all([store.close(), store.close()])
      listener.heard.length = 0
      await other.append('x', ['a'], 'late').catch(() => {})
      expect(listener.heard).toEqual([])
    })
  })
}
