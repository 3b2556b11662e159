import { describe, expect, test } from 'vitest'
import type { Ground } from './contract.ts'
import { entries, has, listen } from './listen.ts'

/** What followers hear, and when. */
export function followingContract({ open, openTwo, pass }: Ground): void {
  describe('follow', () => {
    test('followers hear what any store object was told, in its order, as a reader would read it', async () => {
      const [store, other] = openTwo()
      const [one, two] = [listen(store), listen(other)]
      await Promise.all([one.until(has('fresh')), two.until(has('fresh'))])
      const from = await store.head()
      for (let i = 0; i < 10; i++) await (i % 2 === 0 ? store : other).append(`e${i}`, i === 5 ? ['a', 'b'] : ['a'], `${i}`)
      await Promise.all([one.until(entries(11)), two.until(entries(11))])
      const order = ['a 0', 'a 1', 'a 2', 'a 3', 'a 4', 'a 5', 'b 5', 'a 6', 'a 7', 'a 8', 'a 9']
      expect(one.told).toEqual(order)
      expect(two.told).toEqual(order)
      const live = one.heard.flatMap((what) => (what.is === 'entry' && what.subject === 'a' ? [what.entry] : []))
      expect(live).toEqual((await store.read('a', from, 100)).entries)
    })

    test('a revocation comes in its place among the entries; a duplicate is not told', async () => {
      const [store, other] = openTwo()
      const listener = listen(store)
      await listener.until(has('fresh'))
      await other.append('x', ['a'], 'before')
      const epochs = [await other.revoke('anna'), await other.revoke(null)]
      await other.append('x', ['a'], 'before')
      await other.append('y', ['a'], 'after')
      await listener.until(entries(2))
      const news = listener.heard.filter(({ is }) => is === 'entry' || is === 'revoked')
      expect(news).toMatchObject([
        { is: 'entry', entry: { body: 'before' } },
        { is: 'revoked', user: 'anna', epoch: epochs[0] },
        { is: 'revoked', user: null, epoch: epochs[1] },
        { is: 'entry', entry: { body: 'after' } },
      ])
    })

    test('fresh comes again and again while nothing happens', async () => {
      const store = open()
      const listener = listen(store)
      await listener.until(has('fresh'))
      const next = listener.anew()
      await pass(1000)
      await next
      expect(listener.told).toEqual([])
    })

    test('who comes later hears from then on; who stopped hears nothing', async () => {
      const store = open()
      const early = listen(store)
      await early.until(has('fresh'))
      await store.append('x', ['a'], 'one')
      await early.until(entries(1))
      const late = listen(store)
      early.stop()
      await late.until(has('fresh'))
      await store.append('y', ['a'], 'two')
      await late.until(entries(1))
      expect([early.told, late.told]).toEqual([['a one'], ['a two']])
      late.stop()
      const again = listen(store)
      await again.until(has('fresh'))
      await store.append('z', ['a'], 'three')
      await again.until(entries(1))
      expect([late.told, again.told]).toEqual([['a two'], ['a three']])
    })

    test('a follower that makes the store tell more, and one that throws, disturb nobody', async () => {
      const store = open()
      const said: Promise<unknown>[] = []
      store.follow({
        entry: (subject) => {
          if (subject === 'a') said.push(store.append('y', ['b'], 'answer'))
          throw new Error('mine')
        },
        revoked: () => {},
        lapsed: () => {},
        fresh: () => {},
      })
      const listener = listen(store)
      await listener.until(has('fresh'))
      await store.append('x', ['a'], 'question')
      await listener.until(entries(2))
      await Promise.all(said)
      expect(listener.told).toEqual(['a question', 'b answer'])
    })
  })
}
