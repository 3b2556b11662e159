import { type ChatRecord, Chats } from './hume/chats.ts'
import type { Stage } from './hume/evi.ts'
import { type KeyPair, Keys } from './hume/keys.ts'
import { preflight, problem, readable } from './hume/replies.ts'
import { type House, rest, welcome } from './hume/routes.ts'
import { type HumeOptions, settingsOf } from './hume/settings.ts'
import { OpenSockets } from './hume/sockets.ts'
import { TtsRest } from './hume/tts-rest.ts'
import type { Accepted, Provider, Upgrade } from './provider.ts'
import { realWorld } from './world.ts'

export type { ChatEvent, ChatRecord, ChatStatus } from './hume/chats.ts'
export type { KeyPair } from './hume/keys.ts'
export type { HumeOptions } from './hume/settings.ts'

/** An emulated Hume: the token exchange, EVI, text to speech and expression measurement, with controls for what can go wrong. */
export interface Hume extends Provider {
  /** The key pairs that work now. */
  readonly installed: readonly KeyPair[]
  /** Every chat so far, oldest first. */
  readonly chats: readonly ChatRecord[]
  readonly counts: HumeCounts
  /** Every key and token ever issued, dead ones too: what a canary test looks for. */
  secrets(): string[]
  /** Every token minted so far is expired from now on. Live sockets stay, unless `cutLiveAtExpiry`. */
  expireTokens(): void
  /** The current pairs die at once; answers the new one. What becomes of tokens is the option `regeneratedTokens`. */
  regenerateKeys(): KeyPair
  /** The token exchange answers this status (with `Retry-After` in seconds, if given) until `null`. */
  refuseMints(status: number | null, retryAfterSeconds?: number): void
  /** The next `times` handshakes (default: all) are answered with this status, until `null`. */
  refuseHandshakes(status: number | null, times?: number): void
  /** While on, a chat opens without `chat_metadata`. */
  withholdMetadata(on: boolean): void
  /** Closes every open socket with this code, or cuts it without one (the client sees 1006). Answers how many. */
  dropSockets(code?: number, reason?: string): number
  /** Sends an `error` frame to every live chat. Default slug: `emulated_error`. */
  sendError(code: string, slug?: string, message?: string): void
  /** Sends any frame to every live chat, as it is: an object as JSON, a string unchanged. */
  sendFrame(frame: object | string): void
  /** The user says this aloud in this chat (default: in every live one), as if a microphone had sent it. */
  hear(words: string, chatId?: string): void
}

export interface HumeCounts {
  /** Tokens minted. */
  readonly mints: number
  /** Exchanges that brought no token, for whatever reason. */
  readonly refusedMints: number
  /** Handshakes accepted, of any socket. */
  readonly upgrades: number
  readonly refusedUpgrades: number
  /** Chats begun. */
  readonly chats: number
}

export function createHume(options: HumeOptions = {}): Hume {
  const world = options.world ?? realWorld()
  const settings = settingsOf(options, world)
  const keys = new Keys(world, { ...settings, pairs: settings.keys })
  const chats = new Chats(world)
  const id = () => chats.id()
  const stage: Stage = { settings, chats, live: new Map(), withheld: false }
  const house: House = { keys, stage, ttsRest: new TtsRest(id), id }
  const sockets = new OpenSockets()
  const counts = { mints: 0, refusedMints: 0, upgrades: 0, refusedUpgrades: 0 }
  let mintRefusal: { status: number; headers: HeadersInit } | null = null
  let handshakeRefusal: { status: number; left: number } | null = null

  /** Closes what lives on a token that is dead; 1008 because Hume documents no code for it. */
  const cutDead = () => {
    for (const { credential, peer } of sockets.open) {
      if ((keys.lifeOf(credential) ?? 1) <= 0) peer.close(1008, 'access token expired')
    }
  }

  const mint = async (request: Request) => {
    const response = mintRefusal
      ? problem(mintRefusal.status, 'refused', 'The token exchange refuses by request.', mintRefusal.headers)
      : await keys.exchange(request)
    if (response.ok) counts.mints++
    else counts.refusedMints++
    return response
  }

  const shake = ({ url, headers }: Upgrade): Response | Accepted => {
    if (handshakeRefusal && handshakeRefusal.left > 0) {
      handshakeRefusal.left--
      return problem(handshakeRefusal.status, 'refused', 'The handshake is refused by request.')
    }
    const welcomed = welcome(house, url, headers)
    if (!('begin' in welcomed)) return welcomed
    const life = settings.cutLiveAtExpiry ? keys.lifeOf(welcomed.credential) : null
    if (life !== null) world.timer(cutDead, life)
    return sockets.accept(welcomed.credential, (peer) => welcomed.begin(peer))
  }

  return {
    name: 'hume',

    async fetch(request) {
      const isExchange = new URL(request.url).pathname === '/oauth2-cc/token'
      // Pages may not read the exchange: it takes the Secret key, so a page that tries should fail here first.
      if (request.method === 'OPTIONS') return isExchange ? problem(405, 'method_not_allowed', 'Mint on your backend.') : preflight()
      return isExchange ? mint(request) : readable(await rest(house, request))
    },

    async upgrade(upgrade) {
      const outcome = shake(upgrade)
      if ('open' in outcome) counts.upgrades++
      else counts.refusedUpgrades++
      return outcome
    },

    get installed() {
      return keys.installed
    },
    get chats() {
      return [...chats.all]
    },
    get counts() {
      return { ...counts, chats: chats.all.length }
    },
    secrets: () => keys.issued,

    expireTokens() {
      keys.expireTokens()
      if (settings.cutLiveAtExpiry) cutDead()
    },
    regenerateKeys() {
      const pair = keys.regenerate()
      if (settings.cutLiveAtExpiry) cutDead()
      return pair
    },
    refuseMints(status, retryAfterSeconds) {
      const headers: HeadersInit = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
      mintRefusal = status === null ? null : { status, headers }
    },
    refuseHandshakes(status, times = Infinity) {
      handshakeRefusal = status === null ? null : { status, left: times }
    },
    withholdMetadata(on) {
      stage.withheld = on
    },
    dropSockets(code, reason) {
      const all = sockets.open
      for (const { peer } of all) {
        if (code === undefined) peer.terminate()
        else peer.close(code, reason)
      }
      return all.length
    },
    sendError(code, slug = 'emulated_error', message = 'An error sent by request.') {
      for (const chat of [...stage.live.values()]) chat.complain({ code, slug, message })
    },
    sendFrame(frame) {
      for (const chat of [...stage.live.values()]) chat.sendText(typeof frame === 'string' ? frame : JSON.stringify(frame))
    },
    hear(words, chatId) {
      for (const chat of [...stage.live.values()]) if (chatId === undefined || chat.record.chat_id === chatId) chat.hear(words)
    },
  }
}
