/** The world outside: a token endpoint and a provider that do what the weather tells them. */
import type { Happening } from '../../src/core/event.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenario.ts'

export type Endpoint =
  | 'good'
  | 'login_required'
  | 'key_refused'
  | 'revoked'
  | 'quota'
  | 'payment'
  | 'throttled'
  | 'unavailable'
  | 'network'
  | 'malformed'
  | 'same'
  | 'over'
  | 'silent'
  | 'forbidden'

export type Provider = 'good' | 'handshake' | 'rejects' | 'hangs' | 'mute' | 'drops' | 'denies' | 'stops' | 'broken' | 'silent'

const endpoints: Record<Endpoint, number> = {
  good: 11,
  login_required: 1,
  key_refused: 1.5,
  revoked: 1,
  quota: 1,
  payment: 1,
  throttled: 1,
  unavailable: 1.5,
  network: 1.5,
  malformed: 1,
  same: 1,
  over: 1,
  silent: 1.5,
  forbidden: 0.6,
}

const providers: Record<Provider, number> = {
  good: 10,
  handshake: 1.5,
  rejects: 1.5,
  hangs: 1,
  mute: 1,
  drops: 3,
  denies: 1,
  stops: 0.25,
  broken: 0.2,
  silent: 1,
}

type Answer = Extract<Happening, { flight: number }>
/** What happens to a socket, and how long after its dial. */
export type Fate = readonly { readonly afterMs: number; readonly happening: Happening }[]

export class World {
  endpoint: Endpoint = 'good'
  provider: Provider = 'good'
  readonly #random: Random
  readonly #scenario: Scenario
  #ambushed = false
  #healed = false
  /** Nobody takes longer than this to answer. */
  #slowest = 3_000

  constructor(random: Random, scenario: Scenario) {
    this.#random = random
    this.#scenario = scenario
  }

  change(): void {
    const { theme } = this.#scenario
    const harsh = theme === 'harsh'
    // Without sockets the provider is of no weight.
    if (theme === 'lease only') this.endpoint = this.#random.weighted({ ...endpoints, network: 7, unavailable: 6 })
    else if (this.#random.chance(0.5))
      this.endpoint = this.#random.weighted(harsh ? { ...endpoints, key_refused: 6, network: 6, forbidden: 11 } : endpoints)
    else this.provider = this.#random.weighted(harsh ? { ...providers, drops: 6, stops: 9, broken: 4 } : providers)
  }

  /** Trouble that follows on the heels of a good mint: the next mint fails and one handshake too, or the socket ends for good. */
  ambush(): void {
    this.provider = this.#random.one(['good', 'good', 'good', 'stops', 'broken'])
    if (this.provider !== 'good') return
    this.endpoint = 'network'
    this.#ambushed = true
  }

  heal(): void {
    this.endpoint = 'good'
    this.provider = 'good'
    this.#ambushed = false
    this.#healed = true
    this.#slowest = Math.min(200, this.#scenario.lifetimeMs / 20)
  }

  #soon(): number {
    return this.#random.spread(1, this.#slowest)
  }

  /** The endpoint's answer to a flight, and how long it takes; null: silence. */
  answer(flight: number, first: boolean): { afterMs: number; happening: Answer } | null {
    const happening = this.answerOf(this.endpoint, flight, first)
    return happening === null ? null : { afterMs: this.#soon(), happening }
  }

  answerOf(endpoint: Endpoint, flight: number, first: boolean): Answer | null {
    const { lifetimeMs, connectByMs } = this.#scenario
    const refused = (no: 'login_required' | 'key_refused' | 'revoked' | 'quota', hard: boolean, retryAfterMs = 0): Answer => ({
      is: 'refused',
      flight,
      no,
      hard,
      retryAfterMs,
    })
    const failed = (no: 'network' | 'unavailable' | 'malformed', retryAfterMs = 0): Answer => ({ is: 'failed', flight, no, retryAfterMs })
    switch (endpoint) {
      case 'good':
        return { is: 'minted', flight, lifetimeMs, connectByMs, same: false }
      case 'same':
        return { is: 'minted', flight, lifetimeMs, connectByMs, same: !first }
      case 'over':
        return { is: 'minted', flight, lifetimeMs: 1, connectByMs, same: false }
      case 'login_required':
      case 'key_refused':
      case 'revoked':
        return refused(endpoint, false)
      case 'quota':
        return refused('quota', false)
      case 'payment':
        return refused('quota', true)
      case 'throttled':
        return refused('quota', false, this.#random.chance(0.1) ? 3_600_000 : this.#random.spread(1_000, 120_000))
      case 'unavailable':
        return failed('unavailable', this.#random.chance(0.2) ? this.#random.spread(1_000, 60_000) : 0)
      case 'network':
      case 'malformed':
        return failed(endpoint)
      case 'forbidden':
        return { is: 'forbidden', flight }
      case 'silent':
        return null
      default:
        return endpoint satisfies never
    }
  }

  /** What becomes of a socket that is dialled now. */
  fate(socket: number): Fate {
    const opened = this.#soon()
    const told = opened + this.#soon()
    const closed = (afterMs: number, code: number, spreadMs = 0): Fate[number] => ({
      afterMs,
      happening: { is: 'closed', socket, code, spreadMs },
    })
    const open: Fate[number] = { afterMs: opened, happening: { is: 'opened', socket } }
    const ready: Fate[number] = { afterMs: told, happening: { is: 'ready', socket } }
    if (this.#ambushed) {
      this.#ambushed = false
      return [closed(opened, 1006)]
    }
    const sudden = this.#scenario.theme === 'harsh' && !this.#healed && this.#random.chance(0.13)
    const provider = sudden ? this.#random.one<Provider>(['stops', 'broken']) : this.provider
    switch (provider) {
      case 'good':
      case 'silent':
        return [open, ready]
      case 'handshake':
        return [closed(opened, 1006)]
      case 'rejects':
        return this.#random.chance(0.8) ? [open, closed(told, 4401)] : [open, ready, closed(told + this.#soon(), 4401)]
      case 'hangs':
        return []
      case 'mute':
        return [open]
      case 'drops':
        return [open, ready, this.drop(socket, told + this.#random.spread(10, 600_000))]
      case 'denies':
        return [open, { afterMs: told, happening: { is: 'denied', socket } }]
      case 'stops':
        return [open, closed(told, 4499)]
      case 'broken':
        return [{ afterMs: 0, happening: { is: 'broken', socket } }]
      default:
        return provider satisfies never
    }
  }

  drop(socket: number, afterMs: number): Fate[number] {
    const codes = [1000, 1001, 1005, 1006, 1011, 1012, 4000, 4401]
    const code = this.#scenario.theme === 'harsh' && this.#random.chance(0.6) ? 4499 : this.#random.one(codes)
    return { afterMs, happening: { is: 'closed', socket, code, spreadMs: this.#random.chance(0.2) ? 5_000 : 0 } }
  }

  /** Does a live link answer: a ping, or a grant shown to it? */
  shown(socket: number): Fate {
    if (this.provider === 'silent') return []
    const afterMs = this.#random.spread(1, this.#healed ? this.#slowest : this.#scenario.ackAtMostMs)
    return [{ afterMs, happening: { is: this.provider === 'denies' || this.provider === 'rejects' ? 'denied' : 'acked', socket } }]
  }

  hears(): { afterMs: number } | null {
    return this.provider === 'silent' ? null : { afterMs: this.#soon() }
  }
}
