/**
 * Every state that a small source can reach, breadth first: all letters of the alphabet at every state, three draws of chance
 * for each, down to a depth. Each step is checked by itself; each state is healed; and the world alone makes no circle in no time.
 */
import type { Effect, Event, Happening } from '../../src/core/event.ts'
import { connectMs } from '../../src/core/policy.ts'
import type { Core } from '../../src/core/state.ts'
import { initial } from '../../src/core/state.ts'
import { step as realStep } from '../../src/core/step.ts'
import type { LinkTraits, SourceTraits } from '../../src/core/traits.ts'
import { wants, type Wants } from '../../src/core/wants.ts'
import { lateNews, lettersOf, type Letter } from './alphabet.ts'
import { canonical, hashOf, keyOf, T } from './canonical.ts'
import { cellsOf } from './cells.ts'
import { backoffAtMostMs, beatMs, lifetimeMs, type Configuration } from './configurations.ts'
import { same } from '../simulation/same.ts'
import { healed, Healing } from './heal.ts'
import { livesOf, violated, type Living } from './invariants.ts'
import { ZeroTime } from './zero-time.ts'

export interface Explored {
  readonly states: number
  readonly transitions: number
  readonly depth: number
  /** Whether nothing new was left to visit. */
  readonly complete: boolean
  /** Whether there were more states than were allowed. */
  readonly cut: boolean
  /** The longest way back to connected in a healed world. */
  readonly healMs: number
  readonly wrong: readonly string[]
  readonly cells: ReadonlySet<string>
}

/** Chance decides how long is waited: not at all, half of it, nearly all of it. */
const draws = [0, 0.5, 1 - 2 ** -10]
/** What I18 of docs/reliability.md allows: the backoff's cap, the connect deadline and the beat. */
const healAtMostMs = backoffAtMostMs + connectMs + beatMs
const wrongAtMost = 5

interface Bounds {
  /** The core's step is handed in: a planted bug is the same function with one fault. */
  readonly step?: typeof realStep
  readonly statesAtMost?: number
}

export function explore({ source, links }: Configuration, depth: number, bounds: Bounds = {}): Explored {
  const { step = realStep, statesAtMost = Infinity } = bounds
  const seen = new Map<number, number>()
  const zero = new ZeroTime()
  const healings = [new Healing(0), new Healing(1 - 2 ** -10)]
  const cells = new Set<string>()
  const wrong: string[] = []
  let transitions = 0
  let level: Place[] = []
  let left = 0

  /** Where nobody will go on from, nothing is kept but the number. */
  const visit = (core: Core, hash: number, way: () => Way, into: Place[] | null): number => {
    const known = seen.get(hash)
    if (known !== undefined) return known
    const number = seen.size
    seen.set(hash, number)
    into?.push({ core, number, way: way() })
    if (into === null) left++
    const ms = Math.max(...healings.map((healing) => healing.of(core, hash)))
    if (ms > healAtMostMs) wrong.push(`heals in ${ms} ms, after ${told(way())}`)
    return number
  }
  for (const [name, core] of landmarks(source, links)) visit(core, hashOf(keyOf(core)), () => name, level)

  let done = 0
  while (done < depth && level.length > 0 && wrong.length < wrongAtMost) {
    const next: Place[] = []
    const into = done === depth - 1 ? null : next
    for (const place of level) {
      if (seen.size >= statesAtMost) break
      checkLate(place)
      const wanted = wants(place.core)
      const lives = livesOf(place.core)
      for (const letter of lettersOf(place.core, T)) spell(place, letter, wanted, lives, into)
    }
    if (seen.size >= statesAtMost) break
    level = next
    done++
  }
  const cut = seen.size >= statesAtMost
  const circle = zero.circle()
  if (circle !== null) wrong.push(`a circle in no time, in state ${circle}`)
  return {
    states: seen.size,
    transitions,
    depth: done,
    complete: !cut && level.length + left === 0,
    cut,
    healMs: Math.max(...healings.map(({ worstMs }) => worstMs)),
    wrong,
    cells,
  }

  function spell(
    { core, number, way }: Place,
    { happening, now, world }: Letter,
    wantedBefore: Wants,
    livesBefore: readonly Living[],
    next: Place[] | null,
  ): void {
    const event: Mutable<Event> = { ...happening, now, random: 0 }
    const here = (): Way => ({ event: { ...event }, before: way })
    for (const cell of cellsOf(core, event)) cells.add(cell)
    let last: readonly [Core, readonly Effect[]] | null = null
    let lastState = NaN
    for (const random of draws) {
      event.random = random
      const stepped = step(core, event)
      const [after, effects] = stepped
      transitions++
      let state = lastState
      if (!same(stepped, last)) {
        const wanted = wants(after)
        const found = violated({ event, before: core, after, effects, wantedBefore, wanted, livesBefore, lives: livesOf(after) })
        if (found !== null) wrong.push(`${found}, after ${told(here())}`)
        const to = canonical(after, now)
        state = visit(to, hashOf(keyOf(to)), here, next)
      }
      // A wait of nothing at all has no chance to come twice.
      if (world && now === T && random > 0) zero.add(number, state, after.lastId === core.lastId && effects.length === 0)
      // Chance has no part in it.
      if (state === lastState) break
      last = stepped
      lastState = state
    }
  }

  /** News of what is over does what time alone does. */
  function checkLate({ core, way }: Place): void {
    const stepped = (happening: Happening) => step(core, { ...happening, now: T, random: 0.5 })
    const plain = stepped({ is: 'tick' })
    for (const news of lateNews) if (!same(stepped(news), plain)) wrong.push(`late ${news.is} changes a state, after ${told(way)}`)
  }
}

