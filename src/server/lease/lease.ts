import { sign } from '../../jwt/sign.ts'
import type { SigningKey } from '../../jwt/sign.ts'
import { verify } from '../../jwt/verify.ts'
import type { Store } from '../store/store.ts'

/** One of the keys that a gateway's leases are signed with: 32 bytes of chance or more, as bytes or as text. */
export interface LeaseKey {
  /** Names the key in a lease's header; letters, digits, `-`, `_`. */
  readonly kid: string
  readonly secret: Uint8Array | string
}

export interface LeaseOptions {
  /**
   * The first key signs, all of them verify: to rotate, put the new one in front, and take the old one away when its last
   * lease is over. Pages do not notice. A function is asked at each use.
   */
  readonly keys: readonly LeaseKey[] | (() => readonly LeaseKey[])
  /** Whom the leases are for, such as `https://realtime.example.com`: a lease of another gateway is none here. */
  readonly audience: string
  readonly store: Store
  /** Epoch milliseconds. Default: `Date.now`. */
  readonly now?: () => number
}

/** What a lease says, after it was verified. */
export interface Lease {
  readonly user: string
  /** Names one lease; for logs, and for leases that serve once. */
  readonly id: string
  readonly scopes: readonly string[]
  readonly once: boolean
  /** The user's epoch when it was signed; a later one ends it. */
  readonly epoch: number
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** `invalid`: no lease of ours. `expired`: its life is over. `revoked`: its right was withdrawn. `used`: it serves once, and has. */
export type LeaseRefusal = 'invalid' | 'expired' | 'revoked' | 'used'

export interface LeaseGrant {
  readonly user: string
  readonly scopes: readonly string[]
  readonly epoch: number
  readonly lifetimeSeconds: number
  /** The page's origin, where the lease shall serve no other. */
  readonly origin?: string | undefined
  readonly once?: boolean | undefined
}

export interface Leases {
  sign(grant: LeaseGrant): Promise<string>
  /** What a lease says by itself: signature, claims, and `origin`, which the browser says. Whether its right still stands is not asked. */
  read(token: string, origin: string | null): Promise<Lease | 'invalid' | 'expired'>
  /** Whether its right still stands. Rejects when the store is away. */
  stands(lease: Lease): Promise<boolean>
  /** Both. `spend`: whether this use is the one of a lease that serves once. Rejects when the store is away. */
  verify(token: string, origin: string | null, spend: boolean): Promise<Lease | LeaseRefusal>
  readonly store: Store
}

/** Of nothing else: a token of another kind, signed with the same key, is no lease (RFC 8725 §3.11). */
const typ = 'heartwire-lease+jwt'
const required = ['sub', 'jti', 'iat', 'exp', 'epoch', 'scope']
/** Seconds. A lease is short because it can be read in the page. */
const longest = 300
/** Seconds that the clock of whoever signed may be ahead of ours. Without a limit a lease signed for next year would live until then. */
const ahead = 60

/** Signs and verifies a gateway's leases. Throws `TypeError` for keys that are none. */
export function createLeases({ keys, audience, store, now = Date.now }: LeaseOptions): Leases {
  if (typeof audience !== 'string' || audience === '')
    throw new TypeError('audience: name the gateway that the leases are for, such as its address')
  if (typeof keys !== 'function') signingKeys(keys)
  const ring = (): readonly SigningKey[] => signingKeys(typeof keys === 'function' ? keys() : keys)

  async function read(token: string, origin: string | null): Promise<Lease | 'invalid' | 'expired'> {
    // One spelling only (RFC 7515 §2): the verifier itself would also take padding.
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return 'invalid'
    const verified = await verify(token, ring(), { now: now(), issuer: audience, audience, required, typ })
    if ('refused' in verified) return verified.refused
    const { aud, sub, jti, exp = 0, iat = 0, epoch, scope, origin: bound, once = false } = verified.claims
    const texts = typeof scope === 'string' && typeof sub === 'string' && sub !== '' && typeof jti === 'string'
    if (!texts || typeof epoch !== 'number' || typeof once !== 'boolean') return 'invalid'
    // A list of audiences may hold ours; who signs for several gateways signs for each.
    if (aud !== audience || exp <= iat || exp - iat > longest || iat > now() / 1000 + ahead) return 'invalid'
    // Browsers leave it out of a GET to their own origin; whoever is no browser can write what he likes.
    if (bound !== undefined && origin !== null && bound !== origin) return 'invalid'
    return { user: sub, id: jti, scopes: scope === '' ? [] : scope.split(' '), once, epoch, expiresAt: exp * 1000 }
  }

  const stands = async ({ user, epoch }: Lease): Promise<boolean> => epoch >= (await store.epochOf(user))

  return {
    store,
    sign({ user, scopes, epoch, lifetimeSeconds, origin, once }) {
      const iat = Math.floor(now() / 1000)
      const claims = {
        iss: audience,
        aud: audience,
        sub: user,
        jti: crypto.randomUUID(),
        iat,
        exp: iat + Math.min(lifetimeSeconds, longest),
        epoch,
        scope: scopes.join(' '),
        ...(origin !== undefined && { origin }),
        ...(once === true && { once }),
      }
      return sign(claims, ring()[0]!, typ)
    },
    read,
    stands,
    async verify(token, origin, spend) {
      const lease = await read(token, origin)
      if (typeof lease === 'string') return lease
      if (!(await stands(lease))) return 'revoked'
      const spent = lease.once && spend && !(await store.once(`lease/${lease.id}`, (longest + ahead) * 1000))
      return spent ? 'used' : lease
    },
  }
}

function signingKeys(keys: readonly LeaseKey[]): SigningKey[] {
  if (keys.length === 0) throw new TypeError('keys: at least one signing key is needed')
  const ring = keys.map(({ kid, secret }) => {
    const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
    if (!/^[\w-]{1,64}$/.test(kid)) throw new TypeError('keys: a kid is 1 to 64 letters, digits, - or _')
    // RFC 7518 §3.2: a key for HS256 has at least the size of the hash.
    if (!(bytes instanceof Uint8Array) || bytes.byteLength < 32) throw new TypeError(`keys: the secret of ${kid} has less than 32 bytes`)
    return { kid, secret: bytes }
  })
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new TypeError('keys: two keys have the same kid')
  return ring
}
