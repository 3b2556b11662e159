import { describe, expect, test } from 'vitest'
import { MintError } from '../../src/server/index.ts'
import { keyGuard } from '../../src/server/mint/key-guard.ts'

const forever = () => new AbortController().signal
const turn = () => new Promise((resolve) => setTimeout(resolve, 0))

/** Calls that end when the test says so. */
function calls() {
  const open: { resolve: (value: string) => void; reject: (error: Error) => void }[] = []
  return { open, call: () => new Promise<string>((resolve, reject) => open.push({ resolve, reject })) }
}
/** Caught at once, so that a refusal that comes early is not an unhandled one. */
const outcomes = (...work: Promise<unknown>[]) => Promise.all(work.map((one) => one.catch((error: unknown) => (error as Error).message)))

describe('a key that has not proved itself', () => {
  test('is tried by one call; when it is good the others go, 20 at a time', async () => {
    const { open, call } = calls()
    const guard = keyGuard({ now: () => 0 })
    const all = outcomes(...Array.from({ length: 50 }, () => guard.run('k', call, forever())))
    await turn()
    expect(open).toHaveLength(1)
    open[0]?.resolve('ok')
    await turn()
    expect(open).toHaveLength(21)
    open[1]?.resolve('ok')
    await turn()
    expect(open).toHaveLength(22)
    for (let n = 2; n < 50; n++) {
      open[n]?.resolve('ok')
      await turn()
    }
    expect(await all).toEqual(Array.from({ length: 50 }, () => 'ok'))
  })

  test.each(['unavailable', 'quota', 'forbidden', 'key_refused'] as const)(
    'what the first one meets, %s, the others are told without a call',
    async (code) => {
      const { open, call } = calls()
      const guard = keyGuard({ now: () => 0 })
      const all = outcomes(...Array.from({ length: 5 }, () => guard.run('k', call, forever())))
      await turn()
      open[0]?.reject(new MintError(code, { upstreamStatus: 429, message: 'first' }))
      expect(new Set(await all)).toEqual(new Set([`[${code}] first`]))
      expect(open).toHaveLength(1)
    },
  )

  test('an answer about something else than the key proves it', async () => {
    const { open, call } = calls()
    const guard = keyGuard({ now: () => 0 })
    const all = outcomes(...Array.from({ length: 3 }, () => guard.run('k', call, forever())))
    await turn()
    open[0]?.reject(new MintError('unavailable', { upstreamStatus: 404, message: 'no such agent' }))
    await turn()
    expect(open).toHaveLength(3)
    open[1]?.resolve('ok')
    open[2]?.resolve('ok')
    expect(await all).toEqual(['[unavailable] no such agent', 'ok', 'ok'])
  })

  test('when the caller that went ahead goes away, the next one goes ahead', async () => {
    const { open, call } = calls()
    const guard = keyGuard({ now: () => 0 })
    const all = outcomes(guard.run('k', call, forever()), guard.run('k', call, forever()))
    await turn()
    open[0]?.reject(new DOMException('gone', 'AbortError'))
    await turn()
    open[1]?.resolve('ok')
    expect(await all).toEqual(['gone', 'ok'])
  })

  test('who goes away while waiting leaves no place taken', async () => {
    const { open, call } = calls()
    const guard = keyGuard({ now: () => 0, atOnce: 1 })
    const page = new AbortController()
    const all = outcomes(guard.run('k', call, forever()), guard.run('k', call, page.signal), guard.run('k', call, forever()))
    await turn()
    page.abort(new Error('gone'))
    open[0]?.resolve('ok')
    await turn()
    expect(open).toHaveLength(2)
    open[1]?.resolve('ok')
    expect(await all).toEqual(['ok', 'gone', 'ok'])
  })
})

describe('what is known about a key', () => {
  const good = async () => 'ok'
  const refused = async () => {
    throw new MintError('key_refused', { upstreamStatus: 401 })
  }

  test('a proof lasts 5 s: a burst after a quiet time is one call first', async () => {
    let now = 0
    const { open, call } = calls()
    const guard = keyGuard({ now: () => now })
    await guard.run('k', good, forever())
    now = 5_000
    const all = outcomes(guard.run('k', call, forever()), guard.run('k', call, forever()))
    await turn()
    expect(open).toHaveLength(1)
    open[0]?.resolve('ok')
    await turn()
    open[1]?.resolve('ok')
    expect(await all).toEqual(['ok', 'ok'])
  })

  test('trouble with a proven key is nobody else’s', async () => {
    const { open, call } = calls()
    const guard = keyGuard({ now: () => 0 })
    await guard.run('k', good, forever())
    const all = outcomes(guard.run('k', call, forever()), guard.run('k', call, forever()))
    await turn()
    open[0]?.reject(new MintError('unavailable', { message: 'first' }))
    open[1]?.resolve('ok')
    expect(await all).toEqual(['[unavailable] first', 'ok'])
  })

  test('a refusal is one key’s, for 30 s; another key is not touched', async () => {
    let now = 0
    const guard = keyGuard({ now: () => now })
    await expect(guard.run('old', refused, forever())).rejects.toMatchObject({ code: 'key_refused' })
    await expect(guard.run('old', good, forever())).rejects.toMatchObject({ code: 'key_refused' })
    await expect(guard.run('new', good, forever())).resolves.toBe('ok')
    now = 30_000
    await expect(guard.run('old', good, forever())).resolves.toBe('ok')
  })
})
