import { expect, it } from 'vitest'
import { internalsOf } from '../../src/io/internals.ts'
import { createSession } from '../../src/session.ts'

it('knows the sessions of createSession, and says so of what is none', () => {
  const session = createSession({ url: 'wss://provider.test/live', tokenSource: '/token' })
  expect(internalsOf(session).preset.name).toBe('plain')
  expect(() => internalsOf({ ...session })).toThrow(new TypeError('this is not a session made by createSession'))
})
