/** What must exist, given the state: the runner makes the world match it. Nothing is commanded, so nothing is forgotten. */
import { linked } from './link.ts'
import { anyoneWants, attached } from './lives.ts'
import { mintAt } from './permit.ts'
import type { Core, Id, MintReason, Ms } from './state.ts'
import { isHeld } from './state.ts'

export interface Wants {
  readonly request: { readonly flight: Id; readonly reason: MintReason; readonly attempt: number } | null
  readonly sockets: readonly { readonly id: Id; readonly session: Id; readonly gen: Id; readonly attempt: number }[]
  /** When the state would like to be woken; Infinity: never. */
  readonly wakeAt: Ms
}

export function wants(core: Core): Wants {
  const sockets = linked(core).map(({ id: session, link: { socket, attempt } }) => ({ ...socket, session, attempt }))
  const { work } = core
  const request = work.is === 'minting' ? { flight: work.flight, reason: work.reason, attempt: work.attempt } : null
  return { request, sockets, wakeAt: wakeAt(core) }
}

function wakeAt(core: Core): Ms {
  const { work, grant } = core
  let at = work.is === 'minting' ? work.giveUpAt : mintAt(core)
  const by = (deadline: Ms): void => {
    if (deadline < at) at = deadline
  }
  // A lease that nobody wants may run out unwatched: the next event lets that time pass.
  if (isHeld(core) && anyoneWants(core)) {
    by(core.endsAt)
    if (core.suspectUntil !== null) by(core.suspectUntil)
  }
  for (const { life, traits } of attached(core)) {
    if (life.is !== 'wanting') continue
    by(life.giveUpAt)
    if (core.hiddenAt !== null) by(core.hiddenAt + traits.pauseWhenHiddenMs)
    const { link } = life
    switch (link.is) {
      case 'none':
        break
      case 'down':
        // Without a permit the dial waits for a mint, and that has a time of its own.
        if (grant !== null && !grant.spent && !(isHeld(core) && core.suspectUntil !== null))
          by(Math.min(Math.max(link.dialAt, 0), grant.dialBefore))
        break
      case 'opening':
      case 'settling':
        by(link.deadline)
        if (grant !== null && link.deadline === Infinity) by(grant.dialBefore)
        break
      case 'up':
        if (link.showing) by(link.showing.ackBy)
        if (traits.liveness) by(link.probeBy ?? link.heardAt + traits.liveness.idleMs)
        break
      default:
        link satisfies never
    }
  }
  return at
}
