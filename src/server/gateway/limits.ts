import { ackEvery } from '../../protocol/frames.ts'

/** What one browser may cost a gateway. OWASP's WebSocket cheat sheet gives the scale. */
export interface Limits {
  /** Time for the first frame, in ms. Default 5 000. */
  readonly helloMs: number
  /** Longest frame from a browser, in UTF-16 units. Default 65 536. */
  readonly frameBytes: number
  /** Frames a minute from one connection. Default 600. */
  readonly framesPerMinute: number
  /** Connections of one user at this gateway at once. Default 20. */
  readonly socketsPerUser: number
  /** New connections a minute of one user, at all gateways of a store. Default 60. */
  readonly connectsPerUserAndMinute: number
  /** Handshakes a minute from one address, at all gateways of a store. Default 600. */
  readonly connectsPerAddressAndMinute: number
  /** Events in the air to one connection at most; 64 or more, or a burst would wait for each answer. Default 256. */
  readonly window: number
}

const defaults: Limits = {
  helloMs: 5_000,
  frameBytes: 65_536,
  framesPerMinute: 600,
  socketsPerUser: 20,
  connectsPerUserAndMinute: 60,
  connectsPerAddressAndMinute: 600,
  window: 256,
}

/** @throws TypeError for a number that lets nobody in */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  const limits = { ...defaults, ...given }
  for (const [name, value] of Object.entries(limits)) {
    if (!(Number.isFinite(value) && value >= 1)) throw new TypeError(`limits.${name}: a number of 1 or more is needed`)
  }
  if (!Number.isInteger(limits.window) || limits.window < 2 * ackEvery)
    throw new TypeError(`limits.window: a whole number of ${2 * ackEvery} or more is needed`)
  return limits
}
