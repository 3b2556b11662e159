/**
 * `step(state, event)`: time passes first, whatever woke us; then the event is handled; then what has become possible is
 * done (dial, mint, give up). Pure: the same state and event always give the same answer.
 */
import type { Effect, Event } from './event.ts'
import { linked, linkElapsed, probing, socketEvent } from './link.ts'
import { anyoneWants, attached, eachLife, eachLink, grounded, isConnected, isStop, lose, oneLife } from './lives.ts'
import { mintAt, mintReason, needsGrant, permit } from './permit.ts'
import { answerMs, suspectMs, taken } from './policy.ts'
import { forcedBy, hurried, minted, rejected, reset, troubled } from './source.ts'
import type { Core, Id, Life, Link, Ms } from './state.ts'
import { isHeld } from './state.ts'
import type { LinkTraits } from './traits.ts'

export function step(core: Core, event: Event): readonly [Core, readonly Effect[]] {
  const out: Effect[] = []
  const { now, random } = event
  const others = ('others' in event && event.others) || []
  const heard = others.reduce((next, other) => socketEvent(next, { now, random, is: 'heard', ...other }, out), core)
  // The network was earlier than the clock: a timer may be a minute late, and what was said may not be lost over it.
  if (event.is === 'heard' || event.is === 'closed' || event.is === 'denied')
    return [settled(elapsed(socketEvent(heard, event, out), event, out), event), out]
  return [settled(handled(elapsed(heard, event, out), event, out), event), out]
}

/** Every deadline that lies behind us, in the order in which they matter. */
function elapsed(core: Core, event: Event, out: Effect[]): Core {
  const { now } = event
  let next = core
  if (next.work.is === 'minting' && now >= next.work.giveUpAt) next = troubled(next, { no: 'timeout' }, 0, event, out)
  if (isHeld(next) && now >= next.endsAt) {
    // Where nobody asked, no answer is missing.
    const wanted = anyoneWants(next)
    next = lose(next, now, next.trouble ?? (wanted ? { no: 'timeout', tries: 0 } : null), wanted)
  }
  next = outdated(next, now)
  if (isHeld(next) && next.suspectUntil !== null && now >= next.suspectUntil) {
    next = eachLink({ ...next, suspectUntil: Infinity }, now, (link) => grounded(link, now))
  }
  for (const found of linked(next)) next = linkElapsed(next, found, event, out)
  next = eachLife(next, now, (life) => (life.is === 'wanting' && now >= life.giveUpAt ? { is: 'failed', code: 'gave_up' } : life))
  return unseen(next, now)
}

/** A ticket that no dial may use any more is nothing; a lease goes on without it, and the next dial waits for a renewal. */
function outdated(core: Core, now: Ms): Core {
  if (core.grant === null || now < core.grant.dialBefore) return core
  if (isHeld(core)) return core.grant.spent ? core : { ...core, grant: { ...core.grant, spent: true } }
  return { ...core, grant: null }
}

