/** One gateway as an operator runs it: a Node server with sockets, webhooks and the token endpoint, on a shared Redis. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Redis } from 'ioredis'
import { attachGateway, createGateway, huechatWebhooks, redisStore } from '../../src/server/gateway/index.ts'
import { createTokenEndpoint } from '../../src/server/index.ts'
import { toNodeHandler } from '../../src/server/node.ts'
import { serveOrders, settings } from './child.ts'
import { audience, audienceOf, clock, keyId, pageOrigin } from './orders.ts'
import type { GatewayMeasures, GatewayOrder, GatewaySettings, Streamed } from './orders.ts'

const { port, redisPort, leaseSecret, webhookSecrets, spreadMs } = settings() as GatewaySettings

// Redis comes and goes here on purpose: its trouble is expected, and no news.
const quiet = (): void => {}
const redis = new Redis({ port: redisPort, host: '127.0.0.1', lazyConnect: true })
redis.on('error', quiet)
const store = redisStore({ redis, onError: quiet })

const gateway = createGateway({
  audience,
  keys: [{ kid: keyId, secret: leaseSecret }],
  store,
  origins: [pageOrigin],
  webhooks: {
    huechat: huechatWebhooks({ audience: ({ data }) => data['users'] as string[], secret: () => webhookSecrets }),
  },
  // Thousands of clients on one loopback address, and users who lose their gateway again and again.
  limits: { connectsPerAddressAndMinute: 1_000_000, connectsPerUserAndMinute: 1000, socketsPerUser: 100 },
  onError: quiet,
})

const token = toNodeHandler(
  createTokenEndpoint({
    mint: gateway.mint,
    origins: [pageOrigin],
    limit: false,
    onError: quiet,
    /** Who is signed in, and since when, is for the application to say; here the page says it. */
    authorize: (request) => {
      const since = request.headers.get('x-since')
      return { id: request.headers.get('x-user') ?? '', scopes: ['conversations:read'], ...(since !== null && { since: Number(since) }) }
    },
  }),
)
const rest = toNodeHandler((request) => gateway.fetch(request))
const server = createServer((req, res) => (req.url === '/token' ? token(req, res) : rest(req, res)))
const attached = attachGateway(server, gateway)

const connectedAt: number[] = []
server.on('upgrade', () => connectedAt.push(Date.now()))

const delays = monitorEventLoopDelay()
delays.enable()

function measured(): GatewayMeasures {
  const { user, system } = process.cpuUsage()
  const heldUpMs = Math.round(delays.max / 1e6)
  globalThis.gc?.()
  setImmediate(() => delays.reset())
  return {
    port: (server.address() as AddressInfo).port,
    connections: gateway.connections,
    rssBytes: process.memoryUsage.rss(),
    heldUpMs,
    cpuMs: Math.round((user + system) / 1000),
    connectedAt,
  }
}

function stream({ events, perSecond, offset, users }: Extract<GatewayOrder, { is: 'stream' }>): Promise<Streamed> {
  const refused: number[] = []
  const under: Promise<unknown>[] = []
  const beganAt = performance.now()
  let at = 0
  return new Promise((resolve) => {
    const pace = setInterval(() => {
      for (const due = Math.min(events, ((performance.now() - beganAt) / 1000) * perSecond); at < due; at++) {
        const n = offset + at
        const event = { id: String(n), n, at: clock(), text: 'What a provider would tell, of a usual length: a message and who wrote it.' }
        under.push(gateway.publish(event, audienceOf(n, users)).catch(() => refused.push(n)))
      }
      if (at < events) return
      clearInterval(pace)
      void Promise.all(under).then(() => resolve({ refused }))
    }, 5)
  })
}

/** A deploy: nobody new, goodbye to those there are, and away. */
process.once('SIGTERM', () => {
  server.close()
  void attached
    .close({ spreadMs })
    .then(() => store.close())
    .then(() => process.exit(0))
})

function obey(order: GatewayOrder): unknown {
  switch (order.is) {
    case 'revoke':
      return gateway.revoke(order.user)
    case 'measure':
      return measured()
    case 'stream':
      return stream(order)
    default:
      return order satisfies never
  }
}

server.listen(port, '127.0.0.1', () => serveOrders((order) => obey(order as GatewayOrder)))
