/** What every change of a life goes through. */
import { expect, test } from 'vitest'
import { eachLife } from '../../src/core/lives.ts'
import { down, lost, sessions, T, up, wanting } from './states.ts'

test('a lost lease has no room for a socket, whatever a change says', () => {
  const core = eachLife(lost(), T, () => wanting(up()))
  expect(core).toEqual(lost({ sessions: sessions(wanting(down({ dialAt: T }))) }))
})
