/** What a page does, and bugs of it: each must be found, and what is right must pass. */
import { describe, expect, test } from 'vitest'
import { PageAccount } from '../../scripts/soak/page-account.ts'
import type { Answered } from '../../scripts/soak/page-account.ts'
import { listen } from './kit.ts'

const granted = (token: string, lifeMs = 40_000): Answered => ({ is: 'granted', token, lifeMs })

function page(kind: 'lease' | 'ticket' = 'lease') {
  const { wrong, ids } = listen()
  const account = new PageAccount('P1', { kind, refillMs: 5_000, graceMs: Infinity }, wrong)
  let last = 0
  /** One request and its answer, 100 ms later. */
  const mint = (at: number, answer: Answered, lagMs = 0): void => {
    account.asks({ id: ++last, startedAt: at }, true, lagMs)
    account.answered(last, answer, at + 100)
  }
  return { account, ids, mint }
}

describe('a page that does all right', () => {
  test('renews, dials and sends while its lease lives', () => {
    const { account, ids, mint } = page()
    for (let at = 1_000; at < 200_000; at += 15_000) {
      mint(at, granted(`t${at}`))
      account.uses(`t${at}`, at + 14_000, 0)
      account.live('a message', at + 14_900, 0)
    }
    expect(ids).toEqual([])
  })

  test('asks three times at once, and then every five seconds', () => {
    const { ids, mint } = page()
    for (const at of [60_000, 60_100, 60_200, 65_000, 70_000]) mint(at, { is: 'failed', retryAfterMs: 0 })
    expect(ids).toEqual([])
  })

  test('dials with what is left of a ticket after a refusal', () => {
    const { account, ids, mint } = page('ticket')
    mint(1_000, granted('t'))
    mint(6_000, { is: 'refused', retryAfterMs: 0 })
    account.uses('t', 7_000, 0)
    expect(ids).toEqual([])
  })
})

describe('planted', () => {
  test('I3: two requests at a time', () => {
    const { account, ids } = page()
    account.asks({ id: 1, startedAt: 0 }, true, 0)
    account.asks({ id: 2, startedAt: 5_000 }, true, 0)
    expect(ids).toEqual(['I3'])
  })

  test('I3: a request before Retry-After is over', () => {
    const { ids, mint } = page()
    mint(1_000, { is: 'failed', retryAfterMs: 8_000 })
    mint(9_000, granted('t'))
    expect(ids).toEqual(['I3'])
  })

  test('I3: a fourth request at once', () => {
    const { ids, mint } = page()
    for (const at of [0, 200, 400, 600]) mint(at, { is: 'failed', retryAfterMs: 0 })
    expect(ids).toEqual(['I3'])
  })

  test('I3: a request that comes too early, by more than the lag', () => {
    for (const [early, lagMs, found] of [
      [250, 0, ['I3']],
      [250, 200, []],
      [500, 200, ['I3']],
    ] as const) {
      const { ids, mint } = page()
      for (const at of [0, 200, 400, 5_000 - early]) mint(at, { is: 'failed', retryAfterMs: 0 }, lagMs)
      expect(ids).toEqual(found)
    }
  })

  test('I6: a request when every session is over', () => {
    const { account, ids } = page()
    account.asks({ id: 1, startedAt: 0 }, false, 0)
    expect(ids).toEqual(['I6'])
  })

  test.each<[string, (parts: ReturnType<typeof page>) => void]>([
    ['after its life', ({ account }) => account.uses('t', 41_100, 0)],
    ['after a refusal', ({ account, mint }) => (mint(6_000, { is: 'refused', retryAfterMs: 0 }), account.uses('t', 7_000, 0))],
    ['after it was rejected', ({ account }) => (account.rejected('t'), account.uses('t', 2_000, 0))],
    ['that nobody gave', ({ account }) => account.uses('other', 2_000, 0)],
    ['whose request was given up', ({ account }) => account.uses('late', 2_000, 0)],
  ])('I1: a dial with a token %s', (_, plant) => {
    const parts = page()
    parts.mint(1_000, granted('t'))
    parts.account.asks({ id: 90, startedAt: 1_200 }, true, 0)
    parts.account.aborted(90)
    parts.account.answered(90, granted('late'), 1_300)
    plant(parts)
    expect(parts.ids).toEqual(['I1'])
  })

  test("I1: a dial with another user's token, also where that of this one is there", () => {
    const { account, ids, mint } = page()
    mint(1_000, granted('first'))
    account.reset()
    mint(6_000, granted('second'))
    account.uses('second', 6_200, 0)
    expect(ids).toEqual([])
    account.uses('first', 6_300, 0)
    expect(ids).toEqual(['I1'])
  })

  test.each(['reset', 'givenBack'] as const)('a token that was rejected, forgotten (%s) and given again may be used', (forgets) => {
    const { account, ids, mint } = page()
    mint(1_000, granted('t'))
    account.rejected('t')
    account[forgets]()
    mint(6_000, granted('t'))
    account.uses('t', 6_200, 0)
    expect(ids).toEqual([])
  })

  test('I1: a message on a lease that is over; how late the machine is widens the bound', () => {
    const { account, ids, mint } = page()
    mint(1_000, granted('t'))
    account.live('a message', 41_500, 1_000)
    expect(ids).toEqual([])
    account.live('a message', 41_500, 0)
    expect(ids).toEqual(['I1'])
  })
})
