import type { Account, Issued } from './account.ts'
import { refuse } from './answers.ts'
import { Bucket, Failures } from './limits.ts'

/** `token`: a revoked secret is 403 there. `rest`: 401. `open`: never refused. */
export type Door = 'token' | 'rest' | 'open'

export interface Limits {
  /** Writes a minute and account; 60 is the Creator plan. */
  readonly writes: number
  /** Reads a minute and account; 240 is the Creator plan. */
  readonly reads: number
  /** What a revoked secret gets on token endpoints: 403 today, 401 in the older docs. */
  readonly revokedStatus: 401 | 403
}

/** What stands before the endpoints: the `api-secret` header, the throttle of failures, the buckets of the plan. */
export class Doorman {
  throttles = true
  readonly #account: Account
  readonly #limits: Limits
  readonly #failures = new Failures(30)
  readonly #buckets: { readonly write: Bucket; readonly read: Bucket; readonly ephemeral: Bucket }

  constructor(account: Account, limits: Limits) {
    this.#account = account
    this.#limits = limits
    this.#buckets = { write: new Bucket(limits.writes), read: new Bucket(limits.reads), ephemeral: new Bucket(20) }
  }

  /** The refusal, or who is asking: the account itself, or the holder of a scoped token. */
  async admit(request: Request, door: Door): Promise<Response | Issued | 'account'> {
    const secret = request.headers.get('api-secret')
    if (!secret) return this.#failed(request, 'MISSING_AUTH', 'Missing api-secret header')
    const scoped = door === 'token' && secret.startsWith('eyJ') ? await this.#account.check(secret, 'scoped') : null
    // Nothing is awaited below: a rotation in between cannot make half a decision.
    const standing = this.#account.standing(scoped?.bound?.secret ?? secret)
    if (standing === 'revoked' && door === 'token' && this.#limits.revokedStatus === 403) {
      return refuse('RUNTIME_SUSPENDED', 'This API secret has been revoked')
    }
    if (standing !== 'current') return this.#failed(request, 'UNAUTHORIZED', 'Invalid API secret')
    if (door === 'token' && this.#account.suspended) {
      return refuse('RUNTIME_SUSPENDED', 'Runtime access is suspended for this account')
    }
    return scoped ?? 'account'
  }

  /** Forgets the failures. */
  forgive(): void {
    this.#failures.clear()
  }

  /** Takes from the bucket of the plan; its state goes onto the answer, which is the refusal if there was nothing to take. */
  async metered(tier: 'write' | 'read' | 'ephemeral', answer: () => Response | Promise<Response>): Promise<Response> {
    const now = this.#account.world.now()
    const bucket = this.#buckets[tier]
    const seconds = bucket.retryAfter(now)
    const message = `Too many ${tier} requests for this api-secret. Retry in ~${seconds}s.`
    const refused = bucket.take(now) ? null : refuse('RATE_LIMITED', message, { headers: { 'retry-after': String(seconds) } })
    const response = refused ?? (await answer())
    response.headers.set('x-ratelimit-limit', String(bucket.perMinute))
    response.headers.set('x-ratelimit-remaining', String(bucket.left(now)))
    response.headers.set('x-ratelimit-reset', String(Math.ceil(bucket.fullAt(now) / 1000)))
    response.headers.set('x-request-id', this.#account.id())
    return response
  }

  /** A valid secret never comes here: bitHuman throttles failures only. */
  #failed(request: Request, code: 'MISSING_AUTH' | 'UNAUTHORIZED', message: string): Response {
    const client = request.headers.get('x-forwarded-for')?.split(',')[0]?.trim() || 'local'
    const now = this.#account.world.now()
    const seconds = this.throttles ? this.#failures.blockedFor(client, now) : 0
    if (seconds > 0) {
      return refuse('RATE_LIMITED', 'Too many failed authentications from this address', { headers: { 'retry-after': String(seconds) } })
    }
    this.#failures.add(client, now)
    return refuse(code, message)
  }
}
