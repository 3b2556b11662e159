import { fetchWith } from '../../src/index.ts'
import type { Session } from '../../src/index.ts'
import { see } from '../stories/backends.ts'

/** Both exits of a secret are used, and neither is looked at: what they hand out is the application's own. */
export function accessing<In>(session: Session<In>, rejected: boolean): void {
  const complain = (error: unknown): void => void see('rejection', error)
  session.accessToken({ rejected }).catch(complain)
  fetchWith(session as Session, 'https://api.test/v1').then((response) => see('response', [response.status, response.url]), complain)
}
