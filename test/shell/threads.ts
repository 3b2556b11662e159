/** A batch on several threads, each running the bundle that `npm run simulate:shell` runs. `told`: its figures. */
import { join } from 'node:path'
import { bundled, onThreads } from '../../scripts/simulate-shell.mjs'
import { Census } from './census.ts'
import type { Failure } from './batch.ts'
import { figures } from './replay.ts'

export async function manyThreads(hours: number, threads: number): Promise<{ census: Census; failures: Failure[]; told: string }> {
  const { folder, remove } = await bundled(['replay'])
  try {
    const started = performance.now()
    const batches = await onThreads(join(folder, 'replay.mjs'), threads, 1, hours)
    const census = new Census()
    for (const one of batches) census.add(one.census)
    const told: string[] = []
    figures(batches, (performance.now() - started) / 1000, (line) => told.push(line))
    return { census, failures: batches.flatMap((one) => [...one.failures]), told: told.join('\n') }
  } finally {
    remove()
  }
}
