/** bitHuman and Hume as emulated by the project, and the backend with their token endpoints, on one real port. */
import { createBithuman } from '../../src/emulator/bithuman.ts'
import { createHume } from '../../src/emulator/hume.ts'
import { mount, serve } from '../../src/emulator/node.ts'
import type { Provider } from '../../src/emulator/provider.ts'
import { bithumanMint, createTokenEndpoint, humeMint } from '../../src/server/index.ts'
import type { Mint } from '../../src/server/index.ts'
import { serveOrders, settings as given } from '../gateway/child.ts'
import { pageOrigin } from '../gateway/orders.ts'
import { lives } from './orders.ts'
import type { ProvidersOrder, ProvidersSettings } from './orders.ts'

const settings = given() as ProvidersSettings
const plenty = 1_000_000

const bithuman = createBithuman({
  secret: settings.bithumanSecret,
  tokenTtlSeconds: lives.bithuman,
  fps: 0.4,
  beatGraceSeconds: 45,
  lapseCloseSeconds: 5,
  writesPerMinute: plenty,
  readsPerMinute: plenty,
})
// Whoever tries an old secret again and again is not what is looked at here.
bithuman.throttleFailures(false)
const hume = createHume({
  keys: [settings.humeKey],
  tokenTtlSeconds: lives.hume,
  unknownGroup: 'start',
  regeneratedTokens: 'die',
  inactivityMs: 3_600_000,
  maxDurationMs: 7_200_000,
  prosody: false,
})

/** The keys that the backend has. */
const installed = { bithuman: settings.bithumanSecret, hume: settings.humeKey }
const fresh: { bithuman?: string; hume?: typeof settings.humeKey } = {}

const endpoint = (mint: Mint): Provider => {
  const answer = createTokenEndpoint({
    mint,
    limit: false,
    origins: [pageOrigin],
    onError: () => {},
    authorize: (request) => ({ id: request.headers.get('x-page') ?? 'nobody' }),
  })
  return { name: 'token endpoint', fetch: answer, upgrade: () => Promise.resolve(new Response(null, { status: 404 })) }
}

// The mints call their providers where those are: here.
const host = (): string => `http://127.0.0.1:${port}`
let port = settings.port
const late = (make: () => Mint): Mint => {
  let made: Mint | undefined
  return Object.assign(((ask) => (made ??= make())(ask)) satisfies Mint, {
    release: async (...told: Parameters<NonNullable<Mint['release']>>) => (made ??= make()).release?.(...told),
  })
}
const served = await serve(
  mount({
    '/': hume,
    '/bithuman': bithuman,
    '/token/bithuman': endpoint(late(() => bithumanMint({ secret: () => installed.bithuman, host: `${host()}/bithuman` }))),
    '/token/hume': endpoint(late(() => humeMint({ credentials: () => installed.hume, host: host() }))),
  }),
  { port: settings.port },
)
port = served.port

function obey(order: ProvidersOrder): unknown {
  switch (order.is) {
    case 'rotate':
      if (order.which === 'bithuman') fresh.bithuman = bithuman.rotate()
      else fresh.hume = hume.regenerateKeys()
      return true
    case 'install':
      Object.assign(installed, fresh)
      return true
    case 'expire':
      bithuman.expireTokens()
      hume.expireTokens()
      return true
    case 'drop':
      return bithuman.dropSockets(order.code) + hume.dropSockets(order.code)
    case 'port':
      return port
    default:
      return order satisfies never
  }
}

serveOrders((order) => obey(order as ProvidersOrder))
