/**
 * `npm run commands -- --runs 100000 --seed 7`: applications that do fifty things each (`test/commands`), more of them than the
 * tests try, on every core (`--threads N`). Prints the shortest sequence that goes wrong, with what happened. `--orders` instead
 * runs every order of up to four tasks at once.
 */
import { parseArgs } from 'node:util'
import { bundle } from './bundle.mjs'
import { setup } from './setup.mjs'
import { everyCore, onThreads } from './threads.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '2' },
    orders: { type: 'boolean', default: false },
    threads: { type: 'string', default: everyCore },
  },
})
const [runs, seed, threads] = [values.runs, values.seed, values.threads].map(Number)
/** So many runs have a seed of their own: the given one, and those that follow it. */
const atOnce = 1_000

setup()
const begin = performance.now()
const seconds = () => `${((performance.now() - begin) / 1000).toFixed(0)} s on ${threads} threads`
const built = await bundle(['program'], 'test/commands')
const program = built.program('program')
try {
  process.exitCode = (await (values.orders ? everyOrder() : manyCommands())) ? 0 : 1
} finally {
  built.remove()
}

async function manyCommands() {
  const jobs = Array.from({ length: Math.ceil(runs / atOnce) }, (_, batch) => [
    'commands',
    Math.min(atOnce, runs - batch * atOnce),
    seed + batch,
  ])
  const statuses = new Set()
  let [done, wrong] = [0, 0]
  await onThreads(program, threads, jobs, ({ failure, seen }, [, some, own]) => {
    for (const status of seen) statuses.add(status)
    done += some
    if (failure !== null) console.log(`npm run commands -- --runs ${some} --seed ${own}\n${failure}`)
    if (failure !== null) wrong++
    return failure === null
  })
  const last = seed + jobs.length - 1
  console.log(
    `${done} runs of 50 commands, seeds ${seed} to ${last}: ${wrong === 0 ? 'nothing wrong' : 'WRONG'}, ${statuses.size} statuses, ${seconds()}`,
  )
  return wrong === 0
}

async function everyOrder() {
  const { orders } = await import(program)
  let [total, moves, wrong] = [0, 0, 0]
  await onThreads(program, threads, orders(), (found) => {
    for (const each of found.wrong) console.log(each)
    total += found.orders
    moves += found.moves
    wrong += found.wrong.length
  })
  console.log(`up to 4 at once: ${total} orders, ${moves} moves, ${wrong === 0 ? 'nothing wrong' : `${wrong} wrong`}, ${seconds()}`)
  return wrong === 0
}
