/**
 * `npm run explore`: every state of small sources that a few events reach (`test/exploration`).
 *
 * | option | meaning |
 * | --- | --- |
 * | `--deeper N` | so many events more than the tests explore (default 1) |
 * | `--only NAME` | one configuration |
 * | `--cells` | writes `test/exploration/cells.json` anew, at the depth of the tests |
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, setup } from './setup.mjs'

const { values } = parseArgs({
  options: { deeper: { type: 'string', default: '1' }, only: { type: 'string' }, cells: { type: 'boolean', default: false } },
})

setup()
const { runnerImport } = await import('vite')
const module = async (name) => (await runnerImport(join(root, 'test/exploration', name), { configFile: false, logLevel: 'error' })).module

if (values.cells) {
  const { tableOfCells } = await module('report.ts')
  writeFileSync(join(root, 'test/exploration/cells.json'), `${JSON.stringify(tableOfCells(), null, 2)}\n`)
} else {
  const { report } = await module('report.ts')
  if (!report(Number(values.deeper), values.only, (line) => console.log(line))) process.exitCode = 1
}
