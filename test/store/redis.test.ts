import { describe, expect, test } from 'vitest'
import { keysUnder } from '../../src/server/store/redis/keys.ts'
import { latch } from '../emulator/latch.ts'
import { storeContract } from './contract.ts'
import { entries, has, listen } from './listen.ts'
import { kitPerTest, redisKit, untilBack } from './redis-kit.ts'

storeContract('redis', async () => {
  const kit = await redisKit()
  let stores = 0
  return {
    open(options) {
      const prefix = `test-${++stores}`
      return [kit.store({ ...options, prefix }), kit.store({ ...options, prefix })]
    },
    retentionMs: 40,
    // The tail looks by itself; only what a clock decides needs time to pass.
    pass: (ms) => kit.pass(Math.min(ms, 41)),
    close: kit.close,
  }
})

const start = kitPerTest()
const keys = keysUnder('heartwire')

describe('what a restart keeps', () => {
  test('with the append-only file: every confirmed append, its order, the epochs, and what was repeated once', async () => {
    const kit = await start(['--appendonly', 'yes', '--appendfsync', 'everysec'])
    const store = kit.store()
    const from = await store.head()
    const withdrawn = await store.revoke('anna')
    const confirmed: string[] = []
    let killed: Promise<void> | undefined
    for (let i = 0; i < 100; i++) {
      if (i === 50) killed = kit.server.kill()
      const id = `e${i}`
      await store.append(id, ['a'], id).then(
        () => confirmed.push(id),
        () => {},
      )
    }
    await killed
    expect(confirmed.length).toBeGreaterThanOrEqual(50)
    expect(confirmed.length).toBeLessThan(100)
    await kit.server.restart()
    const kept = await untilBack(() => store.read('a', from, 200))
    expect(kept).toMatchObject({ gap: false, stream: from.stream })
    const bodies = kept.entries.map(({ body }) => body)
    expect(bodies.filter((body) => confirmed.includes(body))).toEqual(confirmed)
    expect(await store.epochOf('anna')).toBe(withdrawn)
    // The sender repeats what was not confirmed; some of it may have been kept.
    for (let i = 0; i < 100; i++) await store.append(`e${i}`, ['a'], `e${i}`)
    const all = await store.read('a', from, 200)
    expect(all.entries.map(({ body }) => body)).toEqual([...new Set(all.entries.map(({ body }) => body))])
    expect(all.entries).toHaveLength(100)
  })

  test('without it nothing old counts: another stream, a gap, and every right withdrawn', async () => {
    // Redis saves a snapshot before it dies: what comes back looks alive, and is older than what was confirmed.
    const kit = await start()
    const store = kit.store()
    const from = await store.head()
    await store.append('x', ['a'], 'saved')
    await kit.admin.save()
    const withdrawn = await store.revoke('anna')
    await store.append('y', ['a'], 'not saved')
    await kit.server.kill()
    await kit.server.restart()
    const page = await untilBack(() => store.read('a', from, 10))
    expect(page).toMatchObject({ gap: true, entries: [] })
    expect(page.stream).not.toBe(from.stream)
    expect(await store.epochOf('anna')).toBeGreaterThan(withdrawn)
    // What was forgotten may be told again.
    expect(await store.append('y', ['a'], 'not saved')).toBe('appended')
  })

  test('stores that arrive at the same time agree on the stream', async () => {
    const kit = await start()
    const heads = await Promise.all(Array.from({ length: 8 }, () => kit.store().head()))
    expect(new Set(heads.map(({ stream }) => stream)).size).toBe(1)
  })

  test('keys that were dropped under a running store: a new stream within a look, and no epoch falls', async () => {
    const kit = await start()
    const [store, other] = [kit.store(), kit.store()]
    const listener = listen(store)
    await listener.until(has('fresh'))
    const from = await store.head()
    // As if the lost server's clock had been ahead.
    const ahead = Date.now() + 3_600_000
    await kit.admin.hset(keys.state, 'u:anna', ahead)
    expect(await store.epochOf('anna')).toBe(ahead)
    listener.heard.length = 0
    await kit.admin.flushall()
    await listener.until(has('lapsed'))
    await listener.anew()
    expect(await other.read('a', from, 10)).toMatchObject({ gap: true, entries: [] })
    expect(await store.epochOf('anna')).toBeGreaterThanOrEqual(ahead)
    await other.append('x', ['a'], 'new')
    await listener.until(entries(1))
    expect(listener.told).toEqual(['a new'])
  })

  test('a replica that took over may have lost something: another stream; and a replica is not written to', async () => {
    const primary = await start(['--appendonly', 'yes', '--repl-diskless-sync-delay', '0'])
    const from = await primary.store().head()
    const told = latch()
    const follows = ['--appendonly', 'yes', '--replicaof', '127.0.0.1', String(primary.server.port)]
    const replica = await start(follows, ({ message }) => {
      if (message.includes('is a replica')) told.open()
    })
    while (!(await replica.admin.info('replication')).includes('master_link_status:up'));
    const store = replica.store()
    await expect(store.head()).rejects.toThrow('is a replica')
    await told.opened
    await replica.admin.replicaof('NO', 'ONE')
    expect(await replica.admin.hget(keys.state, 'stream')).toBe(from.stream)
    const page = await untilBack(() => store.read('a', from, 10))
    expect(page.gap).toBe(true)
    expect(page.stream).not.toBe(from.stream)
  })
})
