/**
 * Gateway processes on a real Redis, killed and restarted. `npm run acceptance:gateway` tells the same stories with more of
 * everything, and those that need a real clock.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle } from '../../scripts/bundle.mjs'
import type { Bundle } from '../../scripts/bundle.mjs'
import { scales, stories } from '../../scripts/gateway/stories.ts'

let built: Bundle
beforeAll(async () => {
  built = await bundle(['gateway-process'], 'scripts/gateway')
})
afterAll(() => built.remove())

const tell = async (name: keyof typeof stories): Promise<void> => {
  const said: string[] = []
  await stories[name](built.program('gateway-process'), scales.quick, (holds, text) => {
    said.push(text)
    expect(holds, text).toBe(true)
  })
  expect(said.length).toBeGreaterThan(1)
}

test('a gateway that is killed in the middle of webhooks loses and repeats nothing that got 2xx', () => tell('crash'))
test('a right that is withdrawn at one gateway ends at both, without pub/sub', () => tell('revoke'))
test('Redis with its append-only file is killed and comes back: nobody notices, nothing is lost', () => tell('restart'))
test('Redis without it is killed: a gap at everybody, and who was out stays out', () => tell('loss'))
