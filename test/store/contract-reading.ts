import { describe, expect, test } from 'vitest'
import type { Entry, Page, Position, Store } from '../../src/server/store/store.ts'
import type { Ground } from './contract.ts'

const bodies = (page: Page): string[] => page.entries.map(({ body }) => body)

/** Appends `a1`, `a2` … to one subject. */
const fill = async (store: Store, subject: string, count: number): Promise<void> => {
  for (let i = 1; i <= count; i++) await store.append(`${subject}-${i}`, [subject], `${subject}${i}`)
}

/** Order, duplicates, pages, and what a reader is told of what he missed. */
export function readingContract({ open, openTwo, passRetention, retentionMs }: Ground): void {
  describe('append and read', () => {
    test('a reader hears what was told after his position, in order', async () => {
      const store = open()
      await fill(store, 'a', 2)
      const from = await store.head()
      await store.append('x', ['a'], 'one')
      await store.append('y', ['b'], 'not his')
      await store.append('z', ['a'], 'two "Ünïcode" \u0000\n 🙂')
      const page = await store.read('a', from, 10)
      expect(bodies(page)).toEqual(['one', 'two "Ünïcode" \u0000\n 🙂'])
      expect(page).toMatchObject({ stream: from.stream, gap: false, more: false })
      expect(await store.read('a', page, 10)).toMatchObject({ entries: [], gap: false, more: false })
    })

    test('appends at the same time get different numbers, and every subject sees them in one order', async () => {
      const [store, other] = openTwo()
      const from = await store.head()
      const ids = Array.from({ length: 40 }, (_, i) => `e${i}`)
      await Promise.all(ids.map((id, i) => (i % 2 === 0 ? store : other).append(id, ['a', 'b'], id)))
      const [a, b] = await Promise.all([store.read('a', from, 100), other.read('b', from, 100)])
      expect([...bodies(a)].sort()).toEqual([...ids].sort())
      expect(a.entries).toEqual(b.entries)
      const seqs = a.entries.map(({ seq }) => seq)
      expect(seqs).toEqual([...new Set(seqs)].sort((one, two) => one - two))
      expect(seqs.every(Number.isSafeInteger)).toBe(true)
    })

    test('an event reaches all of its subjects with one number, each subject once', async () => {
      const store = open()
      const from = await store.head()
      await store.append('x', ['a', 'b', 'a'], 'hello')
      const [a, b] = await Promise.all([store.read('a', from, 10), store.read('b', from, 10)])
      expect(bodies(a)).toEqual(['hello'])
      expect(a.entries).toEqual(b.entries)
    })

    test('too many subjects are refused before anything is kept', async () => {
      const store = open()
      const from = await store.head()
      const subjects = Array.from({ length: 1001 }, (_, i) => `s${i}`)
      await expect(store.append('x', subjects, 'hello')).rejects.toThrow(TypeError)
      expect(await store.append('x', subjects.slice(1), 'hello')).toBe('appended')
      expect((await store.read('s0', from, 10)).entries).toEqual([])
      expect((await store.read('s1000', from, 10)).entries).toHaveLength(1)
    })

    test('the same id again changes nothing, wherever it is told', async () => {
      const [store, other] = openTwo()
      const from = await store.head()
      expect(await store.append('x', ['a'], 'first')).toBe('appended')
      expect(await other.append('x', ['a', 'b'], 'second')).toBe('duplicate')
      const both = await Promise.all([store.append('y', ['a'], 'y'), other.append('y', ['a'], 'y')])
      expect([...both].sort()).toEqual(['appended', 'duplicate'])
      expect(bodies(await store.read('a', from, 10))).toEqual(['first', 'y'])
      expect(bodies(await store.read('b', from, 10))).toEqual([])
    })

    test('each entry names the one before it', async () => {
      const store = open()
      const from = await store.head()
      await fill(store, 'a', 3)
      const [first, second, third] = (await store.read('a', from, 10)).entries as [Entry, Entry, Entry]
      expect([first.after, second.after, third.after]).toEqual([0, first.seq, second.seq])
    })

    test('pages', async () => {
      const store = open()
      let from: Position = await store.head()
      await fill(store, 'a', 5)
      const pages: Page[] = []
      do {
        const page = await store.read('a', from, 2)
        pages.push(page)
        from = page
      } while (pages.at(-1)?.more === true)
      expect(pages.map(bodies)).toEqual([['a1', 'a2'], ['a3', 'a4'], ['a5']])
      expect(pages.map(({ gap, more }) => [gap, more])).toEqual([
        [false, true],
        [false, true],
        [false, false],
      ])
      expect(pages[0]?.seq).toBe(pages[0]?.entries.at(-1)?.seq)
      expect(from.seq).toBe((await store.head()).seq)
    })
  })

  describe('gaps', () => {
    test('too many: what is left is told, and that something is missing; a reader who is near enough misses nothing', async () => {
      const store = open({ entriesPerSubject: 3 })
      const from = await store.head()
      await fill(store, 'a', 5)
      const page = await store.read('a', from, 10)
      expect(bodies(page)).toEqual(['a3', 'a4', 'a5'])
      expect(page.gap).toBe(true)
      const near = { stream: page.stream, seq: page.entries[0]?.after ?? 0 }
      expect(await store.read('a', near, 10)).toMatchObject({ gap: false, entries: page.entries })
      expect((await store.read('a', { ...near, seq: near.seq - 1 }, 10)).gap).toBe(true)
    })

    test('too old: what was told may have been forgotten', async () => {
      const store = open({ retentionMs: retentionMs() })
      const from = await store.head()
      await store.append('x', ['a'], 'forgotten')
      await passRetention()
      expect(await store.read('a', from, 10)).toMatchObject({ entries: [], gap: true })
      await store.append('y', ['a'], 'kept')
      const page = await store.read('a', from, 10)
      expect([bodies(page), page.gap, page.entries[0]?.after]).toEqual([['kept'], true, 0])
    })

    test('a position that is as old, but after which nothing was told to anybody, has no gap', async () => {
      const store = open({ retentionMs: retentionMs() })
      await store.append('x', ['a'], 'heard')
      const from = await store.head()
      await passRetention()
      expect(await store.read('a', from, 10)).toMatchObject({ entries: [], gap: false })
    })

    test('an idle reader moves on, and never becomes too old', async () => {
      const store = open({ retentionMs: retentionMs() })
      let from: Position = await store.head()
      for (let i = 0; i < 4; i++) {
        await passRetention()
        const { seq } = from
        from = await store.read('a', from, 10)
        expect(from).toMatchObject({ entries: [], gap: false })
        expect(from.seq).toBeGreaterThan(seq)
      }
    })

    test('positions of another stream, of the future, and no positions at all: from the oldest that is kept', async () => {
      const store = open()
      await fill(store, 'a', 2)
      const { stream, seq } = await store.head()
      const forged = [
        { stream: 'other', seq },
        { stream: '', seq: 0 },
        { stream, seq: seq + 2 ** 40 },
        { stream, seq: Number.MAX_SAFE_INTEGER },
        { stream, seq: -1 },
        { stream, seq: seq - 0.5 },
        { stream, seq: Number.NaN },
        { stream, seq: Number.POSITIVE_INFINITY },
      ]
      for (const position of forged) {
        const page = await store.read('a', position, 10)
        expect([bodies(page), page.gap, page.stream], JSON.stringify(position)).toEqual([['a1', 'a2'], true, stream])
      }
      expect((await store.read('a', { stream, seq: 0 }, 10)).gap).toBe(true)
    })
  })
}
