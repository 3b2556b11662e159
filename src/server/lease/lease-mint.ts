import { MintError } from '../mint-error.ts'
import type { Mint, User } from '../mint/mint.ts'
import type { Leases } from './lease.ts'

/** What `authorize` may say of a user besides his id. */
export interface LeaseUser extends User {
  /**
   * When the user's right began, in epoch ms: his login. A right that began before it was withdrawn (`gateway.revoke()`) is
   * refused as `revoked`; a new login is a new right. A `memoryStore` that was restarted knows of no withdrawal, and so takes every right from before
   * for withdrawn. Default: now, so that only leases given out before are ended.
   */
  readonly since?: number
  /** What the lease allows. */
  readonly scopes?: readonly string[]
}

export interface LeaseMintOptions<U extends LeaseUser = LeaseUser> {
  /** What the lease allows. Default: the user's own `scopes`. */
  readonly scopes?: (user: U) => readonly string[] | Promise<readonly string[]>
  /** Seconds of a lease's life, 1 to 300. Default: 120, so that a page renews it every minute. */
  readonly lifetimeSeconds?: number
  /** A lease opens one connection only: for one that travels in the address. Default: false. */
  readonly once?: boolean
  /** A lease serves the origin that asked for it and no other. Default: true. */
  readonly bindOrigin?: boolean
}

/** Mints the leases of a gateway. Nobody outside is asked but the store. Throws `TypeError` for a life that is none. */
export function leaseMint<U extends LeaseUser = LeaseUser>(leases: Leases, options: LeaseMintOptions<U> = {}): Mint<U> {
  const { scopes = ({ scopes: own }) => own ?? [], lifetimeSeconds = 120, once = false, bindOrigin = true } = options
  if (!(lifetimeSeconds >= 1 && lifetimeSeconds <= 300)) throw new TypeError('lifetimeSeconds: a lease lives 1 to 300 seconds')
  return async ({ user, origin }) => {
    if (user === undefined) throw new MintError('login_required', { message: 'a lease is for a user: give the endpoint `authorize`' })
    const epoch = await leases.store.epochOf(user.id).catch((cause: unknown) => {
      throw new MintError('unavailable', { message: 'the store cannot say whether this right still stands', cause })
    })
    if (user.since !== undefined && user.since < epoch) throw new MintError('revoked', { message: 'this right was withdrawn' })
    const allowed = await scopes(user)
    for (const scope of allowed) {
      // RFC 6749 §3.3
      if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))
        throw new MintError('unavailable', { message: 'a scope that is none: a word without spaces is needed' })
    }
    const lease = await leases.sign({
      user: user.id,
      scopes: allowed,
      epoch,
      lifetimeSeconds,
      once,
      origin: bindOrigin ? origin : undefined,
    })
    return { access_token: lease, expires_in: lifetimeSeconds }
  }
}
