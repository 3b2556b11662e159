/**
 * `npm run simulate:shell`: the whole client, simulated. `--hours N`: so many session-hours that count, on every core, with
 * figures (`--threads N`, `--first N`: the first seed). `--seed N`: one seed, told; if it fails, its shortest fault plan is
 * written to test/shell/regressions (`--keep name`).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { isMain, root, setup, stop } from './setup.mjs'

/** Bundled, so that the code runs as a page's build runs it, and not through a loader. */
export async function bundled(names) {
  const { build } = await import('vite')
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache/shell-'))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: true,
      target: 'node20',
      outDir: folder,
      emptyOutDir: false,
      copyPublicDir: false,
      rolldownOptions: {
        input: Object.fromEntries(names.map((name) => [name, join(root, `test/shell/${name}.ts`)])),
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
      },
    },
  })
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Two numbers of seeds never meet: each thread takes every `threads`-th. */
export function onThreads(program, threads, first, hours) {
  const one = (index) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { program, first: first + index, stride: threads, hours: hours / threads },
      })
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  return Promise.all(Array.from({ length: threads }, (_, index) => one(index)))
}

async function main() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      hours: { type: 'string' },
      threads: { type: 'string', default: String(availableParallelism()) },
      first: { type: 'string', default: '1' },
      keep: { type: 'string' },
    },
  })
  const [seed, hours, threads, first] = [values.seed, values.hours, values.threads, values.first].map(Number)
  if (!Number.isInteger(seed) && !(hours > 0)) stop('Which seed, or how many hours? npm run simulate:shell -- --seed 42 | --hours 5000')
  setup()
  const { folder, remove } = await bundled(['replay'])
  const write = (line) => process.stdout.write(`${line}\n`)
  try {
    const { replay, figures } = await import(join(folder, 'replay.mjs'))
    if (Number.isInteger(seed)) {
      const kept = await replay(seed, write)
      if (kept === null) return
      const file = join(root, 'test/shell/regressions', `${values.keep ?? `seed-${seed}`}.json`)
      writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
      write(`kept as ${file}`)
      process.exitCode = 1
    } else {
      const started = performance.now()
      const batches = await onThreads(join(folder, 'replay.mjs'), threads, first, hours)
      const failed = figures(batches, (performance.now() - started) / 1000, write)
      process.exitCode = failed ? 1 : 0
    }
  } finally {
    remove()
  }
}

// Under a test runner this file may be imported on a thread of its own: only threads of ours are given a program.
if (!isMainThread && workerData?.program) {
  const { packedBatch } = await import(workerData.program)
  parentPort.postMessage(await packedBatch(workerData), [])
} else if (isMain(import.meta.url)) await main()
