import { describe, expect, it } from 'vitest'
import { enterDialQueue } from '../../src/io/dial-queue.ts'
import { createTestWorld } from '../../src/testing/index.ts'

const origin = 'wss://a.test'

/** Those who enter the queue of one page, by name. */
function queue() {
  const { host } = createTestWorld()
  const dialled: string[] = []
  const enter = (name: string, at = origin): (() => void) => enterDialQueue(host, at, () => dialled.push(name))
  return { dialled, enter, many: (...names: string[]) => names.map((name) => enter(name)) }
}

describe('a place in the dial queue', () => {
  it('that nobody has taken yet frees none when it is given up', () => {
    const { dialled, many } = queue()
    const leaves = many('1', '2', '3', '4', '5', '6', 'waits', 'waits too')
    leaves[6]!()
    expect(dialled).toHaveLength(6)
    leaves[0]!()
    expect(dialled.slice(6)).toEqual(['waits too'])
  })

  it('is counted as long as it is taken, though nobody waits', () => {
    const { dialled, many } = queue()
    const [first] = many('1', '2', '3', '4', '5', '6')
    first!()
    many('7', '8')
    expect(dialled).toEqual(['1', '2', '3', '4', '5', '6', '7'])
  })

  it('is given on once, to the first who waits', () => {
    const { dialled, many } = queue()
    const [first, second] = many('1', '2', '3', '4', '5', '6', '7', '8', '9')
    first!()
    first!()
    expect(dialled.slice(6)).toEqual(['7'])
    second!()
    expect(dialled.slice(6)).toEqual(['7', '8'])
  })

  it('is of one page, or of all that share its engine', () => {
    const engine = {}
    const dialled: number[] = []
    const hosts = [{ engine }, { engine }, {}].map((own) => ({ ...createTestWorld().host, ...own }))
    hosts.forEach((host, i) => {
      for (let n = 0; n < 4; n++) enterDialQueue(host, origin, () => dialled.push(i))
    })
    expect(dialled).toEqual([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
  })
})