function handled(core: Core, event: Exclude<Event, { is: 'heard' | 'closed' | 'denied' }>, out: Effect[]): Core {
  const { now } = event
  switch (event.is) {
    case 'tick':
    case 'offline':
      return core
    case 'attach':
      return { ...core, sessions: { ...core.sessions, [event.session]: { traits: event.traits, life: { is: 'idle' } } } } as Core
    case 'detach': {
      const { [event.session]: _gone, ...sessions } = core.sessions
      return { ...core, sessions } as Core
    }
    case 'connect':
    case 'resume':
      return asked(core, event.session, event.is, now)
    case 'pause':
      return oneLife(core, event.session, now, (life) => {
        if (life.is === 'wanting') return { is: 'held', by: 'app', been: life.been }
        return life.is === 'held' && life.by === 'page' ? { ...life, by: 'both' } : life
      })
    case 'close':
      return oneLife(core, event.session, now, () => ({ is: 'closed' }))
    case 'prefetch':
      if (event.off) return { ...core, prefetch: false }
      // Only what is missing is fetched: a wish that outlived this grant would renew it with nobody there.
      return needsGrant(core) && !isStop(core.trouble) ? { ...core, prefetch: true } : core
    case 'reset':
      return reset(core, now)
    case 'away':
      return eachLife({ ...core, away: true }, now, (life) => (life.is === 'held' && life.by === 'app' ? { ...life, by: 'both' } : life))
    case 'back':
    case 'visible':
      return hint(suspected(backAgain({ ...core, away: false, hiddenAt: null }, now), event.is === 'back', now), now, out)
    case 'hidden':
      return { ...core, hiddenAt: core.hiddenAt ?? now }
    case 'online':
      return hint(core, now, out)
    case 'slept':
      return probed(suspected(core, true, now), now, out)
    case 'minted':
      return minted(core, event, out)
    case 'refused':
    case 'failed':
    case 'forbidden': {
      if (core.work.is !== 'minting' || core.work.flight !== event.flight) return core
      if (event.is === 'forbidden') return troubled(core, { no: 'forbidden' }, 0, event, out)
      return troubled(core, event, event.retryAfterMs, event, out)
    }
    case 'handed':
      // A single-use ticket has left the page; what a lease is for is to be handed out.
      return core.kind === 'ticket' && core.traits.single && core.grant?.gen === event.gen
        ? { ...core, grant: { ...core.grant, spent: true } }
        : core
    case 'rejected':
      return rejected(core, event.gen, event)
    case 'dialled':
    case 'opened':
    case 'ready':
    case 'acked':
    case 'broken':
      return socketEvent(core, event, out)
    default:
      return event satisfies never
  }
}

const fresh = (traits: LinkTraits, been: boolean, now: Ms): Life<Link> => ({
  is: 'wanting',
  been,
  link: traits.link ? { is: 'down', attempt: 0, dialAt: now } : { is: 'none' },
  giveUpAt: now + traits.giveUpAfterMs,
})

/** `connect()` and `resume()`: the "try again" button. Only `connect()` leaves idle, closed and failed. */
function asked(core: Core, session: Id, verb: 'connect' | 'resume', now: Ms): Core {
  const before = core.sessions[session]?.life
  if (before === undefined) return core
  const over = before.is !== 'wanting' && before.is !== 'held'
  if (over && verb === 'resume') return core
  const next = oneLife(core, session, now, (life, traits) => {
    if (life.is === 'wanting') return life
    if (life.is !== 'held') return fresh(traits, false, now)
    return life.by === 'app' ? fresh(traits, life.been, now) : { ...life, by: 'page' }
  })
  return hurry(verb === 'resume' ? next : forgiven(next, over && !anyoneWants(core)), now)
}

/** "Never" is asked again. With a new beginning, what an earlier connection lost or has yet to confirm is not this one's. */
function forgiven(core: Core, anew: boolean): Core {
  const next: Core = isStop(core.trouble) ? { ...core, trouble: null } : core
  if (!anew) return next
  return next.kind === 'lease' && next.grant === null ? { ...next, overcome: null, expired: false } : { ...next, overcome: null }
}

function backAgain(core: Core, now: Ms): Core {
  return eachLife(core, now, (life, traits) => {
    if (life.is !== 'held' || life.by === 'app') return life
    return life.by === 'both' ? { ...life, by: 'app' } : fresh(traits, life.been, now)
  })
}

/**
 * Time may have passed unseen: a lease is checked at once; a ticket has nothing to fear. A flight that was in the air is
 * asked again: its answer may be as old as the sleep was long.
 */
function suspected(core: Core, certain: boolean, now: Ms): Core {
  if (!certain || core.kind === 'ticket') return core
  const next: Core = core.work.is === 'minting' ? { ...core, work: { is: 'rest' } } : core
  return isHeld(next) ? { ...next, suspectUntil: next.suspectUntil ?? now + suspectMs, work: hurried(next.work, now) } : next
}

/** Brings the gate forward: a waiting mint and a waiting dial happen now. */
const hurry = (core: Core, now: Ms): Core =>
  eachLink({ ...core, work: hurried(core.work, now) }, now, (link) =>
    link.is === 'down' ? { ...link, dialAt: Math.min(link.dialAt, now) } : link,
  )

