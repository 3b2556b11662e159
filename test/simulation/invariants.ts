/**
 * What must hold after every step, whatever happened. Each returns null, or what is wrong.
 */
import { isHeld } from '../../src/core/state.ts'
import type { Core, Id } from '../../src/core/state.ts'
import { same } from './same.ts'
import type { Moment, Watch } from './watch.ts'

type Check = (moment: Moment, watch: Watch) => string | null

const wasWanted = ({ wantedBefore }: Moment, id: Id): boolean => wantedBefore.sockets.some((socket) => socket.id === id)
const fresh = (moment: Moment) => moment.wanted.sockets.filter(({ id }) => !wasWanted(moment, id))
const gone = ({ wanted, wantedBefore }: Moment) =>
  wantedBefore.sockets.filter(({ id }) => !wanted.sockets.some((socket) => socket.id === id))
const newFlight = ({ wanted, wantedBefore }: Moment): boolean =>
  wanted.request !== null && wanted.request.flight !== wantedBefore.request?.flight
const wantingNow = ({ after }: Moment) => Object.entries(after.sessions).filter(([, { life }]) => life.is === 'wanting')

/** 1. A socket is opened with a grant that is there, current, in time and not suspect; at the turn in the dial queue too. */
export const noSocketWithoutPermit: Check = (moment, watch) => {
  const { event, wanted } = moment
  const turn = event.is === 'dialled' ? wanted.sockets.filter(({ id }) => id === event.socket) : []
  for (const { id, gen } of [...fresh(moment), ...turn]) {
    const grant = watch.grants.get(gen)
    if (!grant) return `socket ${id} uses generation ${gen}, which was never minted`
    if (gen !== watch.gen && !watch.scenario.source.single) return `socket ${id} uses generation ${gen}, but ${watch.gen} is current`
    if (gen === watch.gen && event.now >= grant.dialBefore) return `socket ${id} is dialled ${event.now - grant.dialBefore} ms too late`
    if (watch.suspectSince !== null) return `socket ${id} is dialled with a suspect lease`
  }
  return null
}

/** 2. One socket a session, and only for sessions that exist. */
export const oneSocketPerSession: Check = ({ wanted, after }) => {
  const sessions = wanted.sockets.map(({ session }) => session)
  if (new Set(sessions).size !== sessions.length) return `two sockets for one session: ${sessions.join()}`
  return sessions.every((id) => id in after.sessions) ? null : 'a socket of a session that is gone'
}

/** 3. A new flight starts only when the one before was answered, timed out or is not wanted any more. */
export const oneFlight: Check = (moment, watch) => {
  const before = moment.wantedBefore.request
  if (!newFlight(moment) || before === null) return null
  const { event } = moment
  const over = watch.answer !== null || event.now >= (watch.flights.get(before.flight)?.deadline ?? 0)
  const dropped = ['reset', 'pause', 'close', 'detach', 'away', 'slept', 'back', 'visible', 'connect', 'resume', 'prefetch'].includes(
    event.is,
  )
  const unwanted =
    moment.after.hiddenAt !== null ||
    moment.before.hiddenAt !== null ||
    !Object.values(moment.before.sessions).some(({ life }) => life.is === 'wanting')
  const failed = [...moment.status.values()].some(({ name }) => name === 'failed')
  return over || dropped || unwanted || failed
    ? null
    : `flight ${moment.wanted.request?.flight} started while ${before.flight} was in the air`
}

/** 4. In any window, mint starts ≤ 3 + what the bucket refilled. */
export const bucketHolds: Check = (moment, watch) =>
  newFlight(moment) && watch.overdrawn ? `mint ${watch.mints} overdraws the bucket` : null

/** 5. No mint before the server's Retry-After, whoever presses what. */
export const retryAfterIsAFloor: Check = (moment, watch) =>
  newFlight(moment) && moment.event.now < watch.floorUntil ? `minted ${watch.floorUntil - moment.event.now} ms before Retry-After` : null

/** 6. No socket for a session that is idle, closed, failed, paused or on a page that is away. */
export const noSocketUnlessWanted: Check = ({ wanted, status }, watch) => {
  for (const { id, session } of wanted.sockets) {
    if (watch.away) return `socket ${id} on a page that is away`
    if (watch.app.get(session) !== 'wants') return `socket ${id} of session ${session}, which the application does not want`
    if (status.get(session)?.name === 'failed') return `socket ${id} of session ${session}, which has failed`
  }
  return null
}

