/**
 * `npm run load`: 5,000 sockets over two gateway processes on one real Redis, 1,000 deliveries a second for a minute, then
 * restarts. About five minutes. Prints what was measured; the exit code says whether all of it held.
 * `-- --clients 1000 --rate 20 --seconds 10` makes it smaller, `--profile <folder>` writes CPU profiles of the gateways.
 */
import { parseArgs } from 'node:util'
import { bundleUntilExit } from './bundle.mjs'
import { isMain, setup } from './setup.mjs'

async function main() {
  setup()
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '5000' },
      rate: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '60' },
      profile: { type: 'string' },
    },
  })
  const built = await bundleUntilExit(['gateway-process', 'clients-process', 'load'], 'scripts/gateway')
  let failed = 0
  try {
    const { load } = await import(built.program('load'))
    const clients = Number(values.clients)
    const options = {
      clients,
      eventsPerSecond: Number(values.rate),
      seconds: Number(values.seconds),
      openMs: Math.max(2000, 6 * clients),
      nodeArguments: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
    }
    await load(built.program, options, (holds, text) => {
      if (!holds) failed++
      console.log(`${holds ? 'ok  ' : 'FAIL'} ${text}`)
    })
  } catch (error) {
    failed++
    console.error(error)
  }
  process.exit(failed === 0 ? 0 : 1)
}

if (isMain(import.meta.url)) await main()
