/**
 * `npm run commands -- --runs 100000 --seed 7`: applications that do fifty things each (`test/commands`), more of them than the
 * tests try. Prints the shortest sequence that goes wrong, with what happened. `--orders` instead runs every order of up to four
 * tasks at once.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, setup } from './setup.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '2' },
    orders: { type: 'boolean', default: false },
  },
})
const [runs, seed] = [Number(values.runs), Number(values.seed)]

setup()
const { runnerImport } = await import('vite')
const module = async (name) => (await runnerImport(join(root, 'test/commands', name), { configFile: false, logLevel: 'error' })).module
const begin = performance.now()
const seconds = () => `${((performance.now() - begin) / 1000).toFixed(0)} s`
process.exitCode = (await (values.orders ? everyOrder() : manyCommands())) ? 0 : 1

async function manyCommands() {
  const { tryCommands } = await module('property.ts')
  const { failure, seen } = await tryCommands(runs, seed)
  console.log(failure ?? `${runs} runs of 50 commands, seed ${seed}: nothing wrong, ${seen.size} statuses, ${seconds()}`)
  return failure === null
}

async function everyOrder() {
  const { interleave, sets } = await module('interleavings.ts')
  let [orders, moves, wrong] = [0, 0, 0]
  for (const size of [1, 2, 3, 4]) {
    for (const set of sets(size)) {
      for (const start of ['idle', 'connected']) {
        for (const kind of ['ticket', 'lease']) {
          const found = await interleave(start, kind, set, { timers: size < 4 ? 1 : 0, late: size < 3 ? 1 : 0 })
          for (const each of found.wrong) console.log(each)
          orders += found.orders
          moves += found.moves
          wrong += found.wrong.length
        }
      }
    }
    console.log(
      `up to ${size} at once: ${orders} orders, ${moves} moves, ${wrong === 0 ? 'nothing wrong' : `${wrong} wrong`}, ${seconds()}`,
    )
  }
  return wrong === 0
}
