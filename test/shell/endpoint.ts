/** The token endpoint of one client, over HTTP or as a callback: good, until a fault says how not to be. */
import { SessionError } from '../../src/index.ts'
import type { MintRequest, TokenResponse } from '../../src/index.ts'
import type { Client } from './client.ts'

/** A fault that waits for its next occasions. */
export interface Behaviour {
  readonly kind: string
  readonly how: string
  left: number
  readonly until: number
}

/** What the endpoint says. Null: nothing, ever. */
interface Reply {
  readonly status: number
  readonly body?: unknown
  /** Instead of `body`, as it is. */
  readonly text?: string
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Fails instead: the network, or the application's callback. */
  readonly error?: Error
  readonly minted?: Minted
  readonly floorMs?: number
}

/** A grant as the endpoint knows it. */
export interface Minted {
  readonly token: string
  readonly user: number
  readonly key: number
  readonly lifeMs: number
  readonly connectByMs: number
  /** By the device's monotonic clock. */
  startedAt: number
  /** By true time, which is the provider's. */
  readonly expiresAt: number
  /** The page has it: the answer came while somebody waited for it. */
  answeredAt: number | null
  /** The provider takes it no more. */
  over: boolean
  /** When the page was told so. */
  rejectedAt: number | null
  uses: number
}

const canary = 'Zq3f9a8b7c6d5e4f3a2b'
const kib20 = `{"access_token":"${'x'.repeat(20_000)}"}`
const refusal = (status: number, error?: string, more: object = {}): Reply => ({
  status,
  body: error === undefined ? {} : { error, ...more },
})

/** Answers that carry no grant, by kind and how. */
const answers: Readonly<Record<string, Reply>> = {
  'E1 login_required': refusal(401, 'login_required'),
  'E1 key_refused': refusal(403, 'key_refused'),
  'E1 revoked': refusal(403, 'revoked'),
  'E1 forbidden': refusal(403, 'forbidden'),
  'E1 bare 401': { status: 401, text: '' },
  'E1 bare 403': { status: 403, text: 'no', type: 'text/plain' },
  'E2 402': refusal(402, 'quota', { status: 402 }),
  'E2 409': refusal(409),
  'E2 429': refusal(429, 'quota'),
  'E2 429 in the body': { ...refusal(429, 'quota', { retry_after: 20 }), floorMs: 20_000 },
  'E2 429 in the header': { ...refusal(429), headers: { 'retry-after': '7' }, floorMs: 7_000 },
  'E3 500': refusal(500),
  'E3 502': { status: 502, text: '<html>bad gateway', type: 'text/html' },
  'E3 503': { ...refusal(503, 'unavailable', { retry_after: 12 }), floorMs: 12_000 },
  'E3 504': { status: 504, text: '' },
  'E4 network': { status: 0, error: new TypeError('fetch failed') },
  'E4 abort': { status: 0, error: new DOMException('aborted', 'AbortError') },
  'E6 HTML': { status: 200, text: '<html>log in', type: 'text/html' },
  'E6 empty': { status: 200, text: '' },
  'E6 long': { status: 200, text: kib20 },
  'E6 no JSON': { status: 200, text: '{"access_token": Zq-half' },
  'E6 wrong types': { status: 200, body: { access_token: 7, expires_in: [] } },
  'E6 a key': { status: 200, body: { access_token: 'sk_live_Zq0123456789' } },
  'E6 undefined': { status: 200, body: { access_token: 'undefined' } },
  'E6 null': { status: 200, text: 'null' },
  // Where nothing is said of its life, the preset's holds; none is none.
  'E6 no life': { status: 200, body: { access_token: `${canary}-that-lives-no-time`, expires_in: 0 } },
  'E6 less than no life': { status: 200, body: { access_token: `${canary}-that-is-over`, expires_in: -60 } },
}

export const hows = (kind: string): string[] =>
  Object.keys(answers).flatMap((name) => (name.startsWith(`${kind} `) ? [name.slice(kind.length + 1)] : []))

