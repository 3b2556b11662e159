import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { keysUnder } from '../../src/server/store/redis/keys.ts'
import { redisStore } from '../../src/server/store/redis.ts'
import type { StoreError } from '../../src/server/store/store-error.ts'
import type { Position, Store } from '../../src/server/store/store.ts'
import { latch } from '../emulator/latch.ts'
import { entries, has, listen } from './listen.ts'
import { kitPerTest, untilBack } from './redis-kit.ts'

const start = kitPerTest()
const keys = keysUnder('heartwire')

const every = (store: Store, at: Position): [string, Promise<unknown>][] => [
  ['append', store.append('x', ['a'], 'lost')],
  ['read', store.read('a', at, 10)],
  ['head', store.head()],
  ['epochOf', store.epochOf('anna')],
  ['revoke', store.revoke('anna')],
  ['once', store.once('k', 1000)],
  ['take', store.take({ name: 'l', points: 1, perMs: 1000 }, 'anna')],
]

describe('Redis is away', () => {
  test('dead: every call rejects, close settles, and the trouble is told once each time', async () => {
    const errors: StoreError[] = []
    let told = latch()
    const kit = await start([], (error) => {
      errors.push(error)
      told.open()
    })
    const store = kit.store()
    const at = await store.head()
    await kit.server.kill()
    for (let round = 0; round < 3; round++) {
      for (const [name, call] of every(store, at)) await expect(call, name).rejects.toMatchObject({ name: 'StoreError', code: 'away' })
    }
    await told.opened
    await kit.server.restart()
    await untilBack(() => store.head())
    expect(errors.map(({ code }) => code)).toEqual(['away'])
    told = latch()
    await kit.server.kill()
    await told.opened
    expect(errors.map(({ code }) => code)).toEqual(['away', 'away'])
    await store.close()
    for (const [name, call] of every(store, at)) await expect(call, name).rejects.toMatchObject({ code: 'closed' })
  })

  test('never there: the same', async () => {
    const kit = await start()
    await kit.server.kill()
    const store = kit.store()
    for (const [name, call] of every(store, { stream: '', seq: 0 })) await expect(call, name).rejects.toMatchObject({ code: 'away' })
    await store.close()
  })

  test('silent: every call rejects at its deadline, and what it should do is done once when it is repeated', async () => {
    const kit = await start()
    const store = kit.store({ deadlineMs: 200 })
    const at = await store.head()
    kit.server.pause()
    await Promise.all(every(store, at).map(([name, call]) => expect(call, name).rejects.toMatchObject({ code: 'away' })))
    const closing = kit.store({ deadlineMs: 200 })
    await expect(closing.head()).rejects.toMatchObject({ code: 'away' })
    await Promise.all([closing.close(), store.close()])
    kit.server.resume()
    const next = kit.store()
    await untilBack(() => next.append('x', ['a'], 'lost'))
    expect((await next.read('a', at, 10)).entries).toHaveLength(1)
  })

  test('cut off in the middle: the call rejects at once, long before its deadline', async () => {
    const kit = await start()
    const store = kit.store({ deadlineMs: 600_000 })
    await store.head()
    kit.server.pause()
    const append = store.append('x', ['a'], 'lost')
    append.catch(() => {})
    // It must be under way, so not in this turn of the loop.
    await new Promise((resolve) => void setImmediate(resolve))
    await kit.server.kill()
    await expect(append).rejects.toMatchObject({ code: 'away' })
  })

  test('followers hear lapsed, then fresh, once it is back', async () => {
    const kit = await start(['--appendonly', 'yes'])
    const listener = listen(kit.store())
    await listener.until(has('fresh'))
    await kit.server.kill()
    listener.heard.length = 0
    await kit.server.restart()
    await listener.until(has('fresh'))
    expect(listener.heard.map(({ is }) => is).slice(0, 2)).toEqual(['lapsed', 'fresh'])
  })

  test('a follower that came while it was away hears lapsed before anything else', async () => {
    const kit = await start()
    await kit.server.kill()
    const [store, writer] = [kit.store(), kit.store()]
    const listener = listen(store)
    await expect(store.head()).rejects.toMatchObject({ code: 'away' })
    await kit.server.restart()
    await untilBack(() => writer.append('x', ['a'], 'one'))
    await listener.until(has('fresh'))
    expect(listener.heard[0]).toEqual({ is: 'lapsed' })
  })
})

