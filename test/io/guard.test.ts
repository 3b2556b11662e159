import { expect, it } from 'vitest'
import { SessionError } from '../../src/errors.ts'
import { guarded } from '../../src/io/guard.ts'
import { createTestWorld } from '../../src/testing/index.ts'

it.each([
  [new RangeError('held-0001'), 'RangeError'],
  ['held-0001', 'string'],
  [undefined, 'undefined'],
])('what a function of a preset throws is reported by its kind alone: %s', (thrown, kind) => {
  const world = createTestWorld()
  guarded(world.host, () => {
    throw thrown as Error
  })
  const [reported] = world.census.reported as [SessionError]
  expect(reported).toBeInstanceOf(SessionError)
  expect([reported.code, reported.message, reported.cause]).toEqual([
    'bad_configuration',
    `[bad_configuration] a function of the preset threw (${kind})`,
    undefined,
  ])
})
