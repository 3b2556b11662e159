import { sign, type SigningKey } from '../../jwt/sign.ts'
import { verify } from '../../jwt/verify.ts'
import type { World } from '../provider.ts'
import type { BithumanCode } from './answers.ts'
import { bytes, hex, letters } from './chance.ts'
import type { RuntimeSocket } from './runtime.ts'
import { Session } from './session.ts'

/** What the account remembers of a token that it gave out, by its `jti`. */
export interface Issued {
  readonly kind: 'runtime' | 'embed' | 'scoped'
  readonly audience: string
  /** Epoch ms; earlier than the `exp` inside the token if it was expired by hand. */
  expiresAt: number
  readonly session?: Session
  readonly bound?: { readonly agent: string; readonly room: string | undefined; readonly secret: string }
}

export interface AccountTraits {
  readonly userId: string
  readonly secret: string
  readonly graceMs: number
}

/** One bitHuman account: its secrets, what it owes, its tokens and its sessions. */
export class Account {
  readonly userId: string
  readonly world: World
  readonly sessions = new Map<string, Session>()
  readonly sockets = new Set<RuntimeSocket>()
  readonly counts = { mints: 0, refusedMints: 0, upgrades: 0, frames: 0, sessions: 0 }
  /** Every secret and token that ever left this account, in order. */
  readonly given: string[]
  suspended = false
  outOfCredit = false
  mintRefusal: { readonly status: number; readonly code: BithumanCode } | null = null
  readonly #key: SigningKey
  readonly #issued = new Map<string, Issued>()
  readonly #revoked = new Set<string>()
  readonly #graceMs: number
  #secret: string

  constructor(world: World, { userId, secret, graceMs }: AccountTraits) {
    this.world = world
    this.userId = userId
    this.#secret = secret
    this.#graceMs = graceMs
    this.#key = { secret: bytes(world, 32) }
    this.given = [secret]
  }

  get secret(): string {
    return this.#secret
  }

  /** What a text in the `api-secret` header is to this account. */
  standing(secret: string): 'current' | 'revoked' | 'unknown' {
    if (secret === this.#secret) return 'current'
    return this.#revoked.has(secret) ? 'revoked' : 'unknown'
  }

  /** A new secret; the old one is dead before this returns. */
  rotate(): string {
    this.#revoked.add(this.#secret)
    this.#secret = letters(this.world, 65)
    this.given.push(this.#secret)
    return this.#secret
  }

  /**
   * The session that a mint belongs to. A `transaction_id` that lives is the same billed session; one that is unknown is
   * taken over for a new session, as the Python SDK names its own; one that was ended gets a new id.
   */
  session(transaction: string | undefined, about: { agent: string | undefined; room: string | undefined }): Session {
    const known = transaction === undefined ? undefined : this.sessions.get(transaction)
    if (known && !known.ended) return known
    const fresh = transaction !== undefined && !known && transaction.length <= 128
    return this.open(fresh ? transaction : this.id(), about)
  }

  /** Starts to bill a session. */
  open(id: string, about: { agent: string | undefined; room: string | undefined }): Session {
    const session = new Session(id, { ...about, startedAt: this.world.now(), graceMs: this.#graceMs })
    this.sessions.set(id, session)
    this.counts.sessions++
    return session
  }

  /** A random id in the form of a UUID. */
  id(): string {
    return [8, 4, 4, 4, 12].map((length) => hex(this.world, length)).join('-')
  }

  /** Remembers a token at once and signs it. `iat` is cut to whole seconds, so a token may live up to 1 s less than `ttl`. */
  issue(
    about: Omit<Issued, 'expiresAt'>,
    ttlSeconds: number,
    claims: Record<string, unknown> = {},
  ): { token: Promise<string>; expiresAt: number } {
    const iat = Math.floor(this.world.now() / 1000)
    const exp = iat + ttlSeconds
    const jti = this.id()
    this.#issued.set(jti, { ...about, expiresAt: exp * 1000 })
    const token = sign({ iss: 'bitHuman', sub: this.userId, aud: about.audience, iat, exp, jti, ...claims }, this.#key)
    return { token: token.then((text) => (this.given.push(text), text)), expiresAt: exp * 1000 }
  }

  /** What a token of the given kind stands for; null if it is not ours, of another kind, or over. */
  async check(token: string, kind: Issued['kind']): Promise<Issued | null> {
    const now = this.world.now()
    const verified = await verify(token, [this.#key], { now, issuer: 'bitHuman', required: ['sub', 'jti', 'exp'] })
    if (!('claims' in verified)) return null
    const issued = this.#issued.get(verified.claims.jti ?? '')
    if (issued?.kind !== kind || issued.audience !== verified.claims.aud) return null
    return now < issued.expiresAt ? issued : null
  }

  /** All tokens given out so far are over now. */
  expireTokens(): void {
    const now = this.world.now()
    for (const issued of this.#issued.values()) issued.expiresAt = Math.min(issued.expiresAt, now)
    for (const session of this.sessions.values()) session.expire(now)
  }
}
