import { mount, realWorld, withFaults } from '../../src/emulator/index.ts'
import type { Provider } from '../../src/emulator/index.ts'
import { createTokenEndpoint, MintError } from '../../src/server/index.ts'
import type { Counts, Fault, RoomAsk } from '../contract.ts'
import { bithumanAccount } from './bithuman.ts'
import { humeAccount } from './hume.ts'

/** One tab's world: a provider of its own, and a backend with a key and a token endpoint of its own. */
export interface Room {
  /** Everything under `/emulators/<id>`. */
  readonly emulator: Provider
  /** The route `/api/<id>/<provider>/token`. */
  token(request: Request): Promise<Response>
  act(fault: Fault): void
  counts(): Counts
  /** Cuts its sockets. */
  close(): void
}

/** @param origin where this server listens */
export function createRoom(id: string, origin: string, { preset, ttl, grace }: RoomAsk): Room {
  const name = preset === 'hume-evi' ? 'hume' : 'bithuman'
  const path = `/emulators/${id}/${name}`
  const account = name === 'hume' ? humeAccount({ host: origin + path, ttl }) : bithumanAccount({ host: origin + path, ttl, grace })
  const provider = withFaults(account.provider, realWorld())
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
  // The endpoint falls silent like the provider: it accepts requests and lets them wait.
  const backend = withFaults({ name: 'backend', fetch: endpoint, upgrade: async () => new Response(null, { status: 404 }) }, realWorld())

  const silence = (on: boolean): void => {
    trouble.silent = on
    provider.faults.silence(on)
    backend.faults.silence(on)
  }
  const deeds: Readonly<Record<Fault, () => void>> = {
    'rotate-key': account.rotateKey,
    'install-key': account.installKey,
    'refuse-renewal': () => (trouble.refusing = true),
    'expire-token': account.expireTokens,
    'drop-socket': () => provider.faults.drop(),
    'go-silent': () => silence(true),
    heal: () => {
      trouble.refusing = false
      silence(false)
      account.installKey()
    },
  }
  return {
    emulator: mount({ [path]: provider }),
    // A page that gave up during a silence aborts its request; nobody reads this answer.
    token: (request) => backend.fetch(request).catch(() => new Response(null, { status: 503 })),
    act: (fault) => deeds[fault](),
    counts: () => ({ ...account.counts(), openSockets: provider.faults.open, trouble: { ...trouble, keyRotated: account.keyRotated } }),
    close: () => void provider.faults.drop(),
  }
}
