/** Where the keys stand by default: in the environment, under the names of the providers' pages, read at each call. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createAgenthuman, createBithuman, createHuechat, createHume } from '../../src/emulator/index.ts'
import { agenthuman, agenthumanMint, bithuman, bithumanMint, createForwarder, huechat, humeMint } from '../../src/server/index.ts'
import type { Mint, Upstream } from '../../src/server/index.ts'
import { everything, pageCall } from '../server/forward-kit.ts'
import { asks } from '../server/requests.ts'

const names = ['HUME_API_KEY', 'HUME_SECRET_KEY', 'BITHUMAN_API_SECRET', 'BITHUMAN_API_KEY', 'AGENTHUMAN_API_KEY', 'HUECHAT_API_KEY']
beforeEach(() => names.forEach((name) => vi.stubEnv(name, undefined)))
afterEach(() => void vi.unstubAllEnvs())

type Outcome = () => Promise<string>
const minted =
  (mint: Mint): Outcome =>
  () =>
    Promise.resolve(mint(asks())).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    )
const forwarded = (upstream: Upstream, path: string, init: RequestInit = {}): Outcome => {
  const forward = createForwarder({ upstream, authorize: everything, onError: () => {} })
  return async () => {
    const response = await forward(pageCall(path, init))
    return response.ok ? 'ok' : ((await response.json()) as { error: string }).error
  }
}

/** One use of a key, against an emulated provider: what has to be set, and how the key is rotated without overlap. */
interface Use {
  readonly set: () => Readonly<Record<string, string>>
  readonly rotate: () => unknown
  readonly outcome: Outcome
}
const uses: readonly (readonly [string, string, () => Use])[] = [
  [
    'HUME_API_KEY and HUME_SECRET_KEY',
    'humeMint',
    () => {
      const hume = createHume()
      const set = () => ({ HUME_API_KEY: hume.installed[0]?.apiKey ?? '', HUME_SECRET_KEY: hume.installed[0]?.secretKey ?? '' })
      return { set, rotate: () => hume.regenerateKeys(), outcome: minted(humeMint({ fetch: hume.fetch })) }
    },
  ],
  [
    'BITHUMAN_API_SECRET',
    'bithumanMint',
    () => {
      const account = createBithuman()
      const set = () => ({ BITHUMAN_API_SECRET: account.secret })
      return { set, rotate: () => account.rotate(), outcome: minted(bithumanMint({ fetch: account.fetch })) }
    },
  ],
  [
    'BITHUMAN_API_KEY',
    'bithuman',
    () => {
      const account = createBithuman()
      const speak = { method: 'POST', body: '{"message":"Hello"}' }
      const outcome = forwarded(bithuman({ fetch: account.fetch }), '/v1/agent/A78WKV4515/speak', speak)
      // The agent is in no room: the secret was good.
      const set = () => ({ BITHUMAN_API_KEY: account.secret })
      return { set, rotate: () => account.rotate(), outcome: async () => (await outcome()).replace('not_found', 'ok') }
    },
  ],
  [
    'AGENTHUMAN_API_KEY',
    'agenthumanMint',
    () => {
      const account = createAgenthuman()
      const set = () => ({ AGENTHUMAN_API_KEY: account.key })
      const mint = agenthumanMint({ fetch: account.fetch, session: () => ({ avatar: 'avat_1', aspect_ratio: '1:1' }) })
      return { set, rotate: () => account.rotate(), outcome: minted(mint) }
    },
  ],
  [
    'AGENTHUMAN_API_KEY',
    'agenthuman',
    () => {
      const account = createAgenthuman()
      const set = () => ({ AGENTHUMAN_API_KEY: account.key })
      return { set, rotate: () => account.rotate(), outcome: forwarded(agenthuman({ fetch: account.fetch }), '/v1/sessions') }
    },
  ],
  [
    'HUECHAT_API_KEY',
    'huechat',
    () => {
      const account = createHuechat()
      let key = account.key
      const rotate = () => {
        const old = key
        key = account.rotateKey(old)
        account.deleteKey(old)
      }
      return { set: () => ({ HUECHAT_API_KEY: key }), rotate, outcome: forwarded(huechat({ fetch: account.fetch }), '/v2/contacts') }
    },
  ],
]

describe('by default', () => {
  test.each(uses)('%s is what %s uses, read at each call: a new value needs no restart', async (_name, _who, make) => {
    const { set, rotate, outcome } = make()
    const put = () => Object.entries(set()).forEach(([name, value]) => vi.stubEnv(name, value))
    expect(await outcome()).toBe('key_refused')
    put()
    expect(await outcome()).toBe('ok')
    rotate()
    expect(await outcome()).toBe('key_refused')
    put()
    expect(await outcome()).toBe('ok')
  })
})
