import type { World } from '../provider.ts'
import type { KeyPair } from './keys.ts'

/** How an emulated Hume behaves. Durations are ms unless the name says otherwise. */
export interface HumeOptions {
  /** Clock and chance. Default: the machine's own. */
  readonly world?: World
  /** Life of an access token. Default: 1800 s, as documented. */
  readonly tokenTtlSeconds?: number
  /** The account's key pairs. Default: one random pair, readable as `installed[0]`. */
  readonly keys?: readonly KeyPair[]
  /** What regenerated keys do to tokens that were minted before; Hume does not say. Default: `'survive'`. */
  readonly regeneratedTokens?: 'survive' | 'die'
  /** Closes live sockets when their token dies. Nothing says that Hume does, so the default is false. */
  readonly cutLiveAtExpiry?: boolean
  /** What a `resumed_chat_group_id` nobody knows does: an error frame and a close, or a new group. Hume does not say. Default: `'refuse'`. */
  readonly unknownGroup?: 'refuse' | 'start'
  /** Ends a chat after this long without a word or a sound from the user. Default: 120 000. */
  readonly inactivityMs?: number
  /** Spoken when `inactivityMs` is over; the chat then lasts 15 s more. Default: none, and it ends at once. */
  readonly inactivityMessage?: string
  /** Ends a chat this long after its start. Default: 1 800 000. */
  readonly maxDurationMs?: number
  /** Close code of both timeouts; Hume's is undocumented. Default: 1000. */
  readonly timeoutCloseCode?: number
  /** Time between two frames of an answer. Default: 0, the whole answer at once; a demo looks better with about 150. */
  readonly paceMs?: number
  /** Sends `assistant_prosody` (48 scores) with each sentence. Default: true. */
  readonly prosody?: boolean
}

export type Settings = Required<Omit<HumeOptions, 'inactivityMessage'>> & Pick<HumeOptions, 'inactivityMessage'>

export function settingsOf(options: HumeOptions, world: World): Settings {
  return {
    tokenTtlSeconds: 1800,
    keys: [],
    regeneratedTokens: 'survive',
    cutLiveAtExpiry: false,
    unknownGroup: 'refuse',
    inactivityMs: 120_000,
    maxDurationMs: 1_800_000,
    timeoutCloseCode: 1000,
    paceMs: 0,
    prosody: true,
    ...options,
    world,
  }
}
