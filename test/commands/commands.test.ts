/**
 * 5,000 applications that do fifty things each, with listeners that throw and call back in. `npm run commands -- --runs 100000`
 * tries more, and other ones.
 */
import { describe, expect, test } from 'vitest'
import { createSession } from '../../src/index.ts'
import type { Status } from '../../src/index.ts'
import { edges } from '../simulation/edges.ts'
import { FastBackend } from './backend.ts'
import { tryCommands } from './property.ts'
import { FastWorld, settle } from './world.ts'

const runs = Number(process.env['HEARTWIRE_COMMANDS'] ?? 5_000)

test(
  `${runs} × 50 commands: nothing throws, all promises settle, no status that may not be, nothing left`,
  { timeout: 300_000 },
  async () => {
    const { failure, seen } = await tryCommands(runs, 1)
    console.log(`Commands: ${runs} runs of 50, ${failure === null ? 'none' : 'one'} failed; ${seen.size} statuses seen.`)
    expect(failure).toBeNull()
    // Every status that there is a way to.
    expect([...seen].sort()).toEqual([...new Set(Object.values(edges).flat())].sort())
  },
)

describe('what the commands found', () => {
  function application(over: { giveUpAfterMs?: number } = {}) {
    const world = new FastWorld()
    const backend = new FastBackend(world)
    const session = createSession({ url: 'wss://provider.test/live', tokenSource: world.tokenSource, host: world.host, ...over })
    const names: string[] = []
    session.on('status', ({ name }) => names.push(name))
    return { world, backend, session, names }
  }
  const once = (name: Status['name'], run: () => void) => {
    let done = false
    return (status: Status): void => {
      if (done || status.name !== name) return
      done = true
      run()
    }
  }

  test('a listener that connects again and closes at once leaves it closed', async () => {
    const { world, session, names } = application()
    session.on(
      'status',
      once('connecting', () => {
        void session.close()
        void session.connect()
        void session.close()
      }),
    )
    void session.connect()
    await settle()
    while (world.fire(world.now + 3_000)) await settle()
    expect([session.status.name, names, world.live, world.asks, world.pages.size]).toEqual(['closed', ['connecting', 'closed'], [], [], 0])
  })

  test('a closed session that a listener connects again is never idle', async () => {
    const { session, names } = application()
    session.on(
      'status',
      once('closed', () => void session.connect()),
    )
    void session.close()
    await settle()
    expect(names).toEqual(['closed', 'connecting'])
    await session.close()
  })

  test('a message for a session that gave up while the device slept is dropped', async () => {
    const { world, backend, session } = application({ giveUpAfterMs: 60_000 })
    backend.endpoint = 'silent'
    void session.connect()
    await settle()
    world.now += 61_000
    world.offset += 3_600_000
    expect([session.status.name, session.send('late'), session.status.name]).toEqual(['connecting', 'dropped', 'failed'])
    await session.close()
  })
})
