/**
 * `npm run fuzz -- --inputs 10000000 --seed 7`: hostile inputs by the number (`test/fuzz`), on every core (`--threads N`). Prints
 * what escaped, with the command that replays it.
 */
import { parseArgs } from 'node:util'
import { bundle } from './bundle.mjs'
import { setup } from './setup.mjs'
import { everyCore, onThreads } from './threads.mjs'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '2' },
    threads: { type: 'string', default: everyCore },
  },
})
const [inputs, seed, threads] = [values.inputs, values.seed, values.threads].map(Number)
/** So many inputs have a seed of their own: the given one, and those that follow it. */
const atOnce = 50_000

setup()
const begin = performance.now()
const built = await bundle(['program'], 'test/fuzz')
const program = built.program('program')
try {
  const jobs = Array.from({ length: Math.ceil(inputs / atOnce) }, (_, batch) => [Math.min(atOnce, inputs - batch * atOnce), seed + batch])
  let [done, escapes] = [0, 0]
  await onThreads(program, threads, jobs, (wrong, [some, own]) => {
    for (const each of wrong) console.log(`npm run fuzz -- --inputs ${some} --seed ${own}: ${each}`)
    done += some
    escapes += wrong.length
    return escapes === 0
  })
  const seconds = Math.round((performance.now() - begin) / 1000)
  const last = seed + jobs.length - 1
  console.log(
    `${done} inputs, seeds ${seed} to ${last}: ${escapes === 0 ? '0 escapes' : `${escapes} ESCAPES`}, ${seconds} s on ${threads} threads`,
  )
  process.exitCode = escapes === 0 ? 0 : 1
} finally {
  built.remove()
}
