/** The ids that a state still knows, by age: 1 is the oldest. */
import type { Core, Id } from '../../src/core/state.ts'

export function ranksOf(core: Core): ReadonlyMap<Id, Id> {
  const ids = new Set<Id>()
  if (core.grant) ids.add(core.grant.gen)
  if (core.work.is === 'minting') ids.add(core.work.flight)
  for (const { life } of Object.values(core.sessions)) {
    if (life.is !== 'wanting' || life.link.is === 'down' || life.link.is === 'none') continue
    ids.add(life.link.socket.id).add(life.link.socket.gen)
    if (life.link.is === 'up' && life.link.showing) ids.add(life.link.showing.gen)
  }
  return new Map([...ids].sort((one, other) => one - other).map((id, index) => [id, index + 1]))
}
