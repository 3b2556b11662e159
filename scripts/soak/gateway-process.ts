/** One gateway on a shared Redis, with leases so short that they are renewed each ten seconds. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { attachGateway, createGateway, redisStore } from '../../src/server/gateway/index.ts'
import { createTokenEndpoint } from '../../src/server/index.ts'
import { toNodeHandler } from '../../src/server/node.ts'
import { serveOrders, settings as given } from '../gateway/child.ts'
import { audience, keyId, pageOrigin } from '../gateway/orders.ts'
import { lives } from './orders.ts'
import type { GatewayOrder, GatewaySettings, PublishedEvent } from './orders.ts'

const { port, redisPort, leaseSecret } = given() as GatewaySettings
const quiet = (): void => {}
const redis = new Redis({ port: redisPort, host: '127.0.0.1', lazyConnect: true })
redis.on('error', quiet)
const store = redisStore({ redis, onError: quiet })
const plenty = 1_000_000

const gateway = createGateway({
  audience,
  keys: [{ kid: keyId, secret: leaseSecret }],
  store,
  origins: [pageOrigin],
  lease: { lifetimeSeconds: lives.gateway },
  limits: { connectsPerAddressAndMinute: plenty, connectsPerUserAndMinute: plenty, socketsPerUser: 100, framesPerMinute: plenty },
  onMessage: () => {},
  onError: quiet,
})

const token = toNodeHandler(
  createTokenEndpoint({
    mint: gateway.mint,
    origins: [pageOrigin],
    limit: false,
    onError: quiet,
    authorize: (request) => ({ id: request.headers.get('x-page') ?? '', since: Number(request.headers.get('x-since')) }),
  }),
)
const server = createServer((req, res) => token(req, res))
const attached = attachGateway(server, gateway)

/** Says which were kept, these or an earlier try of them. */
async function publish(events: readonly PublishedEvent[]): Promise<string[]> {
  const kept = await Promise.all(
    events.map((event) =>
      gateway.publish(event, [event.user]).then(
        () => [event.id],
        () => [],
      ),
    ),
  )
  return kept.flat()
}

/** A deploy. */
process.once('SIGTERM', () => {
  server.close()
  void attached
    .close({ spreadMs: 4_000 })
    .then(() => store.close())
    .then(() => process.exit(0))
})

function obey(order: GatewayOrder): unknown {
  switch (order.is) {
    case 'publish':
      return publish(order.events)
    case 'revoke':
      return gateway.revoke(order.user)
    case 'port':
      return (server.address() as AddressInfo).port
    default:
      return order satisfies never
  }
}

server.listen(port, '127.0.0.1', () => serveOrders((order) => obey(order as GatewayOrder)))
