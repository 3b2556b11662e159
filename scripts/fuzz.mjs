/**
 * `npm run fuzz -- --inputs 10000000 --seed 7`: hostile inputs by the number (`test/fuzz`), in two processes. Prints what escaped.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { root, setup } from './setup.mjs'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    alone: { type: 'boolean', default: false },
  },
})
const [inputs, seed, workers] = [values.inputs, values.seed, values.workers].map(Number)
/** Between two of them the memory may be looked at, and a failure is told early. */
const atOnce = 100_000

if (values.alone) process.exitCode = (await fuzzAlone()) ? 0 : 1
else {
  setup()
  const begin = performance.now()
  const share = Math.ceil(inputs / workers)
  const codes = await Promise.all(Array.from({ length: workers }, (_, index) => started(share, seed + index * 1_000_000)))
  const well = codes.every((code) => code === 0)
  if (!well) console.log(`The processes ended with ${codes.join(' and ')}.`)
  const seconds = Math.round((performance.now() - begin) / 1000)
  console.log(`${share * workers} inputs, seed ${seed}: ${well ? '0 escapes' : 'ESCAPES'}, ${seconds} s`)
  process.exitCode = well ? 0 : 1
}

function started(share, own) {
  const args = [fileURLToPath(import.meta.url), '--alone', '--inputs', String(share), '--seed', String(own)]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code, signal) => resolve(signal ?? code)))
}

async function fuzzAlone() {
  const { runnerImport } = await import('vite')
  const { module } = await runnerImport(join(root, 'test/fuzz/fuzz.ts'), { configFile: false, logLevel: 'error' })
  for (let done = 0; done < inputs; done += atOnce) {
    const own = seed + done / atOnce
    const count = Math.min(atOnce, inputs - done)
    const wrong = await module.fuzz(count, own)
    for (const each of wrong) console.log(`seed ${own}, ${count} inputs: ${each}`)
    if (wrong.length > 0) return false
  }
  return true
}
