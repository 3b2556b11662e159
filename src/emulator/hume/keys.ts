import type { World } from '../provider.ts'
import { json, problem } from './replies.ts'

/** What the Hume portal shows: the user name and the password of the token exchange. The API key is a credential by itself too. */
export interface KeyPair {
  readonly apiKey: string
  readonly secretKey: string
}

/** Who is asking. */
export type Credential = { readonly is: 'key'; readonly secret: string } | { readonly is: 'token'; readonly secret: string }

export type Verdict = Credential | { readonly is: 'missing' } | { readonly is: 'unknown' } | { readonly is: 'expired' }

export interface KeysOptions {
  readonly tokenTtlSeconds: number
  readonly pairs: readonly KeyPair[]
  readonly regeneratedTokens: 'survive' | 'die'
}

/** The account's key pairs and the access tokens minted from them. */
export class Keys {
  readonly #world: World
  readonly #options: KeysOptions
  /** Token to the epoch ms of its end. Dead ones stay listed, so that "expired" and "never issued" can be told apart. */
  readonly #tokens = new Map<string, number>()
  readonly #issued = new Set<string>()
  #installed: readonly KeyPair[]

  constructor(world: World, options: KeysOptions) {
    this.#world = world
    this.#options = options
    this.#installed = options.pairs.length > 0 ? options.pairs : [newPair()]
    this.#remember(this.#installed)
  }

  get installed(): readonly KeyPair[] {
    return this.#installed
  }

  /** Every key and token ever issued, dead ones too. */
  get issued(): string[] {
    return [...this.#issued]
  }

  /** `POST /oauth2-cc/token`: Basic with `apiKey:secretKey`, and `grant_type=client_credentials` as a form. */
  async exchange(request: Request): Promise<Response> {
    if (request.method !== 'POST') return problem(405, 'method_not_allowed', 'Use POST.', { allow: 'POST' })
    const [user, password] = basicOf(request.headers)
    if (!this.#installed.some((pair) => pair.apiKey === user && pair.secretKey === password)) {
      return problem(401, 'invalid_client', 'The API key and the Secret key are not a valid pair.', { 'www-authenticate': 'Basic' })
    }
    const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true
    const grantType = new URLSearchParams(isForm ? await request.text() : '').get('grant_type')
    if (grantType === null) return problem(400, 'invalid_request', 'The form field grant_type is required.')
    if (grantType !== 'client_credentials') return problem(400, 'unsupported_grant_type', 'grant_type must be client_credentials.')
    // Only access_token is documented; the rest is what a token endpoint of RFC 6749 says, and may differ at the real one.
    const body = {
      access_token: this.#mint(),
      token_type: 'Bearer',
      expires_in: this.#options.tokenTtlSeconds,
      issued_at: this.#world.now(),
    }
    return json(body, 200, { 'cache-control': 'no-store' })
  }

  /**
   * Reads the credential of a request or a handshake: the query (`access_token`, then `api_key`) before the headers
   * (`Authorization: Bearer`, then `X-Hume-Api-Key`). The Node SDK sends it in both places.
   */
  verify(url: URL, headers: Headers): Verdict {
    const token = url.searchParams.get('access_token') ?? undefined
    const key = url.searchParams.get('api_key') ?? undefined
    const bearer = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1]
    if (token !== undefined) return this.#verifyToken(token)
    if (key !== undefined) return this.#verifyKey(key)
    if (bearer !== undefined) return this.#verifyToken(bearer)
    const header = headers.get('x-hume-api-key')
    return header === null ? { is: 'missing' } : this.#verifyKey(header)
  }

  /** Ms until this credential dies; null for a key, 0 or less for a dead token. */
  lifeOf(credential: Credential): number | null {
    return credential.is === 'key' ? null : (this.#tokens.get(credential.secret) ?? 0) - this.#world.now()
  }

  /** Every token minted so far is expired from now on. */
  expireTokens(): void {
    for (const [token, endsAt] of this.#tokens) this.#tokens.set(token, Math.min(endsAt, this.#world.now()))
  }

  /** The current pairs die at once and one new pair takes their place. */
  regenerate(): KeyPair {
    const pair = newPair()
    this.#installed = [pair]
    this.#remember(this.#installed)
    if (this.#options.regeneratedTokens === 'die') this.expireTokens()
    return pair
  }

  #mint(): string {
    const token = randomText(28)
    this.#tokens.set(token, this.#world.now() + this.#options.tokenTtlSeconds * 1000)
    this.#issued.add(token)
    return token
  }

  #remember(pairs: readonly KeyPair[]): void {
    for (const pair of pairs) this.#issued.add(pair.apiKey).add(pair.secretKey)
  }

  #verifyToken(secret: string): Verdict {
    const endsAt = this.#tokens.get(secret)
    if (endsAt === undefined) return { is: 'unknown' }
    return endsAt > this.#world.now() ? { is: 'token', secret } : { is: 'expired' }
  }

  #verifyKey(secret: string): Verdict {
    return this.#installed.some((pair) => pair.apiKey === secret) ? { is: 'key', secret } : { is: 'unknown' }
  }
}

const newPair = (): KeyPair => ({ apiKey: randomText(48), secretKey: randomText(64) })

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Secrets come from the machine's strong chance even under a virtual clock: a seeded one would repeat them across runs. */
function randomText(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(length)), (number) => alphabet[number % alphabet.length]).join('')
}

function basicOf(headers: Headers): [user: string, password: string] {
  const encoded = /^Basic (.+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  try {
    const [user = '', ...rest] = atob(encoded ?? '').split(':')
    return [user, rest.join(':')]
  } catch {
    return ['', '']
  }
}
