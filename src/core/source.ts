/** The source's machine: what an answer of the token endpoint, or the lack of one, does to grant, verdict and wait. */
import type { Effect, Event } from './event.ts'
import { anyoneConnected, attached, eachLink, isConnected, isRefusal, isStop, lose } from './lives.ts'
import { ackMs, beatOf, failureDelay, forcedEveryMs, grantOf, paceOf, probeDelay, refilled, rejectedAtMost, shortMs } from './policy.ts'
import type { Core, Failure, Id, Ms, Refusal, Ticket, Trouble, Work } from './state.ts'
import { isHeld } from './state.ts'

type Verdict = { readonly no: Refusal['no'] | Failure['no'] | 'forbidden'; readonly hard?: boolean }

const cooling = (now: Ms, delay: Ms, retryAfterMs: Ms): Work => {
  const floor = now + retryAfterMs
  return { is: 'cooling', until: Math.max(now + delay, floor), floor }
}

/** One more of the same class, or the first of a new one. A refusal outlasts failures: only a good mint takes it back. */
function add(before: Trouble | null, no: Refusal['no'] | Failure['no']): Refusal | Failure {
  const next = { no, tries: 0 } as Refusal | Failure
  if (isRefusal(before)) return isRefusal(next) ? { ...next, tries: before.tries + 1 } : { ...before, tries: before.tries + 1 }
  if (isRefusal(next) || before === null || isStop(before)) return next
  return { ...next, tries: (before as Failure).tries + 1 }
}

/** A mint that brought nothing. Under a living grant a transient trouble disturbs nobody; a refusal ends a lease at once. */
export function troubled(core: Core, verdict: Verdict, retryAfterMs: Ms, { now, random }: Event, out: Effect[]): Core {
  const living = isHeld(core) || (core.grant !== null && !core.grant.spent)
  // A full house does not take away what is already held; only 402 ends a lease.
  const no = verdict.no === 'quota' && living && !(verdict.hard && core.kind === 'lease') ? 'unavailable' : verdict.no
  const common = { ...core, prefetch: false }
  let next: Core
  if (no === 'forbidden') {
    next = { ...common, work: { is: 'rest' }, trouble: { no } }
  } else {
    const trouble = add(core.trouble, no)
    const delay = isRefusal(trouble)
      ? probeDelay(trouble.tries, core.traits.probe, random)
      : failureDelay(trouble.tries, core.beatMs, random)
    const work = cooling(now, delay, retryAfterMs)
    if (!isHeld(common)) next = { ...common, work, trouble }
    else next = isRefusal(trouble) ? { ...lose(common, now, trouble, false), work } : { ...common, work, trouble }
  }
  for (const [id, session] of Object.entries(next.sessions)) {
    if (isConnected(next, session.life)) out.push({ do: 'renewal-failed', session: Number(id) })
  }
  return next
}

/** A mint that starts or arrives is the one that was due. */
export const forcedBy = ({ forced }: Core, now: Ms): Core['forced'] => (forced === 'due' ? now + forcedEveryMs : forced)

/** A grant arrived. */
export function minted(core: Core, mint: Extract<Event, { is: 'minted' }>, out: Effect[]): Core {
  const { now, random } = mint
  if (core.work.is !== 'minting' || core.work.flight !== mint.flight) return core
  const { startedAt } = core.work
  // The endpoint may know better than the preset how soon a handshake must begin.
  const atDial = core.traits.atDial || (core.kind === 'ticket' && mint.connectByMs !== null && mint.connectByMs <= shortMs)
  const traits = { ...core.traits, atDial }
  const grant = grantOf(traits, { ...mint, startedAt }, now, random)
  const endsAt = startedAt + Math.min(mint.lifetimeMs, core.traits.graceMs)
  // The same token again is no renewal (a cached route); one that is over on arrival is as good as none.
  if (mint.same) return troubled(core, { no: 'malformed' }, 0, mint, out)
  const linked = attached(core).some((session) => session.traits.link)
  const dialless = now >= grant.dialBefore && (core.kind === 'ticket' || (linked && !anyoneConnected(core)))
  if (dialless || (core.kind === 'lease' && now >= endsAt)) return troubled(core, { no: 'timeout' }, 0, mint, out)

  const confirmed = !linked || anyoneConnected(core)
  const common = {
    ...core,
    traits,
    work: { is: 'rest' } as const,
    bucket: refilled(core.bucket, core.beatMs, now),
    beatMs: paceOf(beatOf(core.traits, mint.lifetimeMs)),
    prefetch: false,
    forced: forcedBy(core, now),
    rejected: linked ? core.rejected : 0,
    overcome: confirmed ? null : isRefusal(core.trouble) ? core.trouble.no : core.overcome,
    grant,
    trouble: null,
  }
  let next: Core
  if (common.kind === 'ticket') next = common
  else {
    const { expired: _expired, ...rest } = common as typeof common & { expired?: boolean }
    next = { ...rest, endsAt, suspectUntil: null }
  }
  return eachLink(next, now, (link, traits, session) => {
    if (link.is !== 'up') return link
    const beaten = { ...link, stableAt: Math.min(link.stableAt, now) }
    if (!traits.shows) return beaten
    out.push({ do: 'show', session, socket: link.socket.id, gen: grant.gen })
    return { ...beaten, showing: { gen: grant.gen, ackBy: now + ackMs } }
  })
}

/** A wait that a flight in the air or the server's own Retry-After outlasts. */
export function waiting(work: Work, now: Ms, delay: Ms): Work {
  if (work.is === 'minting') return work
  return cooling(now, delay, work.is === 'cooling' ? Math.max(0, work.floor - now) : 0)
}

/** The provider refused this generation. It is dropped and a fresh one asked for; three fresh ones in a row are a refusal. */
export function rejected(core: Core, gen: Id, { now, random }: Event): Core {
  if (core.grant?.gen !== gen) return core
  const count = core.rejected + 1
  const tries = count - rejectedAtMost
  const refused = tries >= 0 && !isStop(core.trouble)
  const trouble: Trouble | null = refused ? { no: 'rejected', tries } : core.trouble
  const work = refused ? waiting(core.work, now, probeDelay(tries, core.traits.probe, random)) : hurried(core.work, now)
  const common = isHeld(core) ? lose(core, now, trouble, true) : { ...(core as Ticket), grant: null, trouble }
  return { ...common, rejected: count, work }
}

/** Brings every wait forward, never below the server's Retry-After. The bucket stands behind this. */
export const hurried = (work: Work, now: Ms): Work =>
  work.is === 'cooling' ? { ...work, until: Math.min(work.until, Math.max(now, work.floor)) } : work

/** A different user: grant, verdict and flight are forgotten; the bucket and the server's Retry-After are not. */
export function reset(core: Core, now: Ms): Core {
  const work = hurried(core.work, now)
  const common = {
    work: work.is === 'cooling' && work.floor > now ? work : ({ is: 'rest' } as const),
    rejected: 0,
    forced: 'no' as const,
    prefetch: false,
    overcome: null,
  }
  const next: Core = isHeld(core)
    ? { ...lose(core, now, null, false), ...common }
    : { ...core, ...common, grant: null, trouble: null, ...(core.kind === 'lease' && { expired: false }) }
  return eachLink(next, now, (link) => (link.is === 'none' ? link : { is: 'down', attempt: 0, dialAt: now }))
}