/** 7. The next wake lies in the future; a session that wants and is not connected tries, or tells when it will. */
export const neverStuck: Check = (moment) => {
  const { wanted, event, status, after } = moment
  if (!(wanted.wakeAt > event.now)) return `wakeAt is ${event.now - wanted.wakeAt} ms ago`
  for (const [id, { life }] of wantingNow(moment)) {
    const shown = status.get(Number(id))!
    if (shown.name === 'connected' || life.is !== 'wanting') continue
    // In the dial queue it is the queue's turn.
    if (life.link.is === 'opening' && life.link.deadline === Infinity) continue
    if (wanted.wakeAt === Infinity)
      return `session ${id} wants to be connected, is ${life.link.is}, and nothing is pending (${after.work.is})`
    const tries = life.link.is === 'opening' || life.link.is === 'settling' || wanted.request !== null
    if (!tries && !('retryAt' in shown)) return `session ${id} is ${shown.name}, tries nothing and has no time of the next try`
  }
  return null
}

/** 8. Connected means: its link is up, or it has none and the lease is held. */
export const statusNeverLies: Check = ({ status, after, wanted }, watch) => {
  for (const [id, { name }] of status) {
    const session = after.sessions[id]
    if (!session) continue
    const socket = wanted.sockets.find((one) => one.session === id)
    const really = session.traits.link
      ? socket !== undefined && watch.isUp(socket.id)
      : watch.app.get(id) === 'wants' && session.life.is === 'wanting' && watch.leaseEndsAt !== null
    if ((name === 'connected') !== really) return `session ${id} says ${name}, and is ${really ? '' : 'not '}connected`
    if (name === 'reconnecting' && !session.traits.link) return `session ${id} has no link and says reconnecting`
  }
  return null
}

/** 9. A refusal ends only with a good mint, and where there is a socket, with ready. */
export const refusedUntilReady: Check = ({ event, status, statusBefore, after, before }, watch) => {
  const excused = ['reset', 'connect', 'resume', 'pause', 'close', 'detach', 'attach'].includes(event.is)
  if (excused) return null
  const confirmed = event.is === 'opened' || event.is === 'ready'
  const minted = watch.answer?.is === 'minted' && after.trouble === null
  for (const [id, was] of statusBefore) {
    if (was.name !== 'paused' || was.reason !== 'refused') continue
    const is = status.get(id)
    if (!is || is.name === 'failed' || (is.name === 'paused' && is.reason !== 'expired')) continue
    // Another session's live link, or its ready, proves the source.
    const alone = Object.keys(before.sessions).length === 1
    const fine = (confirmed || minted) && (is.name === 'connected' || !alone)
    if (!fine) return `session ${id} went from refused to ${is.name} by ${event.is}`
  }
  return null
}

/** 10. A lease that is over has no socket, and no core that says it is held. */
export const lostLeaseHasNoSocket: Check = ({ after, wanted }, watch) => {
  if (after.kind !== 'lease' || watch.leaseEndsAt !== null) return null
  if (wanted.sockets.length > 0) return `socket ${wanted.sockets[0]?.id} without a lease`
  return isHeld(after) ? 'the core holds a lease that is over' : null
}

/** 11. An answer to an old flight, or news of an old socket, does what the passing of time does, and nothing else. */
export const lateResultsChangeNothing: Check = ({ after, effects, event, late, ticked }) => {
  if (!late) return null
  return same(ticked(), [after, effects]) ? null : `a late ${event.is} changed the state`
}

/** 12. A streak of rejections ends with a proven link, a reset, or without any socket with a good mint; never with a mint. */
export const streakOutlivesMints: Check = ({ before, after, event }) => {
  if (after.rejected >= before.rejected) return null
  const linked = Object.values(before.sessions).some(({ traits }) => traits.link)
  const proven = (core: Core): Id[] =>
    Object.values(core.sessions).flatMap(({ life }) =>
      life.is === 'wanting' && life.link.is === 'up' && life.link.proven ? [life.link.socket.id] : [],
    )
  const already = proven(before)
  // Its proof may come and its socket go in one step, if that came late.
  const late = Object.values(before.sessions).some(
    ({ life }) => life.is === 'wanting' && life.link.is === 'up' && !life.link.proven && event.now >= life.link.stableAt,
  )
  if (event.is === 'reset' || !linked || proven(after).some((id) => !already.includes(id)) || late) return null
  return `${event.is} ended a streak of ${before.rejected} rejections`
}