const hint = (core: Core, now: Ms, out: Effect[]): Core => probed(hurry(core, now), now, out)

const probed = (core: Core, now: Ms, out: Effect[]): Core => linked(core).reduce((next, found) => probing(next, found, now, out), core)

/** What the state allows now is done now: stop, dial, mint, count the time without connection. */
function settled(core: Core, { now }: Event): Core {
  let next = unqueued(unseen(outdated(core, now), now), now)
  // A single-use lease lives and dies with its one socket.
  if (isHeld(next) && next.traits.single && next.grant.spent && linked(next).length === 0) next = lose(next, now, next.trouble, false)
  if (next.work.is === 'minting' && !anyoneWants(next) && !next.prefetch) next = { ...next, work: { is: 'rest' } }
  next = stopped(dialled(next, now), now)
  if (mintAt(next) <= now) next = minting(next, now)
  return eachLife(next, now, (life, traits) => {
    if (life.is !== 'wanting') return life
    if (isConnected(next, life)) return life.been && life.giveUpAt === Infinity ? life : { ...life, been: true, giveUpAt: Infinity }
    return life.giveUpAt === Infinity ? { ...life, giveUpAt: now + traits.giveUpAfterMs } : life
  })
}

/** A page that is away holds every session, and so does one hidden longer than a session allows. */
function unseen(core: Core, now: Ms): Core {
  const { away, hiddenAt } = core
  if (!away && hiddenAt === null) return core
  if (!attached(core).some(({ life }) => life.is === 'wanting' || life.is === 'held')) return { ...core, away: false, hiddenAt: null }
  return eachLife(core, now, (life, traits) => {
    const long = away || (hiddenAt !== null && now >= hiddenAt + traits.pauseWhenHiddenMs)
    return long && life.is === 'wanting' ? { is: 'held', by: 'page', been: life.been } : life
  })
}

/** A socket that still waits in the dial queue may not be dialled any more with a grant that is gone, stale or suspect. */
function unqueued(core: Core, now: Ms): Core {
  const { grant } = core
  const stale = grant === null || now >= grant.dialBefore || (isHeld(core) && core.suspectUntil !== null)
  return eachLink(core, now, (link) => {
    if (link.is !== 'opening' || link.deadline !== Infinity) return link
    // Grants that serve one dial each replace each other, and every waiting socket keeps its own.
    return stale || (link.socket.gen !== grant.gen && !core.traits.single) ? grounded(link, now) : link
  })
}

/** The gate: permit first, then dial. */
function dialled(core: Core, now: Ms): Core {
  let next = core
  for (const [id, { life }] of Object.entries(core.sessions)) {
    const grant = permit(next, now)
    if (life.is !== 'wanting' || life.link.is !== 'down' || life.link.dialAt > now || grant === null) continue
    const socket = { id: next.lastId + 1, gen: grant.gen }
    const link: Link = { is: 'opening', socket, deadline: Infinity, attempt: life.link.attempt }
    const dialling = { ...next, lastId: socket.id, grant: { ...grant, spent: next.traits.single } } as Core
    next = oneLife(dialling, Number(id), now, () => ({ ...life, link }))
  }
  return next
}

/** They said never: who waits for a dial that nothing left could serve, or for a lease that is gone, waits in vain. */
function stopped(core: Core, now: Ms): Core {
  if (!isStop(core.trouble)) return core
  const inVain = (link: Link): boolean => (link.is === 'down' ? permit(core, link.dialAt) === null : link.is === 'none' && !isHeld(core))
  return eachLife(core, now, (life) => (life.is === 'wanting' && inVain(life.link) ? { is: 'failed', code: 'forbidden' } : life))
}

function minting(core: Core, now: Ms): Core {
  const reason = mintReason(core)
  const attempt = core.trouble !== null && 'tries' in core.trouble ? core.trouble.tries + 1 : 0
  const flight = core.lastId + 1
  return {
    ...core,
    lastId: flight,
    work: { is: 'minting', flight, startedAt: now, giveUpAt: now + answerMs(core.beatMs), reason, attempt },
    bucket: taken(core.bucket, core.beatMs, now),
    forced: forcedBy(core, now),
  }
}
