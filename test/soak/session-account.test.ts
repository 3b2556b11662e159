/** What a session does, and bugs of it: each must be found, and what is right must pass. */
import { describe, expect, test } from 'vitest'
import { SessionAccount } from '../../scripts/soak/session-account.ts'
import type { Status } from '../../src/index.ts'
import { listen } from './kit.ts'

const connected: Status = { name: 'connected', renewal: 'ok' }

function session(silenceMs: number | null = 13_000) {
  const { wrong, ids } = listen()
  const account = new SessionAccount('P1-0', { silenceMs }, wrong)
  let last: Status = { name: 'idle' }
  const tell = (status: Status): void => account.told((last = status))
  /** Looked at; epoch ms are monotonic ones here. */
  const look = (now: number, lagMs = 0, asks = false, status = last): void => account.look(status, { now, wall: now, lagMs, asks })
  /** A message that goes out, waits, or is not taken. */
  const send = (n: number, outcome: 'sent' | 'queued' | 'dropped', now = 0): void => {
    account.sends(n)
    if (outcome === 'sent') account.wires(n, 'connected', now, 0)
    account.sent(outcome, now)
  }
  return { account, ids, tell, look, send }
}

describe('a session that does all right', () => {
  test('connects, sends, loses its socket, queues and comes back', () => {
    const { account, ids, tell, look, send } = session()
    account.dials(1, 0, false)
    tell(connected)
    send(1, 'sent')
    look(5_000)
    account.leaves(1)
    tell({ name: 'reconnecting', retryAt: 9_000 })
    send(2, 'queued', 6_000)
    look(9_500)
    account.dials(2, 10_000, false)
    tell(connected)
    account.wires(2, 'connected', 10_100, 0)
    send(3, 'sent')
    account.leaves(2)
    tell({ name: 'closed' })
    account.closed(1_900, 0)
    account.ends()
    expect(ids).toEqual([])
  })

  test('hears each event once; after a gap, and in another conversation, it begins anew', () => {
    const { account, ids } = session()
    for (const n of [7, 8, 9]) account.event(n)
    account.gap()
    for (const n of [12, 13]) account.event(n)
    account.begins()
    for (const n of [5, 6]) account.event(n)
    expect(ids).toEqual([])
  })

  test('drops a message that finds no place, with its notice inside the call', () => {
    const { account, ids } = session()
    account.sends(1)
    account.dropped(1, 'queue-full')
    account.sent('dropped', 0)
    account.ends()
    expect(ids).toEqual([])
  })
})

describe('planted', () => {
  test('I2: a second socket', () => {
    const { account, ids } = session()
    account.dials(1, 0, false)
    account.dials(2, 100, false)
    expect(ids).toEqual(['I2'])
  })

  test('I6: a dial, and a socket, after the end', () => {
    const { account, ids, tell, look } = session()
    account.dials(1, 0, true)
    tell({ name: 'closed' })
    look(1_000)
    expect(ids).toEqual(['I6', 'I6'])
  })

  test('I9: the same status again; a snapshot that was not told; connected without a socket', () => {
    const { ids, tell, look } = session()
    tell({ name: 'connecting' })
    tell({ name: 'connecting' })
    expect(ids).toEqual(['I9'])
    look(1_000, 0, true, connected)
    expect(ids).toEqual(['I9', 'I9', 'I9'])
  })

  test('I4: a reason that is none', () => {
    const { ids, tell } = session()
    tell({ name: 'paused', reason: 'expired', code: 'quota' } as unknown as Status)
    expect(ids).toEqual(['I4'])
  })

  test("I4: nobody's turn, said once; a request, a socket or a time to come is somebody's", () => {
    const { account, ids, tell, look } = session()
    tell({ name: 'paused', reason: 'refused', code: 'quota', retryAt: 5_000 })
    for (const at of [0, 2_000, 4_000, 6_000]) look(at)
    look(8_000, 0, true)
    account.dials(1, 9_000, false)
    look(12_000)
    account.leaves(1)
    expect(ids).toEqual([])
    for (let at = 13_000; at < 30_000; at += 1_000) look(at)
    expect(ids).toEqual(['I4'])
  })

  test('I12: silence that nobody noticed, but not on a machine that was late', () => {
    const { account, ids, tell, look } = session(13_000)
    account.dials(1, 0, false)
    tell(connected)
    look(16_000, 1_000)
    expect(ids).toEqual([])
    look(16_000)
    expect(ids).toEqual(['I12'])
    const other = session(null)
    other.account.dials(1, 0, false)
    other.tell(connected)
    other.look(1_000_000)
    expect(other.ids).toEqual([])
  })

  test('I5: a message goes out while not connected', () => {
    const { account, ids, send } = session()
    send(1, 'queued')
    account.wires(1, 'reconnecting', 10, 0)
    expect(ids).toEqual(['I5'])
  })

  test('I10: out of order, and twice', () => {
    const { account, ids, send } = session()
    send(1, 'queued')
    send(2, 'queued')
    account.wires(2, 'connected', 10, 0)
    account.wires(1, 'connected', 20, 0)
    expect(ids).toEqual(['I10'])
    account.wires(2, 'connected', 30, 0)
    expect(ids).toEqual(['I10', 'I10', 'I11'])
  })

  test('I11: sent that was not, queued that was, dropped that did not wait, lost in the queue, too old', () => {
    const { account, ids, send } = session()
    account.sends(1)
    account.sent('sent', 0)
    account.sends(2)
    account.wires(2, 'connected', 0, 0)
    account.sent('queued', 0)
    account.wires(2, 'connected', 0, 0)
    expect(ids.filter((id) => id === 'I11')).toHaveLength(2)
    account.dropped(77, 'too-old')
    expect(ids.at(-1)).toBe('I11')
    send(3, 'queued', 0)
    account.wires(3, 'connected', 40_000, 0)
    send(4, 'queued', 0)
    account.ends()
    expect(ids.filter((id) => id === 'I11')).toHaveLength(5)
  })

  test('I11: more in the queue than it holds', () => {
    const { ids, look, send } = session()
    for (let n = 1; n <= 65; n++) send(n, 'queued')
    look(1_000)
    expect(ids).toEqual(['I11'])
  })

  test('I10: an event lost, and one repeated', () => {
    const { account, ids } = session()
    account.event(1)
    account.event(3)
    account.event(3)
    account.gap()
    account.event(2)
    expect(ids).toEqual(['I10', 'I10', 'I10'])
  })

  test('I7: a slow farewell, and a socket that is left', () => {
    const { account, ids } = session()
    account.closed(2_300, 100)
    expect(ids).toEqual([])
    account.closed(2_300, 0)
    account.dials(1, 0, false)
    account.ends()
    expect(ids).toEqual(['I7', 'I7'])
  })
})
