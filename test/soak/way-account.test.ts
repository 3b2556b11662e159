/** What servers see, and bugs of the pages: each must be found, and what is right must pass. */
import { describe, expect, test } from 'vitest'
import { WayAccount } from '../../scripts/soak/way-account.ts'
import { listen } from './kit.ts'

function way() {
  const { wrong, ids } = listen()
  return { account: new WayAccount(wrong), ids }
}

test('one connection after another, and an end that comes a little late, are right', () => {
  const { account, ids } = way()
  account.granted('P1', 't', 40_000, 0)
  account.shows('P1', 'P1-0', 't', 100)
  account.connects('P1-0', 'a', 100)
  account.message('P1', 'P1-0', 1, true, 200)
  account.connects('P1-0', 'b', 1_000)
  account.look(1_500, 0)
  account.leaves('P1-0', 'a')
  account.message('P1', 'P1-0', 2, true, 1_600)
  account.connects('P1-1', 'c', 1_700)
  account.look(60_000, 0)
  expect(ids).toEqual([])
})

describe('planted', () => {
  test('I2: two live sockets of a session, said once', () => {
    const { account, ids } = way()
    account.connects('P1-0', 'a', 0)
    account.connects('P1-0', 'b', 100)
    account.look(3_000, 1_000)
    expect(ids).toEqual([])
    account.look(3_000, 0)
    account.look(5_000, 0)
    expect(ids).toEqual(['I2'])
  })

  test('I3: two requests of a page', () => {
    const { account, ids } = way()
    account.asks('P1', '1', 0, 0)
    account.asks('P2', '2', 0, 0)
    account.asks('P1', '3', 0, 500)
    account.answered('P2', '2')
    account.look(3_000, 0)
    expect(ids).toEqual(['I3'])
  })

  test('I3: a request before Retry-After, unless the page has given up a request: it may not have heard', () => {
    const { account, ids } = way()
    account.toldToWait('P1', 13_000, 0)
    account.asks('P1', '1', 1, 5_000)
    account.toldToWait('P2', 13_000, 2)
    account.asks('P2', '2', 2, 12_000)
    account.look(30_000, 0)
    expect(ids).toEqual([])
    account.toldToWait('P3', 53_000, 2)
    account.asks('P3', '3', 2, 50_000)
    account.answered('P1', '1')
    account.answered('P2', '2')
    account.answered('P3', '3')
    account.look(59_000, 0)
    expect(ids).toEqual([])
    account.look(60_000, 0)
    account.look(70_000, 0)
    expect(ids).toEqual(['I3'])
  })

  test('I1: a token that this page was not given', () => {
    const { account, ids } = way()
    account.granted('P2', 'other', 40_000, 0)
    account.shows('P1', 'P1-0', 'other', 100)
    expect(ids).toEqual(['I1'])
  })

  test('I1: a token after its life, judged when it is known how late the machine was', () => {
    const { account, ids } = way()
    account.granted('P1', 't', 40_000, 0)
    account.shows('P1', 'P1-0', 't', 42_000)
    account.look(52_000, 1_000)
    expect(ids).toEqual([])
    account.shows('P1', 'P1-0', 't', 60_000)
    account.look(70_000, 1_000)
    expect(ids).toEqual(['I1'])
  })

  test('I1: a message when the lease is over, or where none was given; a ticket may be over', () => {
    const { account, ids } = way()
    account.granted('P1', 't', 40_000, 0)
    account.message('P1', 'P1-0', 1, false, 90_000)
    account.message('P1', 'P1-0', 2, true, 90_000)
    account.message('P3', 'P3-0', 1, true, 90_000)
    account.look(100_000, 0)
    expect(ids).toEqual(['I1', 'I1'])
  })

  test('I10: a message twice, and out of order', () => {
    const { account, ids } = way()
    for (const n of [1, 2, 2, 4, 3]) account.message('P1', 'P1-0', n, false, 0)
    expect(ids).toEqual(['I10', 'I10'])
  })
})
