/** May a session be connected, and if a mint is needed, when? Derived from the state and stored nowhere. */
import { anyoneWants, attached, isRefusal, isStop } from './lives.ts'
import { bucketAt } from './policy.ts'
import type { Attached, Core, Grant, Link, MintReason, Ms } from './state.ts'
import { isHeld } from './state.ts'

/** A lease is beyond doubt, and not over while the timer that ends it is late. Tickets have nothing to fear. */
export const isSure = (core: Core, now: Ms): boolean => !isHeld(core) || (core.suspectUntil === null && now < core.endsAt)

/** The grant that a dial may use now; null: no socket may be opened. The one gate. */
export function permit(core: Core, now: Ms): Grant | null {
  const { grant } = core
  return grant?.spent === false && now < grant.dialBefore && isSure(core, now) ? grant : null
}

/** Nothing is there to rely on: no lease beyond doubt, and no ticket that a dial could use. */
export const needsGrant = (core: Core): boolean => (isHeld(core) ? core.suspectUntil !== null : core.grant === null || core.grant.spent)

/** When the source would like to mint, whatever bucket and backoff say. */
function needAt(core: Core): Ms {
  const asap = -Infinity
  const { grant } = core
  if (isStop(core.trouble)) return Infinity
  if (core.prefetch && needsGrant(core)) return asap
  if (!anyoneWants(core)) return Infinity
  if (core.forced === 'due') return asap
  const unserved = unservedAt(core)
  if (isHeld(core)) return core.suspectUntil !== null || core.trouble !== null ? asap : Math.min(core.grant.renewAt, unserved)
  if (core.traits.atDial || core.traits.single) return unserved
  // A mint that was forced and failed is tried again like any other: `failing` would show until the next renewal is due.
  return grant === null || core.trouble !== null ? asap : grant.renewAt
}

/** When the first waiting dial is due that this grant cannot serve; a session without a link waits for nothing but the grant. */
function unservedAt(core: Core): Ms {
  const due = ({ life }: Attached<Link>): Ms => {
    if (life.is !== 'wanting') return Infinity
    if (life.link.is === 'none') return needsGrant(core) ? -Infinity : Infinity
    return life.link.is === 'down' && permit(core, life.link.dialAt) === null ? life.link.dialAt : Infinity
  }
  return Math.min(...attached(core).map(due), Infinity)
}

/** When the next mint starts if nothing else happens; Infinity: never. */
export function mintAt(core: Core): Ms {
  if (core.work.is === 'minting') return Infinity
  return Math.max(needAt(core), core.work.is === 'cooling' ? core.work.until : 0, bucketAt(core.bucket, core.beatMs))
}

export function mintReason(core: Core): MintReason {
  if (!anyoneWants(core)) return 'prefetch'
  if (isRefusal(core.trouble)) return 'probe'
  if (core.forced === 'due' || (core.rejected > 0 && core.grant === null)) return 'rejected'
  return core.grant === null ? 'connect' : 'renew'
}
