/**
 * `npm run simulate:shell`: the whole client, simulated. `--hours N`: so many session-hours that count, on every core, with
 * figures (`--threads N`, `--first N`: the first seed). `--seed N`: one seed, told; if it fails, its shortest fault plan is
 * written to test/shell/regressions (`--keep name`).
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle } from './bundle.mjs'
import { root, setup, stop } from './setup.mjs'
import { everyCore, onThreads } from './threads.mjs'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    hours: { type: 'string' },
    threads: { type: 'string', default: everyCore },
    first: { type: 'string', default: '1' },
    keep: { type: 'string' },
  },
})
const [seed, hours, threads, first] = [values.seed, values.hours, values.threads, values.first].map(Number)
if (!Number.isInteger(seed) && !(hours > 0)) stop('Which seed, or how many hours? npm run simulate:shell -- --seed 42 | --hours 5000')
const write = (line) => process.stdout.write(`${line}\n`)

setup()
const built = await bundle(['replay'], 'test/shell')
const program = built.program('replay')
const { replay, figures, shares, commandOf } = await import(program)
try {
  process.exitCode = (await (Number.isInteger(seed) ? oneSeed() : manyHours())) ? 0 : 1
} finally {
  built.remove()
}

async function oneSeed() {
  const kept = await replay(seed, write)
  if (kept === null) return true
  const file = join(root, 'test/shell/regressions', `${values.keep ?? `seed-${seed}`}.json`)
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
  write(`kept as ${file}`)
  return false
}

async function manyHours() {
  const begin = performance.now()
  const batches = []
  let [played, told, violations] = [0, 0, 0]
  await onThreads(program, threads, shares(first, hours), (batch, [, some]) => {
    batches.push(batch)
    played += some
    for (const failure of batch.failures) write(commandOf(failure))
    violations += batch.failures.length
    if (played >= told + 10_000) write(`${(told = played)} hours, ${violations} violations`)
    return violations < 20
  })
  const { user, system } = process.cpuUsage()
  return figures(batches, { threads, seconds: (performance.now() - begin) / 1000, cpuSeconds: (user + system) / 1e6 }, write)
}
