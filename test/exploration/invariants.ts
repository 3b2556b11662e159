/**
 * What must hold of every step by itself, with no memory of what was before: so it can be asked of every state that there is.
 * The simulation's invariants (`test/simulation`) keep an account of their own instead; both ask for the same things.
 */
import type { Effect, Event } from '../../src/core/event.ts'
import { isConnected } from '../../src/core/lives.ts'
import { permit } from '../../src/core/permit.ts'
import { refilled } from '../../src/core/policy.ts'
import type { Attached, Core, Id, Link } from '../../src/core/state.ts'
import { isHeld } from '../../src/core/state.ts'
import type { Status } from '../../src/core/status.ts'
import { statusOf } from '../../src/core/status.ts'
import type { Wants } from '../../src/core/wants.ts'

export interface Step {
  readonly event: Event
  readonly before: Core
  readonly after: Core
  readonly effects: readonly Effect[]
  readonly wantedBefore: Wants
  readonly wanted: Wants
  readonly livesBefore: readonly Living[]
  readonly lives: readonly Living[]
}

/** A session as it is at one moment. */
export interface Living extends Attached<Link> {
  readonly id: Id
  readonly status: Status
}

export const livesOf = (core: Core): Living[] =>
  Object.entries(core.sessions).map(([key, { life, traits }]) => {
    const id = Number(key)
    return { id, life, traits, status: statusOf(core, id) }
  })

type Check = (step: Step) => string | null

const isNew = ({ wantedBefore }: Step, id: Id): boolean => !wantedBefore.sockets.some((socket) => socket.id === id)
const fresh = (step: Step): Wants['sockets'] => step.wanted.sockets.filter(({ id }) => isNew(step, id))
const newFlight = ({ wanted, wantedBefore }: Step): boolean =>
  wanted.request !== null && wanted.request.flight !== wantedBefore.request?.flight
const isGood = ({ event, before, after }: Step): boolean =>
  event.is === 'minted' && before.work.is === 'minting' && before.work.flight === event.flight && after.trouble === null

/** Gate: a dial has a grant that is there, current, unspent until now, in time and beyond doubt. */
const dialsWithPermit: Check = (step) => {
  const { after, before, event } = step
  for (const { id, gen } of fresh(step)) {
    if (after.grant?.gen !== gen) return `socket ${id} is dialled with generation ${gen}, which is not current`
    if (event.now >= after.grant.dialBefore) return `socket ${id} is dialled too late`
    if (isHeld(after) && after.suspectUntil !== null) return `socket ${id} is dialled with a suspect lease`
    if (before.grant?.gen === gen && before.grant.spent) return `socket ${id} is dialled with a spent grant`
    if (event.is === 'rejected' && event.gen === gen) return `socket ${id} is dialled with a rejected grant`
  }
  return null
}

const oneSocketEach: Check = ({ wanted, after }) => {
  const sessions = wanted.sockets.map(({ session }) => session)
  if (new Set(sessions).size !== sessions.length) return 'two sockets of one session'
  return sessions.every((id) => after.sessions[id]?.life.is === 'wanting') ? null : 'a socket of a session that does not want one'
}

const letsGoFirst = new Set(['reset', 'slept', 'back', 'visible', 'pause', 'close', 'detach', 'away', 'hidden', 'prefetch'])
/** A flight is followed by another only when it was answered, timed out, or was let go. */
const oneFlight: Check = (step) => {
  const { before, event, livesBefore } = step
  if (!newFlight(step) || before.work.is !== 'minting') return null
  const answered = 'flight' in event && event.flight === before.work.flight
  const unwanted = !livesBefore.some(({ life }) => life.is === 'wanting')
  return answered || unwanted || event.now >= before.work.giveUpAt || letsGoFirst.has(event.is) ? null : 'a second flight'
}

const bucketHolds: Check = (step) => {
  if (!newFlight(step)) return null
  const { left } = refilled(step.before.bucket, step.before.beatMs, step.event.now)
  return left >= 1 - 1e-6 ? null : `a mint with ${left} in the bucket`
}

/** The server's "not before" is heard. */
const floorIsHeard: Check = ({ before, after, event }) => {
  if ((event.is !== 'refused' && event.is !== 'failed') || event.retryAfterMs === 0) return null
  if (before.work.is !== 'minting' || before.work.flight !== event.flight || event.now >= before.work.giveUpAt) return null
  return after.work.is === 'cooling' && after.work.floor === event.now + event.retryAfterMs ? null : 'Retry-After is not heard'
}

/** Whatever anybody does, the server's "not before" stands, and is passed on to the next state. */
const floorHolds: Check = (step) => {
  const { before, after, event } = step
  if (before.work.is !== 'cooling' || before.work.floor <= event.now) return null
  return after.work.is === 'cooling' && after.work.floor >= before.work.floor ? null : 'the server said: not before'
}

