import { Redis } from 'ioredis'
import { afterEach } from 'vitest'
import { startRedis } from '../../scripts/redis.mjs'
import type { RedisServer } from '../../scripts/redis.mjs'
import type { OnStoreError } from '../../src/server/store/store-error.ts'
import { redisStore } from '../../src/server/store/redis.ts'
import type { RedisStoreOptions } from '../../src/server/store/redis.ts'
import type { Store } from '../../src/server/store/store.ts'

export interface RedisKit {
  readonly server: RedisServer
  /** The test's own connection; waits for Redis to come back. */
  readonly admin: Redis
  store(options?: Partial<RedisStoreOptions>): Store
  /** Cuts connections of this name, as a network would; resolves with how many. */
  cut(name: string): Promise<number>
  /** Resolves when so many ms have passed by the clock of Redis. */
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

/** A real Redis, and stores on it. Their trouble is expected here, and told to `onError` or nobody. */
export async function redisKit(options: readonly string[] = [], onError: OnStoreError = () => {}): Promise<RedisKit> {
  const server = await startRedis(options)
  const admin = new Redis({ port: server.port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: null })
  admin.on('error', () => {})
  const stores: Store[] = []
  const clock = async (): Promise<number> => {
    const [seconds, micros] = await admin.time()
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
  }
  return {
    server,
    admin,
    store(more) {
      const store = redisStore({ redis: admin, onError, ...more })
      stores.push(store)
      return store
    },
    async cut(name) {
      const list = String(await admin.client('LIST'))
      const ids = list.split('\n').flatMap((line) => (line.includes(` name=${name} `) ? [/^id=(\d+)/.exec(line)?.[1] ?? ''] : []))
      for (const id of ids) await admin.client('KILL', 'ID', id)
      return ids.length
    },
    async pass(ms) {
      const end = (await clock()) + ms
      while ((await clock()) < end);
    },
    async close() {
      await Promise.all(stores.map((store) => store.close()))
      admin.disconnect()
      await server.stop()
    },
  }
}

/** Starts a Redis for one test; it is stopped afterwards, with its stores. */
export function kitPerTest(): typeof redisKit {
  const kits: RedisKit[] = []
  afterEach(() => Promise.all(kits.splice(0).map((kit) => kit.close())))
  return async (...settings) => {
    const kit = await redisKit(...settings)
    kits.push(kit)
    return kit
  }
}

/** Asks until Redis is back: each answer without it comes at once. */
export async function untilBack<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch {
      await new Promise((resolve) => void setImmediate(resolve))
    }
  }
}
