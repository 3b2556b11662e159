/** What a session shows: a function of the two machines, stored nowhere. */
import { isRefusal } from './lives.ts'
import { mintAt, permit } from './permit.ts'
import type { Core, Failure, Id, Life, Link, Ms, Refusal } from './state.ts'
import { isHeld } from './state.ts'

type Code = Refusal['no'] | Failure['no']

/**
 * `name` decides which fields there are. `retryAt` is when the next try is due: in `session.status` in epoch milliseconds,
 * inside the core by the monotonic clock.
 */
export type Status =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting'; readonly code?: Code; readonly retryAt?: Ms }
  | { readonly name: 'connected'; readonly renewal: 'ok' }
  /** The session lives, but its grant is not being renewed. */
  | { readonly name: 'connected'; readonly renewal: 'failing'; readonly code: Code | 'forbidden'; readonly retryAt?: Ms }
  | { readonly name: 'reconnecting'; readonly code?: Code; readonly retryAt?: Ms }
  | { readonly name: 'paused'; readonly reason: 'asked' | 'hidden' }
  | { readonly name: 'paused'; readonly reason: 'refused'; readonly code: Refusal['no']; readonly retryAt?: Ms }
  | { readonly name: 'paused'; readonly reason: 'expired'; readonly code: Failure['no']; readonly retryAt?: Ms }
  | { readonly name: 'closed' }
  | { readonly name: 'failed'; readonly code: 'forbidden' | 'stopped' | 'bad_configuration' | 'gave_up' }

export function statusOf(core: Core, session: Id): Status {
  const life = core.sessions[session]?.life
  if (!life) return { name: 'idle' }
  switch (life.is) {
    case 'idle':
    case 'closed':
      return { name: life.is }
    case 'failed':
      return { name: 'failed', code: life.code }
    case 'held':
      return { name: 'paused', reason: life.by === 'page' ? 'hidden' : 'asked' }
    case 'wanting':
      return wantingStatus(core, life)
    default:
      return life satisfies never
  }
}

function wantingStatus(core: Core, life: Extract<Life<Link>, { is: 'wanting' }>): Status {
  const { link } = life
  const { trouble } = core
  if (link.is === 'up' || (link.is === 'none' && isHeld(core))) {
    if (trouble === null) return { name: 'connected', renewal: 'ok' }
    return { name: 'connected', renewal: 'failing', code: trouble.no, ...retry(mintAt(core)) }
  }
  // What is left of a ticket is used up first; only then does the last verdict show.
  const usable = link.is === 'opening' || link.is === 'settling' || (core.grant !== null && !core.grant.spent)
  if (isRefusal(trouble) && !usable) return { name: 'paused', reason: 'refused', code: trouble.no, ...retry(mintAt(core)) }
  const nextAt =
    link.is === 'none' || (link.is === 'down' && !permit(core, link.dialAt)) ? mintAt(core) : link.is === 'down' ? link.dialAt : Infinity
  if (core.overcome !== null) return { name: 'paused', reason: 'refused', code: core.overcome, ...retry(nextAt) }
  const code = trouble === null || trouble.no === 'forbidden' ? null : trouble.no
  if (core.kind === 'lease' && core.grant === null && core.expired && code !== null) {
    return { name: 'paused', reason: 'expired', code: code as Failure['no'], ...retry(mintAt(core)) }
  }
  return { name: life.been && link.is !== 'none' ? 'reconnecting' : 'connecting', ...(code !== null && { code }), ...retry(nextAt) }
}

/** A try that is not waiting has no time to show. */
const retry = (at: Ms): { retryAt?: Ms } => (Number.isFinite(at) ? { retryAt: at } : {})
