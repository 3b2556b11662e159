/** A batch on several threads, each running the bundle that `npm run simulate:shell` runs. */
import { join } from 'node:path'
import { bundled, onThreads } from '../../scripts/simulate-shell.mjs'
import { Census } from './census.ts'
import type { Failure } from './batch.ts'

export async function manyThreads(hours: number, threads: number): Promise<{ census: Census; failures: Failure[] }> {
  const { folder, remove } = await bundled(['replay'])
  try {
    const batches = await onThreads(join(folder, 'replay.mjs'), threads, 1, hours)
    const census = new Census()
    for (const one of batches) census.add(one.census)
    return { census, failures: batches.flatMap((one) => [...one.failures]) }
  } finally {
    remove()
  }
}
