import { isRefusal } from '../core/lives.ts'
import { mintAt } from '../core/permit.ts'
import type { Id } from '../core/state.ts'
import { SessionError } from '../errors.ts'
import type { Source } from './source.ts'

export interface GrantInHand {
  readonly gen: Id
  readonly token: string
}

/**
 * The grant that may be used now; minted if there is none. `ended` says why the session may not have one. Rejects, too,
 * with the next refusal, and where nothing is on its way any more.
 */
export function awaitGrant(source: Source, ended: () => SessionError | null): Promise<GrantInHand> {
  const before = source.core.trouble
  const whyNot = (): SessionError | null => {
    const { core } = source
    const { trouble } = core
    const refused = isRefusal(trouble) && trouble !== before
    const nothingComes = core.work.is !== 'minting' && mintAt(core) === Infinity
    return refused || nothingComes ? new SessionError(trouble?.no ?? 'unavailable', undefined, { cause: source.cause }) : null
  }
  return new Promise((resolve, reject) => {
    let waits = true
    const look = (): void => {
      if (!waits) return
      const grant = source.token()
      const error = ended() ?? (grant ? null : whyNot())
      if (!error && !grant) return
      waits = false
      leave()
      unwish()
      if (error) return reject(error)
      resolve(grant!)
      // A single-use grant is spent now, and nobody else may have it.
      source.dispatch({ is: 'handed', gen: grant!.gen })
    }
    const leave = source.watch(look)
    // A session that wants to connect asks by itself, but not for a ticket that it needs only at its next dial.
    let unwish = (): void => {}
    if (!ended() && !source.token()) unwish = source.wish()
    if (waits) look()
    else unwish()
  })
}
