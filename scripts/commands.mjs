/**
 * `npm run commands -- --runs 100000 --seed 7`: applications that do fifty things each (`test/commands`), more of them than the
 * tests try. Prints the shortest sequence that goes wrong, with what happened.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, setup } from './setup.mjs'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '2' } } })
const [runs, seed] = [Number(values.runs), Number(values.seed)]

setup()
const { runnerImport } = await import('vite')
const { module } = await runnerImport(join(root, 'test/commands/property.ts'), { configFile: false, logLevel: 'error' })
const begin = performance.now()
const { failure, seen } = await module.tryCommands(runs, seed)
const seconds = ((performance.now() - begin) / 1000).toFixed(0)
console.log(failure ?? `${runs} runs of 50 commands, seed ${seed}: nothing wrong, ${seen.size} statuses, ${seconds} s`)
if (failure !== null) process.exitCode = 1
