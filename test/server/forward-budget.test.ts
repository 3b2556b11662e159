import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fairTurns } from '../../src/server/forward/turns.ts'
import type { Turn } from '../../src/server/forward/turns.ts'
import { forwarding, key } from './forward-kit.ts'
import { json } from './requests.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }))
afterEach(() => void vi.useRealTimers())

const rate = (limit: number, remaining: number, resetInSeconds: number) => ({
  'x-ratelimit-limit': String(limit),
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + resetInSeconds),
})
const ok = (headers: Record<string, string> = {}) => ({ status: 200, headers: new Headers(headers), retryAfter: undefined })
const forever = () => new AbortController().signal
const done = (turn: Turn): void => {
  expect(turn.begin()).toBe(true)
  turn.end(ok())
  turn.leave()
}

describe('a page sees', () => {
  test('its own share, and the key’s numbers under other names, on errors too', async () => {
    const { call } = forwarding((request) => json({}, request.url.endsWith('x') ? 404 : 200, rate(100, 97, 30)))
    await call('/v2/contacts')
    for (const path of ['/v2/contacts', '/v2/contact/x']) {
      const { headers } = await call(path)
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-ratelimit-limit': '90',
        'x-ratelimit-reset': '30',
        'x-upstream-ratelimit-limit': '100',
        'x-upstream-ratelimit-remaining': '97',
      })
    }
  })

  test('nothing where nothing is known', async () => {
    const { headers } = await forwarding().call('/v2/contacts')
    expect(headers.has('x-ratelimit-limit')).toBe(false)
  })
})

describe('one key’s budget over the forwarder', () => {
  test('a greedy user is refused until the window ends, and a modest one is served', async () => {
    let used = 0
    let endsAt = Date.now() + 60_000
    const { call, fetch } = forwarding(() => {
      if (Date.now() >= endsAt) [used, endsAt] = [0, Date.now() + 60_000]
      return json({}, ++used > 20 ? 429 : 200, rate(20, Math.max(0, 20 - used), Math.ceil((endsAt - Date.now()) / 1000)))
    })
    const all = async (user: string, count: number) =>
      Promise.all(Array.from({ length: count }, async () => (await call('/v2/contacts', { user })).status))
    const count = (statuses: readonly number[]) => statuses.filter((status) => status === 200).length
    expect(count(await all('greedy', 50))).toBe(18)
    expect(count(await all('modest', 2))).toBe(2)
    expect(fetch).toHaveBeenCalledTimes(20)
    expect(await call('/v2/contacts', { user: 'greedy' })).toMatchObject({ status: 429, body: { error: 'quota', retry_after: 60 } })
    vi.advanceTimersByTime(60_000)
    expect(count(await all('greedy', 50))).toBe(18 - 2)
    expect(count(await all('modest', 4))).toBe(4)
    expect(used).toBeLessThanOrEqual(20)
  })

  test('after a 429 nobody calls before Retry-After', async () => {
    let refuse = true
    const { call, fetch } = forwarding(() => (refuse ? json({ message: 'Slow down' }, 429, { 'retry-after': '30' }) : json({})))
    expect(await call('/v2/contacts')).toMatchObject({ status: 429, body: { error: 'quota', message: 'Slow down', retry_after: 30 } })
    refuse = false
    vi.advanceTimersByTime(20_000)
    expect(await call('/v2/contacts', { user: 'bob' })).toMatchObject({ status: 429, body: { error: 'quota', retry_after: 10 } })
    expect(fetch).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(9_999)
    const waiting = call('/v2/contacts', { user: 'bob' })
    await vi.advanceTimersByTimeAsync(0)
    expect(fetch).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect((await waiting).status).toBe(200)
  })

  test('another key has a budget of its own', async () => {
    let current = key
    const { call } = forwarding(() => json({}, 429, { 'retry-after': '30' }), { huechat: { key: () => current } })
    await call('/v2/contacts')
    current = 'sk_live_another_0123456789'
    expect((await call('/v2/contacts')).body).toMatchObject({ status: 429 })
  })
})

describe('turns', () => {
  test('a window that is near is waited for, each user in turn', async () => {
    const turns = fairTurns({ budget: { limit: 4, perMs: 1_000 } })
    for (const user of ['ann', 'ann', 'ann', 'ann']) done(await turns.enter(user, forever()))
    const order: string[] = []
    const wait = async (user: string) => {
      const turn = await turns.enter(user, forever())
      order.push(user)
      done(turn)
    }
    const all = [wait('ann'), wait('ann'), wait('ann'), wait('bob'), wait('bob')].map((one) => one.catch((error: unknown) => error))
    await vi.advanceTimersByTimeAsync(999)
    expect(order).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(order.slice(0, 4)).toEqual(['ann', 'bob', 'ann', 'bob'])
    await vi.advanceTimersByTimeAsync(1_000)
    await Promise.all(all)
    expect(order).toEqual(['ann', 'bob', 'ann', 'bob', 'ann'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('nobody waits longer than maxWaitMs, nor in a queue that is too long', async () => {
    const turns = fairTurns({ budget: { limit: 1, perMs: 5_000 }, maxWaitMs: 2_000 })
    done(await turns.enter('ann', forever()))
    await expect(turns.enter('ann', forever())).rejects.toMatchObject({ code: 'quota', retryAfter: 5 })
    await vi.advanceTimersByTimeAsync(3_500)
    const waiting = Array.from({ length: 11 }, () => turns.enter('ann', forever()).catch((error: { code: string }) => error.code))
    expect(await waiting[10]).toBe('quota')
    await vi.advanceTimersByTimeAsync(1_500)
    expect(await Promise.all(waiting.slice(1))).toEqual(Array.from({ length: 10 }, () => 'quota'))
    done((await waiting[0]) as Turn)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('who goes away while waiting leaves nothing behind', async () => {
    const turns = fairTurns({ budget: { limit: 1, perMs: 1_000 } })
    done(await turns.enter('ann', forever()))
    const page = new AbortController()
    const waiting = turns.enter('bob', page.signal)
    page.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a turn that was never begun goes to somebody else', async () => {
    const turns = fairTurns({ budget: { limit: 1, perMs: 60_000 } })
    const turn = await turns.enter('ann', forever())
    await expect(turns.enter('bob', forever())).rejects.toMatchObject({ code: 'quota' })
    turn.leave()
    done(await turns.enter('bob', forever()))
  })

  test('turns given before anything was known are taken back when there is not so much', async () => {
    const turns = fairTurns()
    const [first, second, third] = [
      await turns.enter('ann', forever()),
      await turns.enter('bob', forever()),
      await turns.enter('ann', forever()),
    ]
    expect(first.begin()).toBe(true)
    first.end(ok(rate(2, 1, 60)))
    expect([second.begin(), third.begin()]).toEqual([true, false])
  })
})