/** Where to begin: nobody wants anything; everybody has just been connected; and has been so for long. */
function landmarks(source: SourceTraits, links: readonly LinkTraits[]): [string, Core][] {
  const at = (core: Core, happening: Happening, now = T): Core => canonical(realStep(core, { now, random: 0, ...happening })[0], now)
  const attached = links.reduce((core, traits, index) => at(core, { is: 'attach', session: index + 1, traits }), initial(source))
  const asked = links.reduce((core, _, index) => at(core, { is: 'connect', session: index + 1 }), attached)
  const connected = healed(asked)
  let stable = connected
  for (let ms = 0; ms < 65_000;) {
    const now = Math.min(Math.max(wants(stable).wakeAt, T), T + 5_000)
    ms += now - T
    stable = healed(at(stable, { is: 'tick' }, now))
    for (const { life } of Object.values(stable.sessions))
      if (life.is === 'wanting' && life.link.is === 'up' && life.link.probeBy !== undefined)
        stable = at(stable, { is: 'heard', socket: life.link.socket.id, at: T + 1 }, T + 1)
    if (stable.work.is === 'minting')
      stable = at(stable, { is: 'minted', flight: stable.work.flight, lifetimeMs, connectByMs: null, same: false })
  }
  return [
    ['idle', attached],
    ['connected', connected],
    ['long connected', stable],
  ]
}

/** How a state was reached first: from a landmark, by events. */
type Way = string | { readonly event: Event; readonly before: Way }
type Mutable<T> = { -readonly [K in keyof T]: T[K] }
interface Place {
  readonly core: Core
  readonly number: number
  readonly way: Way
}

const told = (way: Way): string => (typeof way === 'string' ? way : `${told(way.before)} ${labelOf(way.event)}`)

function labelOf(event: Event): string {
  const { now, random, is, ...rest } = event
  const what = Object.values(rest).filter((value) => typeof value !== 'object')
  return `${is}${what.length > 0 ? `(${what.join()})` : ''}${random > 0 ? `~${random.toFixed(1)}` : ''}${now > T ? `@${now - T}` : ''}`
}
