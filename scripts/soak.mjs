/**
 * `npm run soak`: 500 real sessions for 30 minutes over real sockets, with faults of every kind injected all the time: connections
 * cut or silent, handshakes refused or hung, broken token endpoints, rotated keys, servers killed and drained, restless
 * applications. Both ends are watched; then all is healed and closed, and what is left is counted. Prints a line a minute,
 * figures, and `0 violations` or what they are; the exit code says the same.
 *
 * `-- --sessions 100 --minutes 3 --seed 7` makes it smaller. `-- --plant deaf` (or `hoard`) plants a bug, which it must find. It
 * needs a Redis, as the gateway's tests do.
 */
import { parseArgs } from 'node:util'
import { bundleUntilExit } from './bundle.mjs'
import { isMain, setup, stop } from './setup.mjs'

async function main() {
  setup()
  const { values } = parseArgs({
    options: {
      sessions: { type: 'string', default: '500' },
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      plant: { type: 'string' },
    },
  })
  const [sessions, minutes, seed] = [values.sessions, values.minutes, values.seed].map(Number)
  if (!(Number.isInteger(sessions) && sessions > 0 && minutes > 0 && Number.isInteger(seed)))
    stop('How many, and how long? npm run soak -- --sessions 500 --minutes 30 --seed 1')
  if (values.plant !== undefined && !['deaf', 'hoard'].includes(values.plant)) stop('--plant takes deaf or hoard')
  const built = await bundleUntilExit(['clients-process', 'gateway-process', 'providers-process', 'soak'], 'scripts/soak')
  let holds = false
  try {
    const { soak } = await import(built.program('soak'))
    holds = await soak(built.program, { sessions, minutes, seed, plant: values.plant }, (line) => console.log(line))
  } catch (error) {
    console.error(error)
  }
  process.exit(holds ? 0 : 1)
}

if (isMain(import.meta.url)) await main()
