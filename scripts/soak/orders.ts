/** What the processes of a soak say to each other. */
import type { Figures } from './figures.ts'

/** Lives of grants in seconds, short so that half an hour holds many renewals. */
export const lives = { bithuman: 40, hume: 40, gateway: 24 } as const

export interface ClientsSettings {
  readonly sessions: number
  readonly seed: number
  /** Where sockets and token requests go: the way, which has the faults. */
  readonly providersPort: number
  readonly gatewayPort: number
  readonly tokenPort: number
  /** Long-lived keys that no page has: none may be seen anywhere in this process. */
  readonly canaries: readonly string[]
  readonly plant: Plant | undefined
}

/** Bugs that can be planted, to see that a run finds them: sockets that are not closed; timers that are never cleared. */
export type Plant = 'deaf' | 'hoard'

export type ClientsOrder =
  | { readonly is: 'open'; readonly overMs: number }
  | { readonly is: 'state' }
  /** No more random calls; whoever was told to pause, or to end, is told to connect. */
  | { readonly is: 'calm' }
  /** Closes all and forgets them. Answers when each has settled. */
  | { readonly is: 'close' }
  /** What is left of the sessions in this process. */
  | { readonly is: 'left' }

export interface ClientsState {
  readonly figures: Figures
  /** How many sessions show which status. */
  readonly statuses: Readonly<Record<string, number>>
  /** Those that are not connected, a few of them. */
  readonly waiting: readonly string[]
  /** The first of them, and how many there are. */
  readonly violations: readonly string[]
  readonly violationCount: number
  readonly lagMs: number
  readonly heapBytes: number
  readonly rssBytes: number
  /** By user of a gateway: the last event that each of his sessions heard. */
  readonly heard: Readonly<Record<string, number>>
}

/** What a process still has open that its own work does not need. */
export interface Left {
  readonly timers: number
  readonly sockets: number
  readonly requests: number
  readonly listeners: number
  readonly heapBytes: number
}

export interface ProvidersSettings {
  readonly port: number
  readonly bithumanSecret: string
  readonly humeKey: { readonly apiKey: string; readonly secretKey: string }
}

export type ProvidersOrder =
  /** New keys at the providers; the backend still has the old ones. */
  | { readonly is: 'rotate'; readonly which: 'bithuman' | 'hume' }
  /** The backend is given the new keys. */
  | { readonly is: 'install' }
  | { readonly is: 'expire' }
  | { readonly is: 'drop'; readonly code: number | undefined }
  | { readonly is: 'port' }

export interface GatewaySettings {
  readonly port: number
  readonly redisPort: number
  readonly leaseSecret: string
}

export type GatewayOrder =
  | { readonly is: 'publish'; readonly events: readonly PublishedEvent[] }
  | { readonly is: 'revoke'; readonly user: string }
  | { readonly is: 'port' }

export interface PublishedEvent {
  readonly id: string
  readonly user: string
  readonly n: number
}
