/**
 * `npm run acceptance:gateway`: two gateway processes on one real Redis, with real sessions and signed webhooks; processes
 * are killed, rights withdrawn, Redis is restarted. About three minutes. Prints what was measured, line by line; the exit
 * code says whether all of it held. `-- crash` tells that story only. `npm test` does the parts that are quick.
 */
import { bundleUntilExit } from './bundle.mjs'
import { isMain, setup } from './setup.mjs'

const lines = { good: 0, bad: 0 }

function report(story, holds, text) {
  lines[holds ? 'good' : 'bad']++
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${story.padEnd(12)} ${text}`)
}

async function main() {
  setup()
  const built = await bundleUntilExit(['gateway-process', 'stories'], 'scripts/gateway')
  const { scales, stories } = await import(built.program('stories'))
  const only = process.argv[2]
  for (const [name, story] of Object.entries(stories)) {
    if (only !== undefined && only !== name) continue
    try {
      await story(built.program('gateway-process'), scales.long, (holds, text) => report(name, holds, text))
    } catch (error) {
      report(name, false, error.message)
    }
  }
  console.log(`${lines.good} held, ${lines.bad} failed`)
  process.exit(lines.bad === 0 ? 0 : 1)
}

if (isMain(import.meta.url)) await main()
