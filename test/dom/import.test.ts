/** What frameworks do that render on a server, in an emulated document: import everything, make a session, render, throw it away. */
import { expect, test } from 'vitest'
import { trapGlobals } from '../trapped-globals.ts'

test('neither an import nor a new session reads or writes a global', async () => {
  const before = Object.getOwnPropertyNames(globalThis)
  const { touched, undo } = trapGlobals()
  try {
    const { createSession, createTokenSource } = await import('../../src/index.ts')
    const { bitHuman, bitHumanEmbed } = await import('../../src/presets/bithuman.ts')
    const { humeEvi, humeTts } = await import('../../src/presets/hume.ts')
    const { humeEviSchemas } = await import('../../src/presets/hume.schemas.ts')
    await import('../../src/script-tag.ts')
    const source = createTokenSource('/api/token', { preset: humeEvi() })
    const sessions = [
      createSession({ preset: humeEvi({ schemas: humeEviSchemas }), tokenSource: source }),
      createSession({ preset: humeTts(), tokenSource: source }),
      createSession({ preset: bitHuman(), tokenSource: '/api/token' }),
      createSession({ preset: bitHumanEmbed({ agent: 'A1' }), tokenSource: '/api/token' }),
      createSession({ url: 'wss://realtime.example', tokenSource: '/api/token' }),
    ]
    for (const session of sessions) {
      session.subscribe(() => {})
      expect(session.getSnapshot()).toEqual({ name: 'idle' })
      await session.close()
    }
    expect([...touched]).toEqual([])

    // The traps do see the library: connect() is where the world begins.
    const session = createSession({ preset: bitHuman(), tokenSource: () => ({ access_token: 'a-token', expires_in: 60 }) })
    await session.connect()
    expect([...touched]).toEqual(expect.arrayContaining(['document', 'performance', 'setTimeout', 'Math.random', 'Date.now']))
    await session.close()
  } finally {
    undo()
  }
  // zod keeps its configuration in a global of its own.
  expect(Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name) && !name.startsWith('__zod'))).toEqual([])
})
