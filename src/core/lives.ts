/** Small moves on the sessions of a source, shared by the machines. */
import { dialDelay, spreadAtMostMs } from './policy.ts'
import type { Attached, Core, Dialling, Down, Grounded, Held, Id, Life, Link, Lost, Ms, Refusal, Trouble, Up } from './state.ts'
import { isHeld } from './state.ts'
import type { LinkTraits } from './traits.ts'

export const isRefusal = (trouble: Trouble | null): trouble is Refusal =>
  trouble !== null && ['login_required', 'key_refused', 'revoked', 'rejected', 'quota'].includes(trouble.no)

export const isStop = (trouble: Trouble | null): boolean => trouble?.no === 'forbidden'

export const attached = (core: Core): Attached<Link>[] => Object.values(core.sessions)

export const anyoneWants = (core: Core): boolean => attached(core).some((session) => session.life.is === 'wanting')

/** Connected: the link is up, or there is none and the lease is held. */
export function isConnected(core: Core, life: Life<Link>): boolean {
  return life.is === 'wanting' && (life.link.is === 'up' || (life.link.is === 'none' && isHeld(core)))
}

export const anyoneConnected = (core: Core): boolean => attached(core).some((session) => isConnected(core, session.life))

/** A link whose socket we take away ourselves: no failed attempt, and it may dial again at once. */
export function grounded(link: Link, now: Ms): Grounded {
  if (link.is === 'down' || link.is === 'none') return link
  return { is: 'down', attempt: isStable(link, now) ? 0 : link.attempt, dialAt: now }
}

const isStable = (link: Dialling | Up, now: Ms): boolean => link.is === 'up' && now >= link.stableAt

const ground = (core: Core, now: Ms): Record<Id, Attached<Grounded>> =>
  Object.fromEntries(
    Object.entries(core.sessions).map(([id, { traits, life }]) => {
      const down: Life<Grounded> = life.is === 'wanting' ? { ...life, link: grounded(life.link, now) } : life
      return [id, { traits, life: down }]
    }),
  )

/** Changes every life. Without a lease whatever had a socket loses it here, so that no caller can forget to. */
export function eachLife(core: Core, now: Ms, change: (life: Life<Link>, traits: LinkTraits, id: Id) => Life<Link>): Core {
  let sessions = core.sessions as Readonly<Record<Id, Attached<Link>>>
  for (const [key, session] of Object.entries(core.sessions)) {
    const life = change(session.life, session.traits, Number(key))
    if (life !== session.life) sessions = { ...sessions, [key]: { ...session, life } }
  }
  if (sessions === core.sessions) return core
  const next = { ...core, sessions } as Core
  return core.kind === 'ticket' || core.grant !== null ? next : { ...next, sessions: ground(next, now) }
}

export const oneLife = (core: Core, id: Id, now: Ms, change: (life: Life<Link>, traits: LinkTraits) => Life<Link>): Core =>
  eachLife(core, now, (life, traits, other) => (other === id ? change(life, traits) : life))

/** Changes the link of every session that wants to be connected. */
export const eachLink = (core: Core, now: Ms, change: (link: Link, traits: LinkTraits, id: Id) => Link): Core =>
  eachLife(core, now, (life, traits, id) => {
    if (life.is !== 'wanting') return life
    const link = change(life.link, traits, id)
    return link === life.link ? life : { ...life, link }
  })

/** The lease is gone, and with it every socket. */
export function lose(core: Held, now: Ms, trouble: Trouble | null, expired: boolean): Lost {
  const { suspectUntil: _suspect, endsAt: _end, ...common } = core
  return { ...common, grant: null, trouble, expired, sessions: ground(core, now) }
}

/** Where a link goes that lost its socket: back down, with the time of its next dial. */
export function dropped(link: Dialling | Up, now: Ms, random: number, close: { code: number; spreadMs: Ms }): Down {
  const stable = isStable(link, now)
  const attempt = stable ? 1 : link.attempt + 1
  const restart = close.code === 1012
  const delay =
    attempt === 1 && close.spreadMs > 0
      ? random * Math.min(close.spreadMs, spreadAtMostMs)
      : stable && !restart
        ? 0
        : dialDelay(attempt, restart, random)
  return { is: 'down', attempt, dialAt: now + delay }
}
