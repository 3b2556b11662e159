import { describe, expect, it } from 'vitest'
import { Outbox } from '../../src/io/outbox.ts'

const text = (bytes: number): string => 'x'.repeat(bytes)

describe('the queue', () => {
  it('has room again for what went out, grew old or was taken', () => {
    const queue = new Outbox<string>()
    const full = (): boolean => !queue.add('', text(32 * 1024), 0)
    const fill = (): boolean[] => [full(), full(), full()]
    expect(fill()).toEqual([false, false, true])
    let sent = 0
    queue.flush(() => sent++ < 1)
    expect([full(), full()]).toEqual([false, true])
    expect(queue.takeOld(30_000)).toHaveLength(2)
    expect(fill()).toEqual([false, false, true])
    expect(queue.takeAll()).toHaveLength(2)
    expect(fill()).toEqual([false, false, true])
  })

  it('keeps the last byte that fits and not the next', () => {
    const queue = new Outbox<string>()
    expect([queue.add('', text(64 * 1024), 0), queue.add('', text(0), 0), queue.add('', text(1), 0)]).toEqual([true, true, false])
  })

  it('lets a message wait for 30 s, and takes out the old ones alone', () => {
    const queue = new Outbox<string>()
    queue.add('a', 'a', 0)
    queue.add('b', 'b', 1)
    expect(queue.takeOld(29_999)).toEqual([])
    expect(queue.takeOld(30_000)).toEqual(['a'])
    expect(queue.takeAll()).toEqual(['b'])
    expect(queue.takeAll()).toEqual([])
  })

  it('goes out in order, until the line takes no more; the rest stays', () => {
    const queue = new Outbox<string>()
    for (const word of ['a', 'b', 'c']) queue.add(word, word, 0)
    const out: unknown[] = []
    queue.flush((frame) => frame !== 'b' && out.push(frame) > 0)
    queue.flush((frame) => out.push(frame) > 0)
    queue.flush((frame) => out.push(frame) > 0)
    expect(out).toEqual(['a', 'b', 'c'])
  })

  it('holds bytes as they were, and gives back the message itself', () => {
    const queue = new Outbox<string>()
    const bytes = new Uint8Array([1, 2])
    queue.add(bytes, bytes, 0)
    bytes.fill(9)
    const out: unknown[] = []
    queue.flush((frame) => (out.push(frame), false))
    expect(out).toEqual([new Uint8Array([1, 2])])
    expect(queue.takeAll()[0]).toBe(bytes)
  })
})
