import { createAgenthuman } from '../../src/emulator/index.ts'
import type { Provider } from '../../src/emulator/index.ts'
import { agenthuman, agenthumanMint, createForwarder } from '../../src/server/index.ts'
import type { MintAsk } from '../../src/server/index.ts'
import type { Account, Premises } from './account.ts'

/**
 * The page is told of an end that much too early: a session that it leaves is followed by the next one, but one that the
 * provider closes is taken for the end.
 */
const spareSeconds = 1

/** A mint ends the session before, where there is one, and begins the next. */
const asksForSession = /^\/v1\/sessions(\/[^/]+\/end)?$/

/**
 * AgentHuman, and a backend that begins sessions and forwards what the page says to them. Its three refusals of a key have
 * one status and differ by their words only, so the key goes wrong in three ways, one at each rotation: it is deleted, then
 * it was copied badly, then a proxy on the way takes the header out.
 */
export function agenthumanAccount({ id, host, gatewayPath, page, ttl }: Premises): Account {
  const life = Math.max(1, Math.round(ttl))
  const emulator = createAgenthuman({ sessionSeconds: life + spareSeconds, minutes: 1_000_000, fps: 12 })
  let held = emulator.key
  let loses = false
  let rotations = 0
  let refusedMints = 0
  let keyRefusal = ''

  const mint = agenthumanMint({ host, key: () => held, session: () => ({ avatar: 'avat_demo', aspect_ratio: '1:1' }) })
  const provider: Provider = {
    name: emulator.name,
    upgrade: (upgrade) => emulator.upgrade(upgrade),
    async fetch(request) {
      if (loses) request.headers.delete('x-api-key')
      const response = await emulator.fetch(request)
      if (response.status === 401) keyRefusal = ((await response.clone().json()) as { error: string }).error
      if (!response.ok && asksForSession.test(new URL(request.url).pathname)) refusedMints++
      return response
    },
  }
  const forward = createForwarder({
    upstream: agenthuman({ host, key: () => held }),
    // Who knows the room's id is its user.
    authorize: () => ({ id, scopes: ['*'] }),
    origins: [page],
    prefix: gatewayPath,
    onError: () => {},
  })
  const goWrong = [
    () => {
      loses = false
      emulator.rotate()
    },
    () => void (held = `${held.slice(0, -1)}${held.endsWith('x') ? 'y' : 'x'}`),
    () => {
      held = emulator.key
      loses = true
    },
  ]
  const keyRotated = (): boolean => loses || held !== emulator.key

  return {
    provider,
    gateway: { name: 'backend', fetch: forward, upgrade: async () => new Response(null, { status: 404 }) },
    mint: Object.assign(async (ask: MintAsk) => ({ ...(await mint(ask)), expires_in: life }), { release: mint.release }),
    get keyRotated() {
      return keyRotated()
    },
    rotateKey() {
      rotations = keyRotated() ? rotations + 1 : 0
      goWrong[rotations % goWrong.length]?.()
    },
    installKey() {
      // A backend remembers for a while which keys were refused, and this one was.
      if (loses) emulator.rotate()
      loses = false
      held = emulator.key
    },
    expireTokens: () => void emulator.expireSessions(),
    counts: () => ({
      mints: emulator.counts.sessions,
      refusedMints,
      upgrades: emulator.counts.upgrades,
      frames: emulator.counts.frames,
      endedSessions: emulator.counts.sessions - emulator.liveSessions,
      keyRefusal,
    }),
  }
}
