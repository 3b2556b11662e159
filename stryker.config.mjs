/**
 * Mutation testing (https://stryker-mutator.io): every operator, condition, literal and block of a folder is changed, one at a
 * time, and its tests must notice. Started by `npm run mutation` (`scripts/mutation.mjs`), which says which folder.
 */
import { availableParallelism } from 'node:os'

/** @type {Record<string, { mutate: string[], tests: string[], least: number } | undefined>} */
const folders = {
  wire: { mutate: ['src/wire/**/*.ts'], tests: ['test/wire/**/*.test.ts'], least: 85 },
  // Without the test of every state times every event: it would cost each survivor half a minute.
  core: { mutate: ['src/core/**/*.ts'], tests: ['test/core/!(every-state).test.ts', 'scripts/mutants/simulation.test.ts'], least: 95 },
  io: { mutate: ['src/io/**/*.ts'], tests: ['test/io/**/*.test.ts', 'test/stories/**/*.test.ts'], least: 85 },
}

const name = process.env['HEARTWIRE_MUTATE'] ?? 'wire'
const folder = folders[name]
if (!folder) throw new Error(`HEARTWIRE_MUTATE: ${Object.keys(folders).join(', ')}, not ${name}`)

// Read by that configuration, and by the simulation: enough seeds to reach every edge, few enough to be quick.
process.env['HEARTWIRE_MUTATION_TESTS'] = folder.tests.join(',')
process.env['HEARTWIRE_SEEDS'] ??= '200'

export default {
  mutate: folder.mutate,
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/mutants/stryker.vitest.mjs', related: false },
  coverageAnalysis: 'perTest',
  concurrency: availableParallelism(),
  // For busy machines: only what never ends should reach it.
  timeoutMS: 60_000,
  thresholds: { high: 100, low: folder.least, break: folder.least },
  reporters: ['clear-text', 'progress', 'html', 'json'],
  htmlReporter: { fileName: `.cache/mutation/${name}.html` },
  jsonReporter: { fileName: `.cache/mutation/${name}.json` },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: false },
  // Nothing of it has to be rewritten for a copy of the tree.
  tsconfigFile: 'tsconfig.none.json',
  tempDirName: '.cache/stryker',
  cleanTempDir: 'always',
  ignorePatterns: ['dist', 'demo', 'docs', 'bench', '.cache', 'test-results'],
  allowEmpty: false,
}