const noSocketUnseen: Check = ({ after, wanted, event, lives }) => {
  if (after.away && wanted.sockets.length > 0) return 'a socket on a page that is away'
  for (const { id, life, traits } of lives) {
    if (life.is !== 'wanting') continue
    if (after.hiddenAt !== null && event.now >= after.hiddenAt + traits.pauseWhenHiddenMs) return `session ${id} is hidden too long`
    if (event.now >= life.giveUpAt) return `session ${id} does not give up`
  }
  return null
}

const neverStuck: Check = ({ after, wanted, event, lives }) => {
  if (!(wanted.wakeAt > event.now)) return `wakes ${event.now - wanted.wakeAt} ms ago`
  for (const { id, life, status } of lives) {
    if (life.is !== 'wanting' || isConnected(after, life)) continue
    // In the dial queue it is the queue's turn.
    if (wanted.wakeAt === Infinity && life.link.is !== 'opening') return `session ${id} is ${life.link.is}, and nothing will happen`
    const trying = life.link.is === 'opening' || life.link.is === 'settling' || wanted.request !== null
    if (!trying && !('retryAt' in status)) return `session ${id} is ${status.name}, tries nothing and has no time of the next try`
  }
  return null
}

const statusIsTrue: Check = ({ after, event, lives }) => {
  for (const { id, life, traits, status } of lives) {
    const up = life.is === 'wanting' && (traits.link ? life.link.is === 'up' : isHeld(after))
    if ((status.name === 'connected') !== up) return `session ${id} says ${status.name}`
    if (status.name === 'reconnecting' && !traits.link) return `session ${id} has no link and reconnects`
    if (status.name === 'paused' && status.reason === 'expired' && (after.kind !== 'lease' || isHeld(after))) return `${id} says expired`
    if (status.name === 'paused' && (status.reason === 'refused' || status.reason === 'expired') && !status.code) return 'no code'
    if ('retryAt' in status && !(status.retryAt! > event.now && status.retryAt! < Infinity)) return `session ${id} shows ${status.retryAt}`
  }
  return null
}

const verbs = new Set(['reset', 'connect', 'resume', 'pause', 'close', 'detach', 'attach'])
const refusedUntilProven: Check = (step) => {
  const { event, livesBefore, lives } = step
  if (verbs.has(event.is)) return null
  const alone = livesBefore.length === 1
  for (const [index, { id, status: was }] of livesBefore.entries()) {
    const is = lives[index]!.status
    if (was.name !== 'paused' || was.reason !== 'refused' || is.name === 'failed') continue
    if (is.name === 'paused' && is.reason !== 'expired') continue
    const proof = event.is === 'opened' || event.is === 'ready' || isGood(step)
    if (!proof || (alone && is.name !== 'connected')) return `session ${id} went from refused to ${is.name}`
  }
  return null
}

const noSocketWithoutLease: Check = ({ after, wanted }) =>
  after.kind === 'lease' && after.grant === null && wanted.sockets.length > 0 ? 'a socket without a lease' : null

/** A held lease ends by time, a verdict, a reset, or with the one socket of a single-use grant. */
const leaseEndsByCause: Check = ({ before, after, event, wanted, wantedBefore }) => {
  if (!isHeld(before) || isHeld(after)) return null
  const { gen } = before.grant
  const owner = 'socket' in event && wantedBefore.sockets.some(({ id }) => id === event.socket)
  const verdict = event.is === 'refused' || event.is === 'denied' || (event.is === 'closed' && event.code === 4401)
  const single = before.traits.single && wanted.sockets.length === 0
  if (event.now >= before.endsAt || event.is === 'reset' || single || (event.is === 'rejected' && event.gen === gen)) return null
  return verdict && (owner || event.is === 'refused') ? null : `${event.is} ended a lease`
}

/** They said no to the flight in the air: no lease survives that, unless the house is only full. */
const refusalEndsLease: Check = ({ before, after, event }) => {
  if (event.is !== 'refused' || (event.no === 'quota' && !event.hard) || before.work.is !== 'minting') return null
  return before.work.flight === event.flight && isHeld(after) ? 'a refused lease is held' : null
}

const isLiving = ({ life }: Living): boolean => life.is === 'wanting' || life.is === 'held'
/** A page is hidden until it is seen, as long as anybody listens. */
const hiddenIsKept: Check = ({ before, after, event, lives, livesBefore }) => {
  if (before.hiddenAt === null || event.is === 'visible' || event.is === 'back' || after.hiddenAt === before.hiddenAt) return null
  return lives.some(isLiving) && livesBefore.some(isLiving) ? `${event.is} made a hidden page visible` : null
}

const suspicionEnds: Check = ({ after, wanted, event }) => {
  if (!isHeld(after) || after.suspectUntil === null) return null
  if (after.suspectUntil === Infinity) return wanted.sockets.length === 0 ? null : 'a suspect lease keeps its socket'
  return after.suspectUntil > event.now && after.suspectUntil <= event.now + 10_000 ? null : 'suspicion without an end'
}

