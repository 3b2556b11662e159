/** The link's machine: one socket after another to the same place. Each event names its socket; a retired one is nobody's. */
import type { Effect, Event } from './event.ts'
import { dropped, oneLife } from './lives.ts'
import { connectMs, failureDelay, readyMs, stableMs, verdictOf } from './policy.ts'
import { permit } from './permit.ts'
import { hurried, rejected, waiting } from './source.ts'
import type { Core, Dialling, Id, Life, Link, Ms, Up, Work } from './state.ts'
import type { LinkTraits } from './traits.ts'

type Wanting = Extract<Life<Link>, { is: 'wanting' }>
type Found = { readonly id: Id; readonly life: Wanting; readonly link: Dialling | Up; readonly traits: LinkTraits }

/** Every session that has a socket. */
export function linked(core: Core): Found[] {
  const all: Found[] = []
  for (const [id, { life, traits }] of Object.entries(core.sessions)) {
    if (life.is === 'wanting' && life.link.is !== 'down' && life.link.is !== 'none')
      all.push({ id: Number(id), life, link: life.link, traits })
  }
  return all
}

/** The session that owns a socket, or undefined for a socket that was retired. */
export const ownerOf = (core: Core, socket: Id): Found | undefined => linked(core).find(({ link }) => link.socket.id === socket)

const relink = (core: Core, found: Found, now: Ms, link: Link): Core => oneLife(core, found.id, now, () => ({ ...found.life, link }))

/**
 * Usable: the streak of attempts before open is over, and a verdict that showed until now is confirmed away. Where ready is
 * only the open socket, the streak of rejections goes on: a server that opens every socket to close it with 4401 has proved
 * nothing, and would be asked for a fresh grant without end.
 */
function up(core: Core, found: Found, now: Ms, out: Effect[]): Core {
  const { socket, attempt } = found.link
  out.push({ do: 'ready', session: found.id, socket: socket.id, attempt })
  const proven = found.traits.ready === 'frame'
  const link: Up = { is: 'up', socket, attempt, stableAt: now + stableMs, heardAt: now, proven }
  const next = oneLife(core, found.id, now, () => ({ ...found.life, link }))
  return { ...next, rejected: proven ? 0 : core.rejected, forced: 'no', overcome: null }
}

/** The socket is gone, whoever ended it: back down. Before open nobody can say why, so a fresh grant is tried, once in a while. */
export function socketLost(core: Core, found: Found, { now, random }: Event, close: { code: number; spreadMs: Ms }, out: Effect[]): Core {
  const down = relink(core, found, now, dropped(found.link, now, random, close))
  // A new dial needs a new grant: the wait for it is brought forward. No loop, as each drop had a grant of its own.
  const next = permit(down, now) === null ? { ...down, work: workAfter(down, found.link, now, random) } : down
  if (found.link.is !== 'opening') return next
  const { gen } = found.link.socket
  // Of a grant that no dial may use any more, no verdict is of use.
  if (found.traits.verifies && permit(core, now)?.gen === gen) out.push({ do: 'verify', session: found.id, gen })
  // A single-use grant is spent: the next dial has a fresh one anyway.
  const may = core.forced === 'no' || (core.forced !== 'due' && now >= core.forced)
  return may && !core.traits.single ? { ...next, forced: 'due' } : next
}

/**
 * Each dial of a single-use lease begins a new session at the provider, which may bill it: one that came to nothing waits in
 * the source's backoff, so that an outage does not cost a session a try. Everybody else's next mint is brought forward.
 */
function workAfter({ kind, traits, work, beatMs }: Core, link: Dialling | Up, now: Ms, random: number): Work {
  if (kind === 'ticket' || !traits.single || link.is === 'up') return hurried(work, now)
  return waiting(work, now, failureDelay(link.attempt, beatMs, random))
}

export function closed(core: Core, event: Extract<Event, { is: 'closed' }>, out: Effect[]): Core {
  const found = ownerOf(core, event.socket)
  if (!found) return core
  // Before open a browser shows only 1006, whatever was said.
  const verdict = found.link.is === 'opening' ? 'retry' : verdictOf(found.traits.closeCodes, event.code)
  switch (verdict) {
    case 'stop':
      return oneLife(core, found.id, event.now, () => ({ is: 'failed', code: 'stopped' }))
    case 'reauthorise':
      return rejected(socketLost(core, found, event, event, out), found.link.socket.gen, event)
    case 'retry':
      return socketLost(core, found, event, event, out)
    default:
      return verdict satisfies never
  }
}

export function socketEvent(core: Core, event: Extract<Event, { socket: Id }>, out: Effect[]): Core {
  if (event.is === 'closed') return closed(core, event, out)
  const found = ownerOf(core, event.socket)
  if (!found) return core
  const { link } = found
  const { now } = event
  switch (event.is) {
    case 'dialled':
      return link.is === 'opening' ? relink(core, found, now, { ...link, deadline: now + connectMs }) : core
    case 'opened':
      if (link.is !== 'opening') return core
      return found.traits.ready === 'open'
        ? up(core, found, now, out)
        : relink(core, found, now, { ...link, is: 'settling', deadline: now + readyMs })
    case 'ready':
      return link.is === 'settling' ? up(core, found, now, out) : core
    case 'heard': {
      if (link.is !== 'up' || event.at <= link.heardAt) return core
      const { probeBy: _answered, ...alive } = link
      return relink(core, found, now, { ...alive, heardAt: Math.min(event.at, now) })
    }
    case 'acked': {
      if (link.is !== 'up' || !link.showing) return core
      const { showing, ...shown } = link
      return relink(core, found, now, { ...shown, socket: { ...link.socket, gen: showing.gen } })
    }
    case 'denied': {
      const gen = link.is === 'up' && link.showing ? link.showing.gen : link.socket.gen
      return rejected(relink(core, found, now, dropped(link, now, event.random, { code: 0, spreadMs: 0 })), gen, event)
    }
    case 'broken':
      return oneLife(core, found.id, now, () => ({ is: 'failed', code: 'bad_configuration' }))
    default:
      return event satisfies never
  }
}

/** Deadlines of one link that have passed. */
export function linkElapsed(before: Core, owner: Found, event: Event, out: Effect[]): Core {
  const { now } = event
  const [core, found] = proved(before, owner, now)
  const { link, traits } = found
  const lost = (): Core => socketLost(core, found, event, { code: 0, spreadMs: 0 }, out)
  if (link.is !== 'up') return now >= link.deadline ? lost() : core
  if (link.showing && now >= link.showing.ackBy) return lost()
  if (!traits.liveness) return core
  if (link.probeBy !== undefined) return now >= link.probeBy ? lost() : core
  return now >= link.heardAt + traits.liveness.idleMs ? probing(core, found, now, out) : core
}

function proved(core: Core, found: Found, now: Ms): [Core, Found] {
  if (found.link.is !== 'up' || found.link.proven || now < found.link.stableAt) return [core, found]
  const link: Up = { ...found.link, proven: true }
  const life: Wanting = { ...found.life, link }
  return [
    { ...oneLife(core, found.id, now, () => life), rejected: 0 },
    { ...found, life, link },
  ]
}

/** Asks a link for a sign of life. */
export function probing(core: Core, found: Found, now: Ms, out: Effect[]): Core {
  const { link, traits } = found
  if (link.is !== 'up' || link.probeBy !== undefined || !traits.liveness) return core
  out.push({ do: 'probe', session: found.id, socket: link.socket.id })
  return relink(core, found, now, { ...link, probeBy: now + traits.liveness.answerMs })
}