/** 13. At most one mint in eight minutes of a streak is forced by a close before open. */
export const forcedOnce: Check = (_moment, watch) => (watch.forcedTwice ? 'two forced mints within eight minutes of one streak' : null)

/** 14. A generation that was rejected is never dialled again. */
export const rejectedIsNeverDialled: Check = (moment, watch) => {
  const again = fresh(moment).find(({ gen }) => watch.rejected.has(gen))
  return again ? `socket ${again.id} uses generation ${again.gen}, which was rejected` : null
}

/** 15. Generations and ids only grow. */
export const idsGrow: Check = (moment) => {
  const { before, after } = moment
  if (after.lastId < before.lastId) return 'lastId fell'
  if (before.grant && after.grant && after.grant.gen < before.grant.gen) return `generation ${after.grant.gen} after ${before.grant.gen}`
  const ids = [...fresh(moment).map(({ id }) => id), ...(newFlight(moment) && moment.wanted.request ? [moment.wanted.request.flight] : [])]
  return ids.every((id) => id > before.lastId) ? null : `an id was used twice: ${ids.join()}`
}

/** 16. `expired` is said only of a lease that was held. */
export const expiredOnlyIfHeld: Check = ({ status, after }, watch) => {
  for (const [id, is] of status) {
    if (is.name !== 'paused' || is.reason !== 'expired') continue
    if (after.kind !== 'lease' || !watch.heldSinceReset || watch.leaseEndsAt !== null) return `session ${id} says expired`
  }
  return null
}

/** 17. A live link is not cut by a trouble of the token endpoint: never a ticket's, and a lease's only with the lease. */
export const renewalsCutNothing: Check = (moment, watch) => {
  const { event, before, after } = moment
  const renewal = ['minted', 'refused', 'failed', 'forbidden', 'tick'].includes(event.is)
  if (!renewal) return null
  for (const { id, session } of gone(moment)) {
    const life = before.sessions[session]?.life
    if (life?.is !== 'wanting' || life.link.is !== 'up') continue
    const traits = before.sessions[session]?.traits
    const silent = traits?.liveness && event.now >= (life.link.probeBy ?? Infinity)
    const unshown = life.link.showing && event.now >= life.link.showing.ackBy
    const hidden = before.hiddenAt !== null && event.now >= before.hiddenAt + (traits?.pauseWhenHiddenMs ?? Infinity)
    const lease = after.kind === 'lease' && (watch.leaseEnded || watch.wasSuspect)
    if (!silent && !unshown && !hidden && !lease) return `${event.is} cut the live link of socket ${id}`
  }
  return null
}

/** 18. A held lease ends by time, by a verdict, by reset, or with the one socket of a single-use grant; not by suspicion. */
export const suspicionEndsNothing: Check = ({ before, after }, watch) =>
  isHeld(before) && !isHeld(after) && watch.leaseEndsAt !== null ? 'a lease was dropped without a verdict' : null

/** 19. Ten seconds of suspicion without a good mint, and its sockets are gone. */
export const suspicionEndsSockets: Check = ({ event, wanted }, watch) =>
  watch.suspectSince !== null && event.now >= watch.suspectSince + 10_000 && wanted.sockets.length > 0
    ? 'a suspect lease keeps its socket'
    : null

/** 20. Nobody is asked for whom nobody wants: no flight while no session wants one, but for a prefetch. */
export const asksOnlyIfWanted: Check = (moment, watch) =>
  moment.wanted.request !== null && wantingNow(moment).length === 0 && !watch.prefetch ? 'a flight that nobody wants' : null

/** 21. Only connect() leaves closed and failed; a failed or closed session stays so. */
export const overIsOver: Check = ({ event, status, statusBefore }) => {
  for (const [id, was] of statusBefore) {
    const is = status.get(id)
    if ((was.name !== 'closed' && was.name !== 'failed' && was.name !== 'idle') || !is || is.name === was.name) continue
    const own = 'session' in event && event.session === id
    if (own && (event.is === 'connect' || event.is === 'close' || event.is === 'attach' || event.is === 'detach')) continue
    return `session ${id} went from ${was.name} to ${is.name} by ${event.is}`
  }
  return null
}

