import { createBithuman } from '../../src/emulator/index.ts'
import { bithumanMint } from '../../src/server/index.ts'
import type { Account, Premises } from './account.ts'

export function bithumanAccount({ host, ttl, grace }: Premises): Account {
  // The times inside its JWTs are whole seconds, as in all JWTs.
  const bithuman = createBithuman({ tokenTtlSeconds: Math.max(1, Math.round(ttl)), beatGraceSeconds: grace, fps: 25 })
  let held = bithuman.secret
  return {
    provider: bithuman,
    mint: bithumanMint({ host, secret: () => held, agentCode: 'A78WKV4515' }),
    get keyRotated() {
      return held !== bithuman.secret
    },
    rotateKey: () => void bithuman.rotate(),
    installKey: () => void (held = bithuman.secret),
    expireTokens: () => bithuman.expireTokens(),
    counts: () => ({
      mints: bithuman.counts.mints,
      refusedMints: bithuman.counts.refusedMints,
      upgrades: bithuman.counts.upgrades,
      frames: bithuman.counts.frames,
    }),
  }
}
