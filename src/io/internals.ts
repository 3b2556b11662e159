import type { Id } from '../core/state.ts'
import type { SourcePreset } from '../presets/preset.ts'
import type { GrantInHand } from './await-grant.ts'
import type { Source } from './source.ts'

/** What the separate public functions may see of a session; nothing of it hangs on the session object itself. */
export interface Internals {
  readonly source: Source
  readonly preset: SourcePreset
  /** The grant to use now, minted if need be. First gives this generation back, if it is still the current one (0: none). */
  readonly grant: (rejected: Id) => Promise<GrantInHand>
}

export const internals = new WeakMap<object, Internals>()

export function internalsOf(session: object): Internals {
  const found = internals.get(session)
  if (!found) throw new TypeError('this is not a session made by createSession')
  return found
}
