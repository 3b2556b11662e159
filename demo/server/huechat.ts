import { createHuechat } from '../../src/emulator/index.ts'
import type { Huechat } from '../../src/emulator/index.ts'
import { createGateway, huechatWebhooks, memoryStore } from '../../src/server/gateway/index.ts'
import { huechat as huechatUpstream } from '../../src/server/index.ts'
import type { Account, Premises } from './account.ts'
import { createCustomers } from './customers.ts'

const scopes = ['contacts:read', 'conversations:read', 'conversations:write'] as const
const events = ['message.received', 'message.sent', 'message.delivered', 'message.read', 'conversation.created', 'contact.created']

/**
 * HueChat's sandbox, and a backend with a gateway of its own: HueChat gives pages no token and has no socket. Webhooks go to
 * the gateway, which turns them into events of the page's session; the page's REST calls go through it, with the key added.
 */
export function huechatAccount({ id, host, gatewayPath, page, ttl }: Premises): Account {
  const { origin } = new URL(host)
  const emulator: Huechat = createHuechat({
    environment: 'sandbox',
    plan: 'free',
    async deliver(request) {
      customers.overhear(await request.clone().text())
      return gateway.fetch(request)
    },
  })
  let valid = emulator.key
  let held = valid
  let mints = 0
  let upgrades = 0

  const post = async (path: string, body: object): Promise<unknown> => {
    const headers = { 'x-api-key': emulator.key, 'content-type': 'application/json' }
    const response = await emulator.fetch(new Request(origin + path, { method: 'POST', headers, body: JSON.stringify(body) }))
    return response.json()
  }
  const registered = post('/v2/webhooks', { url: `${origin}${gatewayPath}/webhooks/huechat`, events })
  const gateway = createGateway({
    audience: page + gatewayPath,
    keys: [{ kid: id, secret: crypto.getRandomValues(new Uint8Array(32)) }],
    store: memoryStore(),
    origins: [page],
    prefix: gatewayPath,
    // A gateway's leases are whole seconds, and live five minutes at most.
    lease: { scopes: () => scopes, lifetimeSeconds: Math.min(300, Math.max(1, Math.round(ttl))) },
    upstream: huechatUpstream({ environment: 'sandbox', hosts: { sandbox: host }, key: () => held }),
    webhooks: {
      huechat: huechatWebhooks({
        audience: () => [id],
        secret: async () => ((await registered) as { signing_secret: string }).signing_secret,
      }),
    },
    onError: () => {},
  })
  const customers = createCustomers(emulator, async (person) => {
    await registered
    return post('/v2/contact', person)
  })

  return {
    provider: emulator,
    gateway: {
      name: gateway.name,
      fetch: (request) => gateway.fetch(request),
      async upgrade(handshake) {
        upgrades++
        return gateway.upgrade(handshake)
      },
    },
    async mint(ask) {
      const answer = await gateway.mint(ask)
      mints++
      return answer
    },
    get keyRotated() {
      return held !== valid
    },
    // Two keys may be there at once, so a careful operator installs the new one first. This one is not careful.
    rotateKey() {
      const old = valid
      valid = emulator.rotateKey(old)
      emulator.deleteKey(old)
    },
    installKey: () => void (held = valid),
    revoke: () => void gateway.revoke(id),
    expireTokens: () => void gateway.revoke(null),
    customerWrites: () => customers.write(),
    counts: () => ({
      mints,
      upgrades,
      calls: emulator.counts.requests,
      refusedCalls: emulator.counts.refused,
      webhooks: emulator.counts.delivered,
    }),
    close() {
      customers.leave()
      gateway.close()
    },
  }
}
