/** The servers of a soak, each a process of its own that can be killed and started again at its port. */
import { startRedis } from '../redis.mjs'
import type { RedisServer } from '../redis.mjs'
import { startChild } from '../gateway/child.ts'
import type { Child } from '../gateway/child.ts'
import type { GatewaySettings, ProvidersSettings } from './orders.ts'

export type ServerName = 'providers' | 'a' | 'b'

export interface Server {
  readonly port: number
  readonly up: boolean
  /** Answers null where it is down, or goes down meanwhile. */
  ask<T>(order: object): Promise<T | null>
  /** SIGKILL, or (SIGTERM) a goodbye to everybody; started again after `awayMs`. */
  restart(signal: 'SIGKILL' | 'SIGTERM', awayMs: number): Promise<void>
  /** Resolves when it is up. */
  ready(): Promise<void>
}

export interface House {
  readonly servers: Readonly<Record<ServerName, Server>>
  /** Long-lived keys that no page may ever see. */
  readonly keys: readonly string[]
  close(): Promise<void>
}

const secret = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')

async function server(program: string, settings: { port: number }): Promise<Server> {
  let child: Child | null = await startChild(program, settings)
  const port = await child.ask<number>({ is: 'port' })
  let coming: Promise<void> | null = null
  return {
    port,
    get up() {
      return child !== null
    },
    ask: async <T>(order: object) => (child === null ? null : child.ask<T>(order).catch(() => null)),
    restart(signal, awayMs) {
      coming ??= (async () => {
        const old = child
        // One that says goodbye takes no more connections, and is passed over by itself.
        if (signal === 'SIGKILL') child = null
        await old?.kill(signal)
        child = null
        await new Promise((resolve) => void setTimeout(resolve, awayMs))
        child = await startChild(program, { ...settings, port })
        coming = null
      })()
      return coming
    },
    ready: () => coming ?? Promise.resolve(),
  }
}

export async function openHouse(program: (name: string) => string): Promise<House> {
  const redis: RedisServer = await startRedis()
  const leaseSecret = secret()
  const providersSettings: ProvidersSettings = {
    port: 0,
    bithumanSecret: `${secret()}0`,
    humeKey: { apiKey: secret(), secretKey: secret() },
  }
  const gatewaySettings: GatewaySettings = { port: 0, redisPort: redis.port, leaseSecret }
  const [providers, a, b] = await Promise.all([
    server(program('providers-process'), providersSettings),
    server(program('gateway-process'), gatewaySettings),
    server(program('gateway-process'), gatewaySettings),
  ])
  // Rights begin to count with the store's first moment: nobody may have signed in before it.
  await a.ask({ is: 'revoke', user: 'nobody' })
  return {
    servers: { providers, a, b },
    keys: [leaseSecret, providersSettings.bithumanSecret, providersSettings.humeKey.secretKey, providersSettings.humeKey.apiKey],
    // Their processes end with this one.
    close: () => redis.stop(),
  }
}
