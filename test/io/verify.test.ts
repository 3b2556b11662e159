import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { isRefused } from '../../src/io/verify.ts'
import { createTestWorld } from '../../src/testing/index.ts'

const url = 'https://api.test/me'

/** Asks a provider that answers like this. */
function ask(answers: (request: Request) => Promise<Response>, own: { method?: string } = {}) {
  const world = createTestWorld()
  world.serve('https://api.test', answers)
  const session = new AbortController()
  return { world, session, refused: isRefused(world.host, { url, ...own }, 'asked-0001', session.signal) }
}

const answers = (status: number) => () => Promise.resolve(new Response('body', { status }))

describe('asking a provider about a token', () => {
  it.each([
    [401, true],
    [200, false],
    [403, false],
    [500, false],
  ])('hears in %d: %j', async (status, refused) => {
    expect(await ask(answers(status)).refused).toBe(refused)
  })

  it('hears no verdict in a broken network, and none where the session ended meanwhile', async () => {
    expect(await ask(() => Promise.reject(new TypeError('broken'))).refused).toBe(false)
    const { session, refused } = ask(() => new Promise(() => {}))
    session.abort()
    expect(await refused).toBe(false)
  })

  it('waits 10 s and no longer', async () => {
    const { world, refused } = ask(() => new Promise(() => {}))
    const heard: boolean[] = []
    void refused.then((word) => heard.push(word))
    await world.advance(9_999)
    expect(heard).toEqual([])
    await world.advance(1)
    expect(heard).toEqual([false])
  })

  it('shows the token to nobody but the address itself, with its own method', async () => {
    const seen: Request[] = []
    const see = (request: Request): Promise<Response> => (seen.push(request), answers(200)())
    await ask(see).refused
    await ask(see, { method: 'POST' }).refused
    expect(seen.map(({ method, cache, redirect, credentials }) => ({ method, cache, redirect, credentials }))).toEqual(
      ['GET', 'POST'].map((method) => ({ method, cache: 'no-store', redirect: 'error', credentials: 'omit' })),
    )
    expect(seen[0]!.headers.get('authorization')).toBe('Bearer asked-0001')
  })

  it('leaves neither a timer nor a listener on the signal, which outlives it', async () => {
    const { world, session, refused } = ask(answers(200))
    expect([world.census.timers, getEventListeners(session.signal, 'abort').length]).toEqual([1, 1])
    await refused
    expect([world.census.timers, getEventListeners(session.signal, 'abort').length]).toEqual([0, 0])
  })
})
