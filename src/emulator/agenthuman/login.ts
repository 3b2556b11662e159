import { sign, type SigningKey } from '../../jwt/sign.ts'
import { verify } from '../../jwt/verify.ts'
import type { World } from '../provider.ts'
import { bytes, digits, id } from './chance.ts'

export interface LoginTraits {
  readonly email: string
  readonly userId: string
  readonly ttlSeconds: number
  /** Where every token ever issued is noted. One-time codes are not: six digits are found anywhere by chance. */
  readonly given: string[]
}

/** How long a one-time code works, and how many wrong ones it survives. Ours: the docs only name OTP. */
const otpMs = 10 * 60_000
const otpTries = 5

/** Name of the cookie that holds the JWT. Ours: the docs only say "cookie-based". */
export const cookieName = 'agenthuman_token'

/** The account's owner: one-time codes by mail, and the JWTs that they buy. There is no refresh; who needs more logs in again. */
export class Login {
  readonly traits: LoginTraits
  readonly #world: World
  readonly #key: SigningKey
  #otp: { readonly code: string; readonly until: number; triesLeft: number } | null = null

  constructor(world: World, traits: LoginTraits) {
    this.#world = world
    this.traits = traits
    this.#key = { secret: bytes(world, 32) }
  }

  /** What the last mail says, while it is of use. */
  get code(): string | null {
    return this.#otp && this.#world.now() < this.#otp.until ? this.#otp.code : null
  }

  /** Mails a new code, if the address is the owner's; an earlier one is void. */
  send(email: string): void {
    if (email.toLowerCase() !== this.traits.email.toLowerCase()) return
    this.#otp = { code: digits(this.#world, 6), until: this.#world.now() + otpMs, triesLeft: otpTries }
  }

  /** Spends the code: a good one buys one JWT, and the fifth bad one ends it. Null if it was not good. */
  async redeem(email: string, code: string): Promise<string | null> {
    const otp = this.#otp
    if (!otp || email.toLowerCase() !== this.traits.email.toLowerCase() || this.code !== code) {
      if (otp && --otp.triesLeft <= 0) this.#otp = null
      return null
    }
    this.#otp = null
    return this.token({ sub: this.traits.userId, jti: id(this.#world, 'jwt') }, this.traits.ttlSeconds)
  }

  /** Signs anything with the account's key; times in whole seconds, so that it may live up to 1 s less than asked. */
  async token(claims: Record<string, unknown>, ttlSeconds: number): Promise<string> {
    const iat = Math.floor(this.#world.now() / 1000)
    const text = await sign({ iss: 'agenthuman', ...claims, iat, exp: iat + ttlSeconds }, this.#key)
    this.traits.given.push(text)
    return text
  }

  /** What the request says about its user: a Bearer token is read first, then the cookie. */
  async standing(headers: Headers): Promise<'good' | 'missing' | 'bad'> {
    const token = /^Bearer\s+(.+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? cookieIn(headers.get('cookie') ?? '')
    if (token === undefined) return 'missing'
    const now = this.#world.now()
    const verified = await verify(token, [this.#key], { now, issuer: 'agenthuman', required: ['sub', 'jti', 'exp'] })
    return 'claims' in verified && verified.claims.sub === this.traits.userId ? 'good' : 'bad'
  }
}

function cookieIn(header: string): string | undefined {
  const pairs = header.split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1)
}
