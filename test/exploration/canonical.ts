/**
 * Two states that behave alike from now on have one canonical form: times count from now, and what is over is over; ids count
 * by age; counters that no wait depends on any more stand still. So cycles are found, and a state is visited once.
 */
import { isRefusal } from '../../src/core/lives.ts'
import { refilled } from '../../src/core/policy.ts'
import type { Attached, Core, Grant, Id, Life, Link, Ms, Trouble, Work } from '../../src/core/state.ts'
import { isHeld } from '../../src/core/state.ts'
import type { LinkTraits } from '../../src/core/traits.ts'
import { ranksOf } from './ids.ts'

/** The time of every canonical state. */
export const T = 1_000_000
/** An id that nobody has any more. */
export const old = 0

/** From here on a dial's window is at its cap. */
const attemptsAtMost = 6
/** From here on neither a failure's nor a refusal's wait grows, with the configurations' probes and beats. */
const triesAtMost = 4
const rejectedAtMost = 3 + 2

export function canonical(core: Core, now: Ms): Core {
  const rank = ranksOf(core)
  const at = (time: Ms): Ms => (Number.isFinite(time) ? T + Math.round((time - now) * 1000) / 1000 : time)
  const ahead = (time: Ms): Ms => (time <= now ? T : at(time))
  const { left } = refilled(core.bucket, core.beatMs, now)
  const common = {
    ...core,
    work: workOf(core.work, rank, at, ahead),
    bucket: { left: Math.round(left * 1e6) / 1e6, at: T },
    lastId: rank.size,
    rejected: Math.min(core.rejected, rejectedAtMost),
    forced: typeof core.forced === 'number' ? ahead(core.forced) : core.forced,
    trouble: troubleOf(core.trouble),
    grant: core.grant && grantOf(core.grant, rank, ahead),
    hiddenAt: hiddenAtOf(core, at),
    sessions: Object.fromEntries(
      Object.entries(core.sessions).map(([id, session]): [string, Attached<Link>] => [
        id,
        { traits: session.traits, life: lifeOf(session.life, session.traits, rank, at, ahead) },
      ]),
    ),
  }
  if (!isHeld(core)) return common as Core
  return { ...common, endsAt: at(core.endsAt), suspectUntil: core.suspectUntil === null ? null : at(core.suspectUntil) } as Core
}

type Ranks = ReadonlyMap<Id, Id>
type Moved = (time: Ms) => Ms

const grantOf = (grant: Grant, rank: Ranks, ahead: Moved): Grant => ({
  gen: rank.get(grant.gen)!,
  renewAt: ahead(grant.renewAt),
  dialBefore: ahead(grant.dialBefore),
  spent: grant.spent,
})

function workOf(work: Work, rank: Ranks, at: Moved, ahead: Moved): Work {
  switch (work.is) {
    case 'rest':
      return work
    case 'cooling':
      return { is: 'cooling', until: ahead(work.until), floor: ahead(work.floor) }
    case 'minting':
      // What the endpoint is told of it changes nothing here.
      return {
        is: 'minting',
        flight: rank.get(work.flight)!,
        startedAt: at(work.startedAt),
        giveUpAt: at(work.giveUpAt),
        reason: 'renew',
        attempt: 0,
      }
    default:
      return work satisfies never
  }
}

const troubleOf = (trouble: Trouble | null): Trouble | null =>
  trouble === null || trouble.no === 'forbidden'
    ? trouble
    : { ...trouble, tries: Math.min(trouble.tries, isRefusal(trouble) ? 1 : triesAtMost) }

/** A page that nobody waits for may be hidden for ever. */
function hiddenAtOf({ hiddenAt, sessions }: Core, at: Moved): Ms | null {
  if (hiddenAt === null) return null
  const longest = Math.max(
    ...Object.values(sessions)
      .map(({ traits }) => traits.pauseWhenHiddenMs)
      .filter(Number.isFinite),
    0,
  )
  return longest === 0 ? T : Math.max(at(hiddenAt), T - longest)
}

