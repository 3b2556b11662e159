/** The library in a real page and a real worker: an import does nothing, and a worker can have a session of its own. */
import { expect, inject, test } from 'vitest'
import { trapGlobals } from '../trapped-globals.ts'
import type { WorkerReport, WorkerTask } from './import.worker.ts'

const { runtimeUrl: url, tokenUrl: tokenSource, countsUrl } = inject('bithuman')

const counts = async (): Promise<unknown> => (await fetch(countsUrl)).json()

test('in a page, neither an import nor a new session reads or writes a global', async () => {
  const { touched, undo } = trapGlobals()
  try {
    const { createSession } = await import('../../src/index.ts')
    const { bitHuman } = await import('../../src/presets/bithuman.ts')
    await import('../../src/script-tag.ts')
    const session = createSession({ preset: bitHuman({ url }), tokenSource })
    // (`document`, `window` and `location` cannot be trapped in a page; in happy-dom they can.)
    expect([...touched]).toEqual([])
    const before = await counts()
    await session.connect()
    expect([...touched]).toEqual(expect.arrayContaining(['fetch', 'WebSocket', 'addEventListener', 'setTimeout']))
    await session.close()
    await expect.poll(counts).toEqual(more(before))
  } finally {
    undo()
  }
})

test('in a worker too, and there it connects', async () => {
  const before = await counts()
  const worker = new Worker(new URL('./import.worker.ts', import.meta.url), { type: 'module' })
  try {
    const report = new Promise<WorkerReport>((resolve, reject) => {
      worker.addEventListener('message', ({ data }: MessageEvent<WorkerReport>) => resolve(data))
      worker.addEventListener('error', ({ message }) => reject(new Error(message)))
    })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
    worker.postMessage({ url, tokenSource } satisfies WorkerTask)
    expect(await report).toMatchObject({
      touchedAtImport: [],
      touchedByConnect: expect.arrayContaining(['fetch', 'WebSocket', 'addEventListener']),
      trail: ['connecting', 'connected', 'closed'],
      firstMessage: { type: 'ready' },
    })
    await expect.poll(counts).toEqual(more(before))
  } finally {
    worker.terminate()
  }
})

/** One mint, one socket, and nothing left of it. */
function more(before: unknown): object {
  const { mints, upgrades } = before as { mints: number; upgrades: number }
  return { mints: mints + 1, upgrades: upgrades + 1, open: 0 }
}