describe('holes', () => {
  test('what was told and trimmed away while the tail was cut off: lapsed first, and reading brings it', async () => {
    const kit = await start()
    const [store, writer] = [kit.store(), kit.store()]
    const listener = listen(store)
    await listener.until(has('fresh'))
    const from = await writer.head()
    listener.heard.length = 0
    expect(await kit.cut('heartwire-tail')).toBe(1)
    await writer.append('x', ['a'], 'missed')
    await kit.admin.xtrim(keys.log(from.stream), 'MAXLEN', 0)
    await listener.until(has('lapsed'))
    expect((await store.read('a', from, 10)).entries.map(({ body }) => body)).toEqual(['missed'])
    await listener.anew()
    await writer.append('y', ['a'], 'heard')
    await listener.until(entries(1))
    expect(listener.told).toEqual(['a heard'])
  })

  test('an entry that was trimmed away before the tail looked leaves a hole that shows', async () => {
    const kit = await start()
    const store = kit.store()
    const listener = listen(store)
    await listener.until(has('fresh'))
    const { stream } = await store.head()
    listener.heard.length = 0
    // A tail that lags: nobody sees the first of these before the log is trimmed.
    const last = Number(await kit.admin.hget(keys.state, 'last'))
    const log = keys.log(stream)
    const news = (seq: number, prev: number): [string, ...string[]] => [`${seq}-0`, 'prev', `${prev}`, 'body', `${seq}`, 'a', '0']
    await kit.admin
      .multi()
      .xadd(log, ...news(last + 1, last))
      .xtrim(log, 'MAXLEN', 0)
      .xadd(log, ...news(last + 2, last + 1))
      .exec()
    await listener.until(entries(1))
    expect(listener.heard.filter(({ is }) => is !== 'fresh').map(({ is }) => is)).toEqual(['lapsed', 'entry'])
    expect(listener.told).toEqual([`a ${last + 2}`])
  })
})

describe('manners', () => {
  test('nothing connects before the first call, and nothing is left connected after close', async () => {
    const kit = await start()
    const store = kit.store()
    const mine = async (): Promise<number> => String(await kit.admin.client('LIST')).split(' name=heartwire').length - 1
    expect(await mine()).toBe(0)
    const listener = listen(store)
    await Promise.all([store.head(), listener.until(has('fresh'))])
    expect(await mine()).toBe(2)
    await store.close()
    while ((await mine()) > 0);
  })

  test('what is under way when the store is closed is still answered', async () => {
    const kit = await start()
    const [store, other] = [kit.store(), kit.store()]
    const from = await store.head()
    const append = store.append('x', ['a'], 'kept')
    // Not before it was sent: a call that has not begun may be refused.
    await store.head()
    await store.close()
    expect(await append).toBe('appended')
    expect((await other.read('a', from, 10)).entries).toHaveLength(1)
  })

  test('a Redis that drops keys when it is full is told of', async () => {
    const errors: StoreError[] = []
    const kit = await start(['--maxmemory-policy', 'allkeys-lru'], (error) => errors.push(error))
    await kit.store().head()
    expect(errors).toMatchObject([{ code: 'unsafe' }])
    expect(errors[0]?.message).toContain('noeviction')
  })

  test('a full Redis keeps nothing of an append, and can be read', async () => {
    const kit = await start(['--maxmemory-policy', 'noeviction'])
    const store = kit.store({ retentionMs: 40 })
    const from = await store.head()
    await kit.admin.config('SET', 'maxmemory', 1)
    await expect(store.append('y', ['a', 'b'], 'secret words')).rejects.toMatchObject({
      code: 'away',
      message: expect.stringContaining('OOM'),
    })
    // So late that a reader would be moved on, which needs to write.
    await kit.pass(41)
    expect(await store.read('a', from, 10)).toMatchObject({ entries: [], gap: false })
    await kit.admin.config('SET', 'maxmemory', 0)
    expect(await store.append('y', ['a', 'b'], 'secret words')).toBe('appended')
  })

  test('the user of the store has a prefix of his own in his client, and a password that nobody sees', async () => {
    const kit = await start()
    await kit.admin.config('SET', 'requirepass', 'open-sesame')
    const errors: StoreError[] = []
    const options = { port: kit.server.port, host: '127.0.0.1', lazyConnect: true, keyPrefix: 'app:' }
    const wrong = redisStore({ redis: new Redis({ ...options, password: 'wrong-word' }), onError: (error) => errors.push(error) })
    const failure: unknown = await wrong.append('x', ['a'], 'private').catch((error: unknown) => error)
    await wrong.close()
    expect(failure).toMatchObject({ code: 'away', message: expect.stringContaining('WRONGPASS') })
    for (const error of [failure, ...errors])
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/wrong-word|private/)
    const right = redisStore({ redis: new Redis({ ...options, password: 'open-sesame' }), onError: (error) => errors.push(error) })
    const listener = listen(right)
    await listener.until(has('fresh'))
    const from = await right.head()
    await right.append('x', ['a'], 'hello')
    await listener.until(entries(1))
    expect((await right.read('a', from, 10)).entries).toHaveLength(1)
    expect(await right.take({ name: 'l', points: 1, perMs: 1000 }, 'anna')).toBe(0)
    expect((await kit.admin.keys('*')).every((key) => key.startsWith('app:{heartwire}:'))).toBe(true)
    await right.close()
  })
})
