/** What the page and its server say to each other. Types and names only, so that both may import it. */

export const presets = ['hume-evi', 'hume-tts', 'bithuman', 'bithuman-lease', 'agenthuman', 'huechat'] as const
export type PresetName = (typeof presets)[number]

/** What can be done to the provider and the backend of a room: `POST /demo/<room>/<fault>`. */
export const faults = ['rotate-key', 'install-key', 'refuse-renewal', 'expire-token', 'drop-socket', 'go-silent', 'heal'] as const
export type Fault = (typeof faults)[number]

/** `POST /demo/rooms`: a room of one's own, so that tabs do not disturb each other. Durations in seconds. */
export interface RoomAsk {
  readonly preset: PresetName
  /** Life of a token at the provider. */
  readonly ttl: number
  /** How long bitHuman's runtime goes on after its last good beat. */
  readonly grace: number
}

/** `GET /demo/<room>/counts`: what the emulated provider saw, and what is wrong with it now. What a provider does not have is 0. */
export interface Counts {
  /** Tokens given out. */
  readonly mints: number
  readonly refusedMints: number
  /** WebSocket handshakes; HueChat has no socket, so there they are the gateway's. */
  readonly upgrades: number
  readonly openSockets: number
  /** Frames that bitHuman's runtime or AgentHuman's avatar sent. */
  readonly frames: number
  readonly chats: number
  readonly chatIds: readonly string[]
  readonly chatGroupIds: readonly string[]
  /** AgentHuman's sessions that are over. Each mint there is a session. */
  readonly endedSessions: number
  /** REST calls that reached HueChat, those that it refused, and webhooks that the gateway took. */
  readonly calls: number
  readonly refusedCalls: number
  readonly webhooks: number
  /** AgentHuman's words for the last key that it refused; empty if it has refused none. */
  readonly keyRefusal: string
  readonly trouble: Trouble
}

export interface Trouble {
  /** The provider's key is not the one that the backend holds. */
  readonly keyRotated: boolean
  readonly refusing: boolean
  readonly silent: boolean
}
