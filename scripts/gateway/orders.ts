/** What the processes of a run say to each other, over the channel that `spawn` opens between parent and child. */

/** How a gateway process is set up. */
export interface GatewaySettings {
  /** 0: any free one. */
  readonly port: number
  readonly redisPort: number
  /** At least 32 characters. */
  readonly leaseSecret: string
  readonly webhookSecrets: readonly string[]
  /** How wide clients spread when it drains, in ms. */
  readonly spreadMs: number
}

export const audience = 'https://realtime.example.test'
export const pageOrigin = 'https://app.example.test'
export const keyId = 'k1'

export type GatewayOrder =
  | { readonly is: 'revoke'; readonly user: string | null }
  | { readonly is: 'measure' }
  /** Publishes numbered events at an even pace, and says at the end which of them were kept. */
  | { readonly is: 'stream'; readonly events: number; readonly perSecond: number; readonly offset: number; readonly users: number }

export interface GatewayMeasures {
  readonly port: number
  readonly connections: number
  readonly rssBytes: number
  /** The longest that the process did not come to its next task, since the last measure, in ms: its own work, or a busy machine. */
  readonly heldUpMs: number
  /** Processor time so far, in ms. */
  readonly cpuMs: number
  /** When handshakes came, in epoch ms. */
  readonly connectedAt: readonly number[]
}

/** Publishing: numbers of the events that were not kept. */
export interface Streamed {
  readonly refused: readonly number[]
}

export const audienceSize = 10

/** Who hears event `n` of a stream: ten neighbours, other ones each time. */
export function audienceOf(n: number, users: number): string[] {
  const first = (n * 7919) % users
  return Array.from({ length: audienceSize }, (_, k) => userName((first + k) % users))
}

export const userName = (at: number): string => `user-${at}`

/** Milliseconds of the machine's clock, with fractions: comparable between its processes. */
export const clock = (): number => performance.timeOrigin + performance.now()

/** How a process of many clients is set up. */
export interface ClientsSettings {
  /** The gateways: client n begins at the n-th, in turn, and goes to the next where that takes no connection. */
  readonly ports: readonly number[]
  readonly clients: number
  readonly leaseSecret: string
}

export type ClientsOrder =
  /** Opens all, evenly over this time. Answers when all are ready. */
  | { readonly is: 'open'; readonly overMs: number }
  | { readonly is: 'state' }
  /** What became of these events, of a stream that is over. Forgets them. */
  | { readonly is: 'account'; readonly from: number; readonly events: number; readonly refused: readonly number[] }

export interface ClientsState {
  readonly ready: number
  /** Events heard so far. */
  readonly heard: number
  /** Close codes and how often. */
  readonly closes: Readonly<Record<string, number>>
  readonly renewals: number
  /** Loss that was told. */
  readonly gaps: number
}

export interface Account {
  readonly due: number
  readonly lost: number
  readonly repeated: number
  /** From `publish` to the client's message, in ms. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}
