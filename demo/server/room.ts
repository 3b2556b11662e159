import { mount, realWorld, withFaults } from '../../src/emulator/index.ts'
import type { Provider } from '../../src/emulator/index.ts'
import { createTokenEndpoint, MintError } from '../../src/server/index.ts'
import type { Counts, Fault, PresetName, RoomAsk } from '../contract.ts'
import type { Account, Premises } from './account.ts'
import { agenthumanAccount } from './agenthuman.ts'
import { bithumanAccount } from './bithuman.ts'
import { huechatAccount } from './huechat.ts'
import { humeAccount } from './hume.ts'

/** One tab's world: a provider of its own, and a backend with a key and a token endpoint of its own. */
export interface Room {
  /** Everything under `/emulators/<id>`. */
  readonly emulator: Provider
  /** Everything under `/gateway/<id>`, for a backend that has a gateway. */
  readonly gateway: Provider
  /** The route `/api/<id>/<provider>/token`. */
  token(request: Request): Promise<Response>
  act(fault: Fault): void
  /** False where there are no customers. */
  customerWrites(): boolean
  counts(): Counts
  /** Cuts its sockets and ends what goes on by itself. */
  close(): void
}

const providerOf = {
  'hume-evi': 'hume',
  'hume-tts': 'hume',
  bithuman: 'bithuman',
  'bithuman-lease': 'bithuman',
  agenthuman: 'agenthuman',
  huechat: 'huechat',
} as const satisfies Record<PresetName, string>

const open: Readonly<Record<(typeof providerOf)[PresetName], (premises: Premises) => Account>> = {
  hume: humeAccount,
  bithuman: bithumanAccount,
  agenthuman: agenthumanAccount,
  huechat: huechatAccount,
}

const nowhere: Provider = {
  name: 'nowhere',
  fetch: async () => new Response(null, { status: 404 }),
  upgrade: async () => new Response(null, { status: 404 }),
}

/** @param at where this server listens, and the origin of the page that asks */
export function createRoom(id: string, at: { origin: string; page: string }, { preset, ttl, grace }: RoomAsk): Room {
  const name = providerOf[preset]
  const path = `/emulators/${id}/${name}`
  const account = open[name]({ id, host: at.origin + path, gatewayPath: `/gateway/${id}`, page: at.page, ttl, grace })
  const provider = withFaults(account.provider, realWorld())
  const gateway = withFaults(account.gateway ?? nowhere, realWorld())
  const trouble = { refusing: false, silent: false }

  const endpoint = createTokenEndpoint({
    mint: account.mint,
    authorize: () => {
      if (trouble.refusing) throw new MintError('revoked')
      return { id }
    },
    limit: false,
    // What fails here was asked for by a button, and shows on the page.
    onError: () => {},
  })
  // The backend falls silent like the provider: it accepts requests and lets them wait.
  const backend = withFaults({ ...nowhere, fetch: endpoint }, realWorld())
  const everything = [provider, gateway, backend].map(({ faults }) => faults)

  const silence = (on: boolean): void => {
    trouble.silent = on
    for (const faults of everything) faults.silence(on)
  }
  const drop = (): void => {
    for (const faults of everything) faults.drop()
  }
  const deeds: Readonly<Record<Fault, () => void>> = {
    'rotate-key': account.rotateKey,
    'install-key': account.installKey,
    'refuse-renewal': () => {
      trouble.refusing = true
      account.revoke?.()
    },
    'expire-token': account.expireTokens,
    'drop-socket': drop,
    'go-silent': () => silence(true),
    heal: () => {
      trouble.refusing = false
      silence(false)
      account.installKey()
    },
  }
  return {
    emulator: mount({ [path]: provider }),
    gateway,
    // A page that gave up during a silence aborts its request; nobody reads this answer.
    token: (request) => backend.fetch(request).catch(() => new Response(null, { status: 503 })),
    act: (fault) => deeds[fault](),
    customerWrites() {
      account.customerWrites?.()
      return account.customerWrites !== undefined
    },
    counts: () => ({
      ...nothing,
      ...account.counts(),
      openSockets: provider.faults.open + gateway.faults.open,
      trouble: { ...trouble, keyRotated: account.keyRotated },
    }),
    close() {
      drop()
      account.close?.()
    },
  }
}

const nothing: Omit<Counts, 'openSockets' | 'trouble'> = {
  mints: 0,
  refusedMints: 0,
  upgrades: 0,
  frames: 0,
  chats: 0,
  chatIds: [],
  chatGroupIds: [],
  endedSessions: 0,
  calls: 0,
  refusedCalls: 0,
  webhooks: 0,
  keyRefusal: '',
}