/** No answer of the endpoint cuts a live link, except with its lease. */
const renewalsCutNothing: Check = ({ before, after, event, livesBefore }) => {
  if (!('flight' in event)) return null
  for (const { id, life, traits } of livesBefore) {
    if (life.is !== 'wanting' || life.link.is !== 'up') continue
    const now = after.sessions[id]?.life
    if (now?.is === 'wanting' && now.link.is === 'up' && now.link.socket.id === life.link.socket.id) continue
    const late = event.now >= Math.min(life.link.probeBy ?? Infinity, life.link.showing?.ackBy ?? Infinity)
    const hidden = before.hiddenAt !== null && event.now >= before.hiddenAt + traits.pauseWhenHiddenMs
    if (!late && !hidden && !(isHeld(before) && !isHeld(after))) return `${event.is} cut the live link of session ${id}`
  }
  return null
}

/** A streak of rejections ends with a proven link, a reset, or where there is no link with a good mint. */
const streakStands: Check = (step) => {
  const { before, after, event, livesBefore } = step
  if (after.rejected >= before.rejected || event.is === 'reset') return null
  if (!livesBefore.some(({ traits }) => traits.link)) return isGood(step) ? null : `${event.is} ended a streak`
  const proof = livesBefore.some(({ life, traits }) => {
    if (life.is !== 'wanting') return false
    const ready = event.is === 'ready' && traits.ready === 'frame' && life.link.is === 'settling'
    return ready || (life.link.is === 'up' && !life.link.proven && event.now >= life.link.stableAt)
  })
  return proof ? null : `${event.is} ended a streak`
}

/** One mint in eight minutes of a streak is forced by a close before open. */
const forcedOnce: Check = ({ before, after, event }) =>
  typeof before.forced === 'number' && event.now < before.forced && after.forced === 'due' ? 'a second forced mint' : null

const asksIfWanted: Check = ({ after, wanted, lives }) =>
  wanted.request !== null && !after.prefetch && !lives.some(({ life }) => life.is === 'wanting') ? 'a flight for nobody' : null

const overIsOver: Check = ({ after, event, livesBefore }) => {
  for (const { id, life } of livesBefore) {
    if (life.is !== 'closed' && life.is !== 'failed' && life.is !== 'idle') continue
    const is = after.sessions[id]?.life.is
    const told = 'session' in event && event.session === id && ['connect', 'close', 'attach', 'detach'].includes(event.is)
    if (is !== life.is && !told) return `session ${id} went from ${life.is} to ${is}`
  }
  return null
}

const deadlinesHold: Check = ({ after, event, lives }) => {
  const { now } = event
  if (after.work.is === 'minting' && !(after.work.giveUpAt > now && after.work.giveUpAt <= now + 10_000))
    return 'a flight without a deadline'
  for (const { id, life } of lives) {
    if (life.is !== 'wanting' || (life.link.is !== 'opening' && life.link.is !== 'settling')) continue
    const { is, deadline } = life.link
    if (is === 'opening' && deadline === Infinity) continue
    if (!(deadline > now && deadline <= now + 10_000)) return `the socket of session ${id} has no deadline`
  }
  return null
}

const effectsFit: Check = ({ effects, event, before, after, wanted }) => {
  for (const effect of effects) {
    if (!(effect.session in after.sessions)) return `${effect.do} for nobody`
    if (effect.do === 'verify' && permit(before, event.now)?.gen !== effect.gen)
      return `generation ${effect.gen} is verified, and of no use`
    if (effect.do === 'ready' && !wanted.sockets.some(({ id }) => id === effect.socket)) return 'ready on a socket that is gone'
    if (effect.do === 'show' && effect.gen !== after.grant?.gen) return 'an old grant is shown'
  }
  return null
}

const isWhole: Check = ({ after, before }) => {
  const numbers = [after.bucket.left, after.bucket.at, after.beatMs, after.lastId, after.rejected]
  if (numbers.some((number) => !Number.isFinite(number))) return `not a number: ${numbers.join()}`
  if (after.bucket.left < 0 || after.bucket.left > 3) return `a bucket of ${after.bucket.left}`
  return after.lastId >= before.lastId ? null : 'ids fell'
}

export const invariants: readonly (readonly [string, Check])[] = Object.entries({
  dialsWithPermit,
  oneSocketEach,
  oneFlight,
  bucketHolds,
  floorIsHeard,
  floorHolds,
  noSocketUnseen,
  neverStuck,
  statusIsTrue,
  refusedUntilProven,
  noSocketWithoutLease,
  leaseEndsByCause,
  refusalEndsLease,
  hiddenIsKept,
  suspicionEnds,
  renewalsCutNothing,
  streakStands,
  forcedOnce,
  asksIfWanted,
  overIsOver,
  deadlinesHold,
  effectsFit,
  isWhole,
})

export function violated(step: Step): string | null {
  for (const [name, check] of invariants) {
    const found = check(step)
    if (found !== null) return `${name}: ${found}`
  }
  return null
}
