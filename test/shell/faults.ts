/** The fault plan: what goes wrong, when, for whom. Plain data from a seed, so that a failing one can be made shorter and kept. */
import type { Random } from '../simulation/random.ts'
import { casts, type Cast } from './casts.ts'
import { kinds } from './census.ts'
import { hows } from './endpoint.ts'
import type { Player } from './world.ts'

export interface Fault {
  readonly atMs: number
  readonly client: number
  /** By docs/reliability.md. */
  readonly kind: string
  readonly how: string
  /** How long, where it lasts. */
  readonly ms: number
  /** How often, where it is repeated. */
  readonly times: number
}

type Draw = (random: Random) => { readonly how?: string; readonly ms?: number; readonly times?: number }

const hour = 3_600_000
/** Mostly seconds: an hour must have room for sixty beats. */
const brief = (random: Random): number => (random.chance(0.96) ? random.spread(100, 12_000) : random.spread(12_000, 600_000))
const few = (random: Random): number => random.one([1, 1, 1, 2, 3])
const of =
  (...names: string[]): Draw =>
  (random) => ({ how: random.one(names), ms: brief(random), times: few(random) })
const answer = (kind: string): Draw => of(...hows(kind))

const verbs = ['connect', 'pause', 'resume', 'close', 'send', 'token', 'token rejected', 'prefetch']
const places = ['now', 'status', 'message', 'notice', 'ready']

const draws: Readonly<Record<string, Draw>> = {
  T1: of('401', '403', '429', '503'),
  T2: of('hangs'),
  T3: of('reauthorise', 'stop', 'retry', 'reauthorise', 'retry'),
  T4: of('mute'),
  T5: of('any time', 'while opening'),
  T6: (random) => ({ how: 'half-open', ms: random.spread(5_000, 200_000) }),
  T7: (random) => ({ how: random.one(['close', 'pause']), ms: random.one([5_500, 20_000, 60_000, Infinity]) }),
  T8: of('denies'),
  T9: (random) => ({ how: random.one(['goaway', '1012']), ms: random.one([0, 1_000, 5_000, 20_000]) }),
  T10: of('constructor', 'address'),
  T11: of('late', 'doubled', 'out of order', 'wrong socket', 'late close'),
  T12: of('no JSON', 'long', 'wrong shape', 'binary', 'deep', '__proto__', 'a list', 'null'),
  T13: of('stalled'),
  E1: answer('E1'),
  E2: answer('E2'),
  E3: answer('E3'),
  E4: answer('E4'),
  E5: of('heeds', 'heeds nothing'),
  E6: answer('E6'),
  E7: of('same'),
  E8: of('late'),
  E9: of('1 s', '30 d', 'none', 'text'),
  E10: of('throws', 'rejects', 'never', 'nonsense', 'a code'),
  K1: (random) => ({ how: random.one(['cut', 'quiet']), ms: random.spread(1_000, 70_000) }),
  K2: (random) => ({ how: random.one(['cut', 'quiet']), ms: random.spread(1_000, 70_000) }),
  K3: of('cut', 'quiet'),
  P1: of('frozen', 'cached'),
  P2: (random) => ({
    how: random.one(['hidden', 'throttled']),
    ms: random.chance(0.9) ? random.spread(500, 130_000) : random.spread(130_000, 900_000),
  }),
  P3: (random) => ({ how: random.one(['online', 'offline', 'visible', 'flapping']), times: 1 + Math.floor(random.next() * 5) }),
  C1: (random) => ({ how: random.one(['dead', 'silent', 'alive', 'clock goes on']), ms: random.spread(1_000, 30 * 24 * hour) }),
  C2: (random) => ({ how: 'jump', ms: (random.chance(0.5) ? 1 : -1) * random.spread(1_000, 10 * 365 * 24 * hour) }),
  C3: (random) => ({ how: random.one(['timer', 'everything']), ms: random.spread(1, 61_000) }),
  A1: (random) => ({ how: `${random.one(verbs)} ${random.one(places)}`, ms: random.spread(200, 20_000) }),
  A2: of('status listener', 'message listener', 'notice listener', 'onReady', 'own'),
  A3: (random) => ({ how: random.one(['many', 'large', 'old']), ms: random.spread(31_000, 45_000) }),
  A4: of('reset'),
  A5: (random) => ({ how: random.one(['live', 'soon']), ms: random.spread(50, 5_000) }),
}

/** Which faults can happen to whom. */
function suits(kind: string, cast: Cast, form: Player['form']): boolean {
  if (kind === 'E10') return form === 'callback'
  if (kind === 'T8') return (cast.link?.denies ?? null) !== null
  if (kind === 'T4') return (cast.link?.ready ?? null) !== null
  if (kind === 'T13' || kind === 'A3' || kind.startsWith('T')) return cast.link !== null
  return true
}

/** `everyMs`: from one fault of a client to its next, on average. `only`: of these kinds alone. */
export function planFor(
  random: Random,
  players: readonly Player[],
  untilMs: number,
  everyMs: number,
  only: readonly string[] = kinds,
): Fault[] {
  const plan: Fault[] = []
  for (const [client, { cast: name, form }] of players.entries()) {
    const cast = casts.find((one) => one.name === name)!
    const may = only.filter((kind) => suits(kind, cast, form))
    if (may.length === 0) continue
    for (let at = 5_000; at < untilMs; at += everyMs * random.between(0.1, 1.9)) {
      const kind = random.one(may)
      const { how = '', ms = 0, times = 1 } = draws[kind]!(random)
      plan.push({ atMs: Math.round(at), client, kind, how, ms: Number.isFinite(ms) ? Math.round(ms) : -1, times })
    }
  }
  return plan.sort((a, b) => a.atMs - b.atMs)
}