export class Endpoint {
  readonly faults: Behaviour[] = []
  readonly #client: Client
  #last: Minted | null = null
  readonly minted: Minted[] = []
  /** K1: the key is refused until then. K2: the right is withdrawn until then. By the world's time. */
  keyBackAt = 0
  rightBackAt = 0
  /** The provider's key now; grants of another are worth nothing. */
  key = 1

  constructor(client: Client) {
    this.#client = client
  }

  /** For the client's `fetch`. */
  fetch(_url: string, init: RequestInit): Promise<Response> {
    const { reason, handle } = JSON.parse(init.body as string) as { reason: string; handle?: string }
    if (reason === 'release') return this.#release(init.signal!)
    this.#client.account.handle(handle)
    return this.#asked(init.signal ?? null, (reply) => responseOf(reply))
  }

  /** As a callback of the application. */
  callback = ({ signal, handle }: MintRequest): TokenResponse | Promise<TokenResponse> => {
    this.#client.account.handle(handle)
    const fault = this.#take('E10')
    switch (fault?.how) {
      case 'throws':
        this.#client.account.tokenRequest(signal).done()
        throw new Error(`cannot ask with ${canary}`)
      case 'rejects':
        return this.#later(signal, { status: 0, error: new SessionError('unavailable', `cannot ask with ${canary}`) })
      case 'never':
        return this.#later(signal, null)
      case 'nonsense':
        return this.#later(signal, { status: 200, body: this.#client.random.one<unknown>([undefined, null, 7, 'Zq', [], {}]) })
      case 'a code':
        return this.#later(signal, { status: 0, error: new SessionError('revoked') })
      default:
        return this.#asked(signal, (reply) => reply.body as TokenResponse)
    }
  }

