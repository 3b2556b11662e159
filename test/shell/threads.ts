/** A batch on several threads, each running the bundle that `npm run simulate:shell` runs. `told`: its figures. */
import { bundle } from '../../scripts/bundle.mjs'
import { onThreads } from '../../scripts/threads.mjs'
import { Census } from './census.ts'
import type { Failure } from './batch.ts'
import { figures, shares, type PackedBatch } from './replay.ts'

export async function manyThreads(hours: number, threads: number): Promise<{ census: Census; failures: Failure[]; told: string }> {
  const built = await bundle(['replay'], 'test/shell')
  try {
    const [started, cpu] = [performance.now(), process.cpuUsage()]
    const batches: PackedBatch[] = []
    await onThreads(built.program('replay'), threads, shares(1, hours), (one: PackedBatch) => void batches.push(one))
    const census = new Census()
    for (const one of batches) census.add(one.census)
    const told: string[] = []
    const { user, system } = process.cpuUsage(cpu)
    const spent = { threads, seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 }
    figures(batches, spent, (line) => told.push(line))
    return { census, failures: batches.flatMap((one) => [...one.failures]), told: told.join('\n') }
  } finally {
    built.remove()
  }
}
