import { createHume } from '../../src/emulator/index.ts'
import { humeMint } from '../../src/server/index.ts'
import type { Account, Premises } from './account.ts'

const day = 24 * 3600 * 1000

/** One account for both of Hume's sockets: EVI and TTS take the same tickets. */
export function humeAccount({ host, ttl }: Premises): Account {
  // Hume hangs up on a silent user after two minutes. A page that nobody talks to should still be there after lunch.
  const hume = createHume({ tokenTtlSeconds: ttl, paceMs: 150, inactivityMs: day, maxDurationMs: day })
  let valid = hume.installed[0]
  let held = valid
  return {
    provider: hume,
    mint: humeMint({ host, credentials: () => ({ apiKey: held?.apiKey, secretKey: held?.secretKey }) }),
    get keyRotated() {
      return held !== valid
    },
    rotateKey: () => void (valid = hume.regenerateKeys()),
    installKey: () => void (held = valid),
    expireTokens: () => hume.expireTokens(),
    counts: () => ({
      mints: hume.counts.mints,
      refusedMints: hume.counts.refusedMints,
      upgrades: hume.counts.upgrades,
      chats: hume.counts.chats,
      chatIds: hume.chats.map((chat) => chat.chat_id),
      chatGroupIds: hume.chats.map((chat) => chat.chat_group_id),
    }),
  }
}
