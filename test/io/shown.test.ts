import { describe, expect, it } from 'vitest'
import { looksLike, shown } from '../../src/io/shown.ts'
import { createTestWorld } from '../../src/testing/index.ts'

describe('a status as people see it', () => {
  it('has its time by the clock on the wall, however long the page has been open', async () => {
    const { host, advance } = createTestWorld()
    await advance(3_600_000)
    expect(shown({ name: 'connecting', retryAt: host.monotonic() + 1000.4 }, host)).toEqual({
      name: 'connecting',
      retryAt: host.wall() + 1000,
    })
    expect(shown({ name: 'closed' }, host)).toEqual({ name: 'closed' })
  })

  it('is another where anything but the rounding of its time is', () => {
    const at = (retryAt?: number) => ({ name: 'connecting', ...(retryAt !== undefined && { retryAt }) }) as const
    expect(looksLike(at(1000), at(1050))).toBe(true)
    expect(looksLike(at(1000), at(1051))).toBe(false)
    expect(looksLike(at(1051), at(1000))).toBe(false)
    expect(looksLike(at(), at(1000))).toBe(false)
    expect(looksLike(at(1000), { ...at(1000), code: 'network' })).toBe(false)
    expect(looksLike(at(), at())).toBe(true)
  })
})
