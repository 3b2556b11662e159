/** In Node: every entry of the package, the backend's and the emulators' too. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { trapGlobals } from '../trapped-globals.ts'

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, string | { default: string }> }
const entries = Object.values(exports).flatMap((target) =>
  typeof target === 'string' ? [] : [target.default.replace('./dist/', '../../src/').replace(/\.js$/, '.ts')],
)

test('neither an import nor a new session reads or writes a global', async () => {
  // `ws` is not ours, and is imported above: what Node's own front imports of it is there already.
  const { touched, undo } = trapGlobals()
  try {
    for (const entry of entries) await import(/* @vite-ignore */ entry)
    const { createSession } = await import('../../src/index.ts')
    const session = createSession({ url: 'wss://realtime.example', tokenSource: 'https://app.example/token', webSocket: WebSocket })
    expect([...touched]).toEqual([])
    expect(entries.length).toBeGreaterThan(8)

    const failed = session.connect()
    await session.close()
    await expect(failed).rejects.toMatchObject({ code: 'closed' })
    expect([...touched]).toEqual(expect.arrayContaining(['performance']))
  } finally {
    undo()
  }
})
