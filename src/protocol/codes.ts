/**
 * Close codes of the gateway's protocol (PROTOCOL.md §7), in bands: what a client does about a code that it does not know
 * is decided by its band alone. 4000–4099: do not come back. 4100–4199: come back with a fresh lease. 4200–4299: come back.
 */
export const closeCodes = {
  /** A frame that this protocol does not have, or not there. */
  protocol: 4000,
  /** No version in common. */
  version: 4001,
  /** The lease is no lease: signature, claims, audience, origin. */
  leaseInvalid: 4100,
  /** Its life is over. */
  leaseExpired: 4101,
  /** The right behind it was withdrawn. */
  revoked: 4102,
  /** It serves one connection, and has. */
  leaseUsed: 4103,
  /** Whether the right still stands cannot be known just now. */
  unverifiable: 4104,
  /** No `hello` in time. */
  helloTimeout: 4200,
  /** More frames, or more connections, than allowed. */
  limit: 4201,
  /** RFC 6455 §7.4.1 and IANA's registry: restart; a new connection may be made after the spread. */
  restart: 1012,
} as const

export const bands = [
  { from: 4000, to: 4099, then: 'stop' },
  { from: 4100, to: 4199, then: 'reauthorise' },
  { from: 4200, to: 4299, then: 'retry' },
] as const
