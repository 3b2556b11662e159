/** The reader alone: one subscriber's way through the store, and what it says on the way. */
import { describe, expect, test } from 'vitest'
import { pack } from '../../src/server/store/parcel.ts'
import { Reader } from '../../src/server/gateway/reader.ts'
import { memoryStore } from '../../src/server/gateway/index.ts'
import type { Entry, Store } from '../../src/server/gateway/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'
import { breakable, latch } from './kit.ts'
import type { Frame } from './kit.ts'

const names = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`)

interface Options {
  readonly window?: number
  readonly entriesPerSubject?: number
  readonly wrap?: (store: Store) => Store
  /** Offers every entry as it comes. Default: true. */
  readonly live?: boolean
}

/** A reader of ann's events over a store in memory, begun without a cursor. */
async function reading({ window = 100, entriesPerSubject, wrap = (store) => store, live = true }: Options = {}) {
  const { settle, world } = createTestWorld()
  const inner = memoryStore({ ...world, ...(entriesPerSubject !== undefined && { entriesPerSubject }) })
  const store = wrap(inner)
  const frames: Frame[] = []
  const errors: unknown[] = []
  const outlet = { window, scopes: ['a'], bytes: 0 }
  const reader = new Reader(store, 'ann', {
    window,
    mayRead: (scope) => scope === '' || outlet.scopes.includes(scope),
    say: (frame) => void frames.push(JSON.parse(frame) as Frame),
    buffered: () => outlet.bytes,
    report: (error) => void errors.push(error),
  })
  const entries: Entry[] = []
  inner.follow({
    entry(subject, entry) {
      if (subject !== 'ann') return
      entries.push(entry)
      if (live) reader.offer(entry)
    },
    revoked() {},
    lapsed() {},
    fresh() {},
  })
  const tell = async (ids: readonly string[], scope = '', users = ['ann']) => {
    for (const id of ids) await inner.append(id, users, pack({ scope, json: JSON.stringify({ id }) }))
    await settle()
  }
  const events = (): Frame[] => frames.filter(({ type }) => type === 'event')
  return {
    reader,
    store,
    outlet,
    frames,
    errors,
    entries,
    tell,
    settle,
    events,
    ids: () => events().map(({ event }) => (event as { id: string }).id),
    async start() {
      const begun = await reader.begin(null, false)
      reader.start()
      await settle()
      return begun
    },
  }
}

describe('where it begins', () => {
  test('without a cursor: now, and nothing older is told', async () => {
    const it = await reading()
    await it.tell(['e1'])
    expect(await it.start()).toMatchObject({ resumed: false })
    await it.tell(['e2'])
    expect(it.ids()).toEqual(['e2'])
  })

  test('what comes between begin and start is told after it', async () => {
    const it = await reading()
    await it.reader.begin(null, false)
    await it.tell(names(1, 3))
    expect(it.frames).toEqual([])
    it.reader.start()
    await it.settle()
    expect(it.ids()).toEqual(names(1, 3))
  })

  test.each([
    ['of nothing', null],
    ['of another stream', { stream: 'other', seq: 1 }],
    ['of a time to come', { stream: '', seq: 2 ** 52 }],
  ])('with a cursor %s: the oldest that is kept', async (_, cursor) => {
    const it = await reading({ entriesPerSubject: 2 })
    await it.tell(names(1, 4))
    const { stream } = await it.store.head()
    const begun = await it.reader.begin(cursor && { ...cursor, stream: cursor.stream || stream }, true)
    it.reader.start()
    await it.settle()
    expect([begun, it.ids()]).toEqual([{ resumed: false, from: { stream, seq: it.entries[2]!.seq - 1 } }, ['e3', 'e4']])
    expect(it.events()[0]!['after']).toBe(begun.from.seq)
  })

  test('rejects when the store is away', async () => {
    const it = await reading({ wrap: breakable })
    Object.assign(it.store, { away: true })
    await expect(it.reader.begin(null, false)).rejects.toThrow('away')
    await expect(it.reader.begin({ stream: 's', seq: 1 }, true)).rejects.toThrow('away')
  })
})

describe('window and buffer', () => {
  test('no more are in the air than the window; acknowledged ones make room; an old acknowledgement makes none', async () => {
    const it = await reading({ window: 10 })
    await it.start()
    await it.tell(names(1, 40))
    expect(it.ids()).toEqual(names(1, 10))
    for (const [upTo, told] of [
      [0, 10],
      [4, 14],
      [4, 14],
      [2, 14],
      [14, 24],
    ] as const) {
      it.reader.acknowledged(upTo === 0 ? 0 : it.entries[upTo - 1]!.seq)
      await it.settle()
      expect(it.ids()).toEqual(names(1, told))
    }
  })

  test('an acknowledgement of what was never sent lets nothing be skipped', async () => {
    const it = await reading({ window: 10 })
    await it.start()
    await it.tell(names(1, 25))
    it.reader.acknowledged(Number.MAX_SAFE_INTEGER)
    await it.settle()
    expect(it.ids()).toEqual(names(1, 20))
  })

  test('nothing while 1 MiB waits; then everything, live again', async () => {
    const it = await reading()
    await it.start()
    it.outlet.bytes = 1024 * 1024
    await it.tell(names(1, 3))
    it.reader.retry()
    expect(it.ids()).toEqual([])
    it.outlet.bytes = 1024 * 1024 - 1
    it.reader.retry()
    await it.settle()
    await it.tell(['e4'])
    expect(it.ids()).toEqual(names(1, 4))
  })

  test('a window of more than a page of the store is filled in one go', async () => {
    const it = await reading({ window: 400, live: false })
    await it.start()
    await it.tell(names(1, 300))
    it.reader.check()
    await it.settle()
    expect(it.ids()).toEqual(names(1, 300))
  })
})

describe('holes', () => {
  test('an offer whose predecessor was never offered is read from the store', async () => {
    const it = await reading({ live: false })
    await it.start()
    await it.tell(names(1, 3))
    it.reader.offer(it.entries[2]!)
    await it.settle()
    it.reader.offer(it.entries[0]!)
    it.reader.offer(it.entries[2]!)
    await it.settle()
    expect(it.ids()).toEqual(names(1, 3))
  })

  test.each([
    ['before the store looks', async (wait: () => Promise<void>, look: () => ReturnType<Store['read']>) => (await wait(), look())],
    [
      'after it has looked',
      async (wait: () => Promise<void>, look: () => ReturnType<Store['read']>) => {
        const page = await look()
        await wait()
        return page
      },
    ],
  ])('what is offered while it reads, %s, is neither lost nor told twice', async (_, slowly) => {
    let wait = Promise.resolve()
    const wrap = (store: Store): Store => ({
      ...store,
      read: (...args) =>
        slowly(
          () => wait,
          () => store.read(...args),
        ),
    })
    const it = await reading({ wrap })
    await it.start()
    const slow = latch()
    wait = slow.opened
    it.reader.check()
    await it.settle()
    await it.tell(names(1, 3))
    expect(it.ids()).toEqual([])
    slow.open()
    await it.settle()
    expect(it.ids()).toEqual(names(1, 3))
    await it.tell(['e4'])
    expect(it.ids()).toEqual(names(1, 4))
  })

  test('what the store no longer keeps is a gap, once, and the chain goes on from there', async () => {
    const it = await reading({ entriesPerSubject: 3, live: false })
    await it.start()
    await it.tell(names(1, 8))
    it.reader.check()
    await it.settle()
    const [gap, ...rest] = it.frames
    const { stream } = await it.store.head()
    expect([gap, it.ids()]).toEqual([{ type: 'gap', cursor: `${stream}.${it.entries[5]!.seq - 1}` }, names(6, 8)])
    expect(rest.map(({ type, after }) => [type, after])).toEqual([
      ['event', it.entries[5]!.seq - 1],
      ['event', it.entries[5]!.seq],
      ['event', it.entries[6]!.seq],
    ])
  })

  test('another stream is a gap, and what was in the air in the old one does not stand in the way', async () => {
    const other = memoryStore({ stream: 'other', now: () => Date.UTC(2025, 0, 1) })
    let lost = false
    const it = await reading({ window: 10, wrap: (store) => ({ ...store, read: (...args) => (lost ? other : store).read(...args) }) })
    await it.start()
    await it.tell(names(1, 10))
    lost = true
    for (const id of names(11, 25)) await other.append(id, ['ann'], pack({ scope: '', json: JSON.stringify({ id }) }))
    it.reader.acknowledged(it.entries[0]!.seq)
    it.reader.check()
    await it.settle()
    expect(it.frames[10]).toMatchObject({ type: 'gap', cursor: expect.stringMatching(/^other\./) as string })
    expect(it.ids().slice(10, 20)).toEqual(names(11, 20))
    it.reader.acknowledged(Number(it.events().at(-1)!['seq']))
    await it.settle()
    expect(it.ids()).toEqual(names(1, 25))
  })
})

describe('scopes', () => {
  test('what may not be seen is left out, and each event says what was told before it', async () => {
    const it = await reading()
    const { from } = await it.start()
    await it.tell(['e1'], 'b')
    await it.tell(['e2'], 'a')
    await it.tell(['e3'], 'b')
    await it.tell(['e4'])
    const [second, fourth] = [it.entries[1]!.seq, it.entries[3]!.seq]
    expect(it.events().map(({ seq, after }) => [after, seq])).toEqual([
      [from.seq, second],
      [second, fourth],
    ])
  })

  test('it takes no room in the window, live or read', async () => {
    const it = await reading({ window: 5 })
    await it.start()
    await it.tell(names(1, 200), 'b')
    it.reader.check()
    await it.tell(names(201, 400), 'b')
    await it.tell(['e401'])
    expect(it.ids()).toEqual(['e401'])
  })

  test('a scope that is lost or won counts from the next event on', async () => {
    const it = await reading()
    await it.start()
    await it.tell(['e1'], 'a')
    it.outlet.scopes = ['b']
    await it.tell(['e2'], 'a')
    await it.tell(['e3'], 'b')
    expect(it.ids()).toEqual(['e1', 'e3'])
  })
})

describe('positions', () => {
  test('none before it has started or after it has stopped; then the last number told, or what was passed over', async () => {
    const it = await reading()
    it.reader.position()
    const { from } = await it.start()
    it.reader.position()
    await it.tell(['e1'], 'b')
    it.reader.position()
    it.reader.stop()
    it.reader.position()
    expect(it.frames).toEqual([
      { type: 'position', seq: from.seq },
      { type: 'position', seq: it.entries[0]!.seq },
    ])
  })

  test('never beyond what waits', async () => {
    const it = await reading()
    const { from } = await it.start()
    it.outlet.bytes = 1024 * 1024
    await it.tell(['e1'])
    it.reader.position()
    it.reader.reached({ ...from, seq: it.entries[0]!.seq + 100 })
    it.reader.position()
    expect(it.frames.map(({ seq }) => seq)).toEqual([from.seq, from.seq])
    it.outlet.bytes = 0
    it.reader.retry()
    await it.settle()
    expect(it.ids()).toEqual(['e1'])
  })

  test('moves on with what the store has reached, in its own stream and forwards only', async () => {
    const it = await reading()
    const { from } = await it.start()
    it.reader.reached({ stream: 'other', seq: from.seq + 9 })
    it.reader.position()
    it.reader.reached({ ...from, seq: from.seq + 5 })
    it.reader.reached({ ...from, seq: from.seq + 3 })
    it.reader.position()
    expect(it.frames.map(({ seq }) => Number(seq) - from.seq)).toEqual([0, 5])
  })
})

describe('a store that fails', () => {
  test('is told to the operator, and the same place is read again', async () => {
    const it = await reading({ live: false, wrap: breakable })
    await it.start()
    Object.assign(it.store, { away: true })
    await it.tell(names(1, 3))
    it.reader.check()
    await it.settle()
    it.reader.retry()
    await it.settle()
    expect([it.frames, it.errors.length]).toEqual([[], 2])
    Object.assign(it.store, { away: false })
    it.reader.retry()
    await it.settle()
    expect([it.ids(), it.errors.length]).toEqual([names(1, 3), 2])
  })

  test('one that has stopped says nothing more, whatever it was reading or is offered', async () => {
    let wait = Promise.resolve()
    const it = await reading({ wrap: (store) => ({ ...store, read: async (...args) => (await wait, store.read(...args)) }) })
    await it.start()
    const answer = latch()
    wait = answer.opened
    it.reader.check()
    await it.tell(['e1'])
    it.reader.stop()
    answer.open()
    await it.tell(['e2'])
    it.reader.check()
    it.reader.retry()
    it.reader.start()
    await it.settle()
    expect(it.frames).toEqual([])
  })
})
