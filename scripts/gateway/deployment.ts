import { Redis } from 'ioredis'
import { startRedis } from '../redis.mjs'
import type { RedisServer } from '../redis.mjs'
import { balancer } from './balancer.ts'
import type { Balancer } from './balancer.ts'
import { startChild } from './child.ts'
import type { Child } from './child.ts'
import { userName } from './orders.ts'
import type { GatewayMeasures, GatewaySettings } from './orders.ts'
import { sender } from './sender.ts'
import type { Sender } from './sender.ts'
import { isConnected, visitor } from './visitor.ts'
import type { Visitor } from './visitor.ts'
import { createWatch } from './watch.ts'
import type { Watch } from './watch.ts'

export interface DeploymentOptions {
  /** The gateway program, bundled. */
  readonly program: string
  /** Redis's own options. Default: nothing is kept on disk. */
  readonly redis?: readonly string[]
  /** Senders of webhooks. Default: 2. */
  readonly senders?: number
}

/** Two gateways A and B on one Redis, each with visitors of its own, and senders of webhooks. All real, all on loopback. */
export interface Deployment {
  readonly redis: RedisServer
  /** A connection of the operator's. */
  readonly admin: Redis
  readonly gateways: { readonly a: Child; readonly b: Child }
  readonly senders: readonly Sender[]
  readonly watch: Watch
  /** What the senders post to: A while it lives, else B. */
  readonly webhooks: Balancer
  readonly leaseSecret: string
  readonly ports: { readonly a: number; readonly b: number }
  /** So many users, each with a page on A and a page on B. Resolves when all are connected. */
  visit(users: number, prefix?: string, since?: number): Promise<{ readonly onA: readonly Visitor[]; readonly onB: readonly Visitor[] }>
  close(): Promise<void>
}

export async function deploy({ program, redis: redisOptions = [], senders: count = 2 }: DeploymentOptions): Promise<Deployment> {
  const redis = await startRedis(redisOptions)
  const admin = new Redis({ port: redis.port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: null })
  admin.on('error', () => {})
  const watch = createWatch()
  const ports = { a: 0, b: 0 }
  const aFirst = await balancer(() => [ports.a, ports.b])
  const bFirst = await balancer(() => [ports.b, ports.a])
  const webhooks = await balancer(() => [ports.a, ports.b])
  const url = `http://127.0.0.1:${webhooks.port}/webhooks/huechat`
  const senders = await Promise.all(Array.from({ length: count }, () => sender({ url, retryMs: 100, watch })))
  const leaseSecret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')

  const start = (): Promise<Child> => {
    const settings: GatewaySettings = {
      port: 0,
      redisPort: redis.port,
      leaseSecret,
      webhookSecrets: senders.map(({ signingSecret }) => signingSecret),
      spreadMs: 1000,
    }
    return startChild(program, settings)
  }
  const [a, b] = await Promise.all([start(), start()])
  const gateways = { a, b }
  for (const name of ['a', 'b'] as const) ports[name] = (await gateways[name].ask<GatewayMeasures>({ is: 'measure' })).port
  const visitors: Visitor[] = []

  return {
    redis,
    admin,
    gateways,
    senders,
    watch,
    webhooks,
    leaseSecret,
    ports,
    async visit(users, prefix = '', since) {
      const names = Array.from({ length: users }, (_, at) => prefix + userName(at))
      const open = (port: number): Visitor[] =>
        names.map((user) => visitor({ user, port, tokenPort: bFirst.port, watch, ...(since !== undefined && { since }) }))
      const both = { onA: open(aFirst.port), onB: open(bFirst.port) }
      visitors.push(...both.onA, ...both.onB)
      await watch.until(
        'all connected',
        () => visitors.every(isConnected),
        30_000,
        () => JSON.stringify(visitors.map(({ session }) => session.status.name)),
      )
      return both
    },
    async close() {
      await Promise.all(visitors.map(({ session }) => session.close()))
      await Promise.all([gateways.a.kill(), gateways.b.kill()])
      aFirst.close()
      bFirst.close()
      webhooks.close()
      admin.disconnect()
      await redis.stop()
    },
  }
}
