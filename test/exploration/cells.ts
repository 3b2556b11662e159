/** Status × what happens to it: the table of what can meet. */
import type { Event } from '../../src/core/event.ts'
import { verdictOf } from '../../src/core/policy.ts'
import type { Core, Id } from '../../src/core/state.ts'
import type { Status } from '../../src/core/status.ts'
import { statusOf } from '../../src/core/status.ts'

/** A status by its name and reason. */
export function statusName(status: Status): string {
  switch (status.name) {
    case 'paused':
      return `paused ${status.reason}`
    case 'failed':
      return `failed ${status.code}`
    case 'connected':
      return status.renewal === 'failing' ? 'connected, renewal failing' : 'connected'
    case 'idle':
    case 'connecting':
    case 'reconnecting':
    case 'closed':
      return status.name
    default:
      return status satisfies never
  }
}

/** An event by its kind; a close by what it means, a refusal by whether it ends a lease. News that comes too late is none. */
function eventName(core: Core, event: Event): string | null {
  if ('flight' in event && (core.work.is !== 'minting' || core.work.flight !== event.flight)) return null
  switch (event.is) {
    case 'refused':
      return event.hard ? 'refused for good' : 'refused'
    case 'closed': {
      const owner = Object.values(core.sessions).find(({ life }) => socketOf(life) === event.socket)
      return owner ? `closed, ${event.code === 1012 ? 'restart' : verdictOf(owner.traits.closeCodes, event.code)}` : null
    }
    default:
      return event.is
  }
}

type Life = Core['sessions'][Id]['life']
const socketOf = (life: Life): Id | null => (life.is === 'wanting' && 'socket' in life.link ? life.link.socket.id : null)

/** The cells of one step: of the session that the event names, or of every one. */
export function cellsOf(core: Core, event: Event): string[] {
  const name = eventName(core, event)
  if (name === null) return []
  const all = Object.entries(core.sessions)
  const met = all.filter(([id, { life }]) => {
    if ('session' in event) return event.session === Number(id)
    return 'socket' in event ? socketOf(life) === event.socket : true
  })
  return met.map(([id]) => `${statusName(statusOf(core, Number(id)))} × ${name}`)
}
