/** `npm run simulate -- --seed N [--steps N] [--curious]`: replays one seed of the simulation and prints every step of it. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isMain, root, setup } from './setup.mjs'

async function simulate(seed, steps, curious) {
  setup()
  const { runnerImport } = await import('vite')
  const { module } = await runnerImport(join(root, 'test/simulation/replay.ts'), { configFile: false, logLevel: 'error' })
  return module.replay(seed, steps, curious, (line) => process.stdout.write(`${line}\n`)) === null
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, steps: { type: 'string', default: '200' }, curious: { type: 'boolean', default: false } },
  })
  const [seed, steps] = [Number(values.seed), Number(values.steps)]
  if (!Number.isInteger(seed) || !Number.isInteger(steps)) {
    console.error('Which seed? npm run simulate -- --seed 42')
    process.exitCode = 1
  } else process.exitCode = (await simulate(seed, steps, values.curious)) ? 0 : 1
}
