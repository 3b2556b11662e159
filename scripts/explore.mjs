/**
 * `npm run explore`: every state of small sources that a few events reach (`test/exploration`), a source on each thread.
 *
 * | option | meaning |
 * | --- | --- |
 * | `--deeper N` | so many events more than the tests explore (default 1) |
 * | `--only NAME` | one configuration |
 * | `--states N` | no more of one configuration (default 4,000,000); where that cuts it short, its line says so |
 * | `--threads N` | how many at a time (default: every core); each may take 4 GB |
 * | `--cells` | writes `test/exploration/cells.json` anew, with what the simulation meets; without it, a cell that is not there is a failure |
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle } from './bundle.mjs'
import { root, setup } from './setup.mjs'
import { everyCore, onThreads } from './threads.mjs'

const { values } = parseArgs({
  options: {
    deeper: { type: 'string', default: '1' },
    only: { type: 'string' },
    states: { type: 'string', default: '4000000' },
    threads: { type: 'string', default: everyCore },
    cells: { type: 'boolean', default: false },
  },
})
const [deeper, states, threads] = [values.deeper, values.states, values.threads].map(Number)

setup()
const begin = performance.now()
const built = await bundle(['report'], 'test/exploration')
const program = built.program('report')
try {
  const { names, tableOf, told, toldOfAll, unknownOf } = await import(program)
  const reports = []
  const jobs = names().filter((name) => values.only === undefined || name === values.only)
  await onThreads(
    program,
    threads,
    jobs.map((name) => [name, deeper, states]),
    (report) => {
      reports.push(report)
      for (const line of told(report)) console.log(line)
    },
    4_096,
  )
  for (const line of toldOfAll(reports)) console.log(line)
  console.log(`${Math.round((performance.now() - begin) / 1000)} s on ${threads} threads`)
  const well = reports.length > 0 && reports.every(({ wrong }) => wrong.length === 0)
  if (values.cells && well) writeFileSync(join(root, 'test/exploration/cells.json'), `${JSON.stringify(tableOf(reports), null, 2)}\n`)
  process.exitCode = well && (values.cells || unknownOf(reports).length === 0) ? 0 : 1
} finally {
  built.remove()
}