/** 22. A flight lives ≤ min(10 s, beat); a handshake ≤ 10 s from its dial, and a socket without ready ≤ 10 s from its open. */
export const deadlinesHold: Check = ({ event, wanted }, watch) => {
  const flight = wanted.request && watch.flights.get(wanted.request.flight)
  if (flight && event.now >= flight.deadline) return 'a flight outlives its deadline'
  for (const { id } of wanted.sockets) {
    const { dialledAt, openedAt, readyAt } = watch.sockets.get(id) ?? { dialledAt: null, openedAt: null, readyAt: null }
    if (readyAt !== null) continue
    const since = openedAt ?? dialledAt
    if (since !== null && event.now >= since + 10_000) return `socket ${id} outlives its deadline`
  }
  return null
}

/** 23. A single-use generation is dialled once. */
export const singleUseIsUsedOnce: Check = (moment, watch) => {
  if (!watch.scenario.source.single) return null
  const twice = fresh(moment).find(({ gen }) => (watch.uses.get(gen) ?? 0) > 1)
  return twice ? `generation ${twice.gen} is dialled twice` : null
}

/** 24. Whoever gives up, does; whoever is hidden too long, is away. */
export const limitsHold: Check = (moment, watch) => {
  const { event, status, after, wanted } = moment
  for (const [id, { traits }] of Object.entries(after.sessions)) {
    const since = watch.disconnectedSince.get(Number(id))
    if (since !== undefined && event.now > since + traits.giveUpAfterMs && status.get(Number(id))?.name !== 'failed')
      return `session ${id} does not give up`
    const hidden = watch.hiddenAt !== null && event.now >= watch.hiddenAt + traits.pauseWhenHiddenMs
    if (hidden && wanted.sockets.some(({ session }) => session === Number(id))) return `session ${id} keeps its socket on a hidden page`
  }
  return null
}

/** 25. One-shot effects are for sockets and sessions that are there; a grant that is shown is the current one. */
export const effectsFit: Check = ({ effects, event, after, before, wanted }, watch) => {
  for (const effect of effects) {
    if (!(effect.session in after.sessions) && !(effect.session in before.sessions)) return `${effect.do} for nobody`
    if (effect.do === 'verify' && (effect.gen !== before.grant?.gen || event.now >= (watch.grants.get(effect.gen)?.dialBefore ?? 0)))
      return `generation ${effect.gen} is verified, and of no use`
    if (effect.do === 'ready' && !wanted.sockets.some(({ id }) => id === effect.socket)) return 'ready on a socket that is gone'
    if (effect.do === 'show' && effect.gen !== after.grant?.gen) return `generation ${effect.gen} is shown, and not current`
  }
  return null
}

/** 26. The state is whole: every number is one, every union carries its own. */
export const wellFormed: Check = ({ after, wanted, status }) => {
  const numbers = [wanted.wakeAt, after.bucket.left, after.bucket.at, after.beatMs, after.lastId, after.rejected]
  if (numbers.some((number) => Number.isNaN(number))) return `not a number: ${numbers.join()}`
  if (after.bucket.left < 0 || after.bucket.left > 3) return `a bucket of ${after.bucket.left}`
  for (const [id, is] of status) {
    if ('retryAt' in is && !Number.isFinite(is.retryAt)) return `session ${id} shows a retry at ${is.retryAt}`
    if (is.name === 'paused' && (is.reason === 'refused' || is.reason === 'expired') && !is.code)
      return `session ${id} is paused without a code`
  }
  return null
}

/** 27. A suspect lease, a lost lease and a refused source dial nothing; what shows a wait waits for something to come. */
export const waitsLieAhead: Check = ({ event, status }) => {
  for (const [id, is] of status) {
    if ('retryAt' in is && is.retryAt !== undefined && is.retryAt <= event.now)
      return `session ${id} shows a retry ${event.now - is.retryAt} ms ago`
  }
  return null
}

/** In the order in which a bug is best told: a late result that counted explains whatever else is then wrong. */
export const invariants: Readonly<Record<string, Check>> = {
  lateResultsChangeNothing,
  noSocketWithoutPermit,
  oneSocketPerSession,
  oneFlight,
  bucketHolds,
  retryAfterIsAFloor,
  noSocketUnlessWanted,
  neverStuck,
  statusNeverLies,
  refusedUntilReady,
  lostLeaseHasNoSocket,
  streakOutlivesMints,
  forcedOnce,
  rejectedIsNeverDialled,
  idsGrow,
  expiredOnlyIfHeld,
  renewalsCutNothing,
  suspicionEndsNothing,
  suspicionEndsSockets,
  asksOnlyIfWanted,
  overIsOver,
  deadlinesHold,
  singleUseIsUsedOnce,
  limitsHold,
  effectsFit,
  wellFormed,
  waitsLieAhead,
}
