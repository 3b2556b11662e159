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
  /** Processor time so far, in ms. */
  readonly cpuMs: number
  /** Handshakes that were let in, by the second of the clock (epoch s). */
  readonly connectsBySecond: Readonly<Record<number, number>>
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
