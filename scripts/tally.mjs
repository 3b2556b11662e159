/** A Vitest reporter that only counts, for `scripts/test.mjs`: the numbers go to the file that `HEARTWIRE_TALLY` names. */
import { writeFileSync } from 'node:fs'

export default class Tally {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      // A file that cannot even be loaded has no tests, and is a failure all the same.
      tally.failed += module.errors().length
      for (const suite of module.children.allSuites()) tally.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        tally[state === 'passed' || state === 'failed' ? state : 'skipped'] += 1
      }
    }
    if (process.env.HEARTWIRE_TALLY) writeFileSync(process.env.HEARTWIRE_TALLY, JSON.stringify(tally))
  }
}