  #later(signal: AbortSignal, reply: Reply | null): Promise<TokenResponse> {
    return this.#answered(signal, reply, 50, (said) => said.body as TokenResponse)
  }

  /** The first fault of this kind, or of any of the endpoint's, that has not been used up. */
  #take(only?: string): Behaviour | undefined {
    const { now } = this.#client.world.schedule
    for (let index = 0; index < this.faults.length; index++) {
      const fault = this.faults[index]!
      if (fault.until < now || fault.left <= 0) {
        this.faults.splice(index--, 1)
        continue
      }
      if (only === undefined ? fault.kind === 'E10' : fault.kind !== only) continue
      fault.left--
      this.#client.hit(fault.kind, fault.how)
      return fault
    }
    return undefined
  }

  #asked<T>(signal: AbortSignal | null, shape: (reply: Reply) => T): Promise<T> {
    const { random } = this.#client
    const fault = this.#take()
    const soon = random.spread(20, 400)
    if (fault?.kind === 'E5') return this.#answered(signal, null, 0, shape, fault.how === 'heeds')
    if (fault?.kind === 'E8') return this.#answered(signal, this.#good(), random.spread(10_500, 60_000), shape)
    return this.#answered(signal, this.#reply(fault), soon, shape)
  }

  #reply(fault: Behaviour | undefined): Reply {
    const { now } = this.#client.world.schedule
    const { random } = this.#client
    if (fault?.kind === 'E7') return this.#again() ?? this.#good()
    if (fault?.kind === 'E9') return this.#good(fault.how)
    if (fault) {
      const answer = answers[`${fault.kind} ${fault.how}`]
      if (!answer) throw new Error(`no answer for ${fault.kind} ${fault.how}`)
      return answer
    }
    if (now < this.keyBackAt) return refusal(403, 'key_refused')
    if (now < this.rightBackAt) return refusal(403, 'revoked')
    return this.#good(random.chance(0.02) ? 'connect_by' : '')
  }

  /** The same token once more, as a cached route gives it. */
  #again(): Reply | null {
    const last = this.#last
    if (last === null || last.answeredAt === null || last.user !== this.#client.user) return null
    last.startedAt = this.#client.device.monotonic()
    return { status: 200, body: { access_token: last.token, expires_in: last.lifeMs / 1000 } }
  }

  #good(how = ''): Reply {
    const { cast, device, user, index } = this.#client
    const count = this.minted.length
    const secret = `Zq${index}x${count}y${Math.floor(this.#client.random.next() * 2 ** 32)}-kept-apart-from-everything`
    const token = cast.link?.token === 'url' ? `wss://plain.test/signed?s=s1&sig=${secret}` : secret
    const said = how === '1 s' ? 1 : how === '30 d' ? 2_592_000 : how === 'text' ? '90' : cast.lifeS
    const expires = how === 'none' ? {} : { expires_in: said }
    const lifeMs = how === 'none' ? cast.defaultLifeMs : Number(said) * 1000
    const connectBy = how === 'connect_by' ? 90 : null
    const minted: Minted = {
      token,
      user,
      key: this.key,
      lifeMs,
      connectByMs: connectBy === null ? (cast.kind === 'ticket' ? lifeMs : Infinity) : connectBy * 1000,
      startedAt: device.monotonic(),
      expiresAt: device.trueTime() + lifeMs,
      answeredAt: null,
      over: false,
      rejectedAt: null,
      uses: 0,
    }
    this.minted.push(minted)
    this.#last = minted
    const body = { access_token: token, ...expires, handle: `Zqh${index}u${user}`, ...(connectBy !== null && { connect_by: connectBy }) }
    return { status: 200, body, minted }
  }

  #answered<T>(signal: AbortSignal | null, reply: Reply | null, afterMs: number, shape: (reply: Reply) => T, heeds = false): Promise<T> {
    const { account, device, world } = this.#client
    const request = account.tokenRequest(signal)
    return new Promise<T>((resolve, reject) => {
      if (heeds) signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      if (reply === null) return
      device.task(world.schedule.now + afterMs, () => {
        // Somebody still waits, or it is late: it is said all the same.
        if (!(signal?.aborted ?? false)) account.tokenAnswer(request, reply.minted ?? null, this.#floorOf(reply))
        request.done()
        if (reply.error !== undefined) reject(reply.error)
        else resolve(shape(reply))
      })
    })
  }

  /** A callback has no headers. */
  #floorOf({ headers, floorMs = 0 }: Reply): number {
    return headers !== undefined && this.#client.form === 'callback' ? 0 : floorMs
  }

  /** What was given back is nothing to anybody. */
  forgets(): void {
    this.#last = null
  }

  #release(signal: AbortSignal): Promise<Response> {
    const { device, world, random, account } = this.#client
    const over = account.calls()
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        over()
        reject(signal.reason as Error)
      })
      if (random.chance(0.1)) return
      device.task(world.schedule.now + random.spread(20, 3_000), () => {
        over()
        if (random.chance(0.1)) reject(new TypeError('fetch failed'))
        else resolve(responseOf({ status: 200, body: {} }))
      })
    })
  }

  find(token: string | undefined): Minted | undefined {
    // Mostly it is a recent one.
    for (let index = this.minted.length - 1; index >= 0; index--) if (this.minted[index]!.token === token) return this.minted[index]
    return undefined
  }
}

/** What the library uses of a response; a real one costs more than everything else here together. */
function responseOf({ status, body, text = JSON.stringify(body), type = 'application/json', headers }: Reply): Response {
  const names: Record<string, string> = { 'content-type': type, ...headers }
  const chunk = text.length > 16_384 ? new TextEncoder().encode(text) : null
  let read = false
  const reader = {
    read: () => Promise.resolve(read || chunk === null ? { done: true } : ((read = true), { done: false, value: chunk })),
    cancel: () => Promise.resolve(),
  }
  return {
    ok: status >= 200 && status < 300,
    status,
    headers: { get: (name: string) => names[name] ?? null },
    body: chunk === null ? null : { getReader: () => reader, cancel: () => Promise.resolve() },
    text: () => Promise.resolve(text),
  } as unknown as Response
}

/** A REST call with Bearer: 200 or 401. */
export const plainResponse = (status: number): Response => responseOf({ status, body: {} })
