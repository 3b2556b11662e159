import { createTokenEndpoint } from '../../src/server/index.ts'
import type { Origins } from '../../src/server/index.ts'

/** The victim's cookie, which the browser adds to whatever a page makes it send. */
export const cookie = 'session=ada'

/** A token endpoint that counts whom it asks: nothing may be reached by a request that is refused. */
export function guarded(origins: Origins) {
  const reached = { authorize: 0, mint: 0 }
  const endpoint = createTokenEndpoint({
    origins,
    authorize: ({ headers }) => (reached.authorize++, headers.get('cookie') === cookie ? { id: 'ada' } : null),
    mint: () => (reached.mint++, { access_token: 'token' }),
  })
  return { endpoint, reached }
}

export const errorOf = async (response: Response): Promise<unknown> => ((await response.json()) as { error?: unknown }).error

/** The headers by which a browser lets a page of another origin read an answer. */
export const cors = ({ headers }: Response): (string | null)[] => [
  headers.get('access-control-allow-origin'),
  headers.get('access-control-allow-credentials'),
]
