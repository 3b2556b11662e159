/** Programs that run long, on several threads, each of which takes the next job when it has done one. */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

export const everyCore = String(availableParallelism())

/**
 * Calls `run` of the program with each job's arguments. `done` hears each answer as it comes; says it `false`, no new job begins.
 * A thread may hold so many MB.
 */
export async function onThreads(program, threads, jobs, done, memoryMb = 2_048) {
  const left = [...jobs]
  const thread = async () => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { heartwireProgram: program },
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    })
    try {
      for (let job = left.shift(); job !== undefined; job = left.shift()) {
        const answer = once(worker, 'message')
        worker.postMessage(job, [])
        if (done(...(await answer), job) === false) left.length = 0
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, thread))
}

// Under a test runner this file may be imported on a thread of its own: only threads of ours are given a program.
if (!isMainThread && workerData?.heartwireProgram) {
  const { run } = await import(workerData.heartwireProgram)
  const answered = async (job) => parentPort.postMessage(await run(...job), [])
  parentPort.on('message', (job) => void answered(job))
}