function lifeOf(life: Life<Link>, traits: LinkTraits, rank: Ranks, at: Moved, ahead: Moved): Life<Link> {
  return life.is === 'wanting' ? { ...life, giveUpAt: at(life.giveUpAt), link: linkOf(life.link, traits, rank, at, ahead) } : life
}

function linkOf(link: Link, traits: LinkTraits, rank: Ranks, at: Moved, ahead: Moved): Link {
  switch (link.is) {
    case 'none':
      return link
    case 'down':
      return { is: 'down', attempt: Math.min(link.attempt, attemptsAtMost), dialAt: ahead(link.dialAt) }
    case 'opening':
    case 'settling':
      return {
        is: link.is,
        socket: { id: rank.get(link.socket.id)!, gen: rank.get(link.socket.gen)! },
        deadline: at(link.deadline),
        attempt: Math.min(link.attempt, attemptsAtMost),
      }
    case 'up':
      return {
        is: 'up',
        socket: { id: rank.get(link.socket.id)!, gen: rank.get(link.socket.gen)! },
        attempt: Math.min(link.attempt, attemptsAtMost),
        stableAt: ahead(link.stableAt),
        heardAt: traits.liveness ? at(link.heardAt) : T,
        proven: link.proven,
        ...(link.probeBy !== undefined && { probeBy: at(link.probeBy) }),
        ...(link.showing && { showing: { gen: rank.get(link.showing.gen)!, ackBy: at(link.showing.ackBy) } }),
      }
    default:
      return link satisfies never
  }
}

/** The canonical form as text; the traits are the configuration's and not in it. */
export function keyOf(core: Core): string {
  const { work, grant, trouble, bucket } = core
  let key = `${bucket.left} ${core.beatMs} ${core.lastId} ${core.rejected} ${core.forced} ${core.prefetch} ${core.overcome} ${core.away} ${core.hiddenAt} ${core.traits.atDial}|${work.is}`
  if (work.is === 'minting') key += ` ${work.flight} ${work.startedAt} ${work.giveUpAt}`
  if (work.is === 'cooling') key += ` ${work.until} ${work.floor}`
  if (trouble !== null) key += `|${trouble.no} ${'tries' in trouble ? trouble.tries : ''}`
  if (grant !== null) key += `|${grant.gen} ${grant.renewAt} ${grant.dialBefore} ${grant.spent}`
  if (isHeld(core)) key += ` ${core.endsAt} ${core.suspectUntil}`
  else if (core.kind === 'lease') key += ` ${core.expired}`
  for (const id in core.sessions) key += `|${id} ${lifeKey(core.sessions[id]!.life)}`
  return key
}

function lifeKey(life: Life<Link>): string {
  if (life.is === 'failed') return `failed ${life.code}`
  if (life.is === 'held') return `held ${life.by} ${life.been}`
  if (life.is !== 'wanting') return life.is
  const { link } = life
  const own = `${life.been} ${life.giveUpAt} ${link.is}`
  if (link.is === 'none') return own
  if (link.is === 'down') return `${own} ${link.attempt} ${link.dialAt}`
  const socket = `${own} ${link.attempt} ${link.socket.id} ${link.socket.gen}`
  if (link.is !== 'up') return `${socket} ${link.deadline}`
  return `${socket} ${link.stableAt} ${link.heardAt} ${link.proven} ${link.probeBy} ${link.showing?.gen} ${link.showing?.ackBy}`
}

/** 53 bits of a text, as a number: with ten million states two of them are the same once in two hundred runs. */
export function hashOf(text: string): number {
  let a = 0x811c9dc5
  let b = 0x1b873593
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index)
    a = Math.imul(a ^ char, 0x01000193)
    b = Math.imul(b ^ char, 0x85ebca6b) ^ (b >>> 13)
  }
  a ^= a >>> 15
  b ^= b >>> 16
  return (a >>> 0) * 0x20_0000 + (b >>> 11)
}
