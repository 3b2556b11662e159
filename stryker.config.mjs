/**
 * Mutation testing (https://stryker-mutator.io): every operator, literal and statement of a folder is changed, one at a time,
 * and its own tests must notice. `npm run mutation -- wire` (or `core`, `io`); without a name, all three, one after another.
 */
/** @type {Record<string, { mutate: string[], tests: string[] } | undefined>} */
const folders = {
  wire: { mutate: ['src/wire/**/*.ts'], tests: ['test/wire/**/*.test.ts'] },
  core: { mutate: ['src/core/**/*.ts'], tests: ['test/core/**/*.test.ts', 'test/simulation/simulation.test.ts'] },
  io: { mutate: ['src/io/**/*.ts'], tests: ['test/io/**/*.test.ts', 'test/stories/**/*.test.ts'] },
}

const name = process.env['HEARTWIRE_MUTATE'] ?? 'wire'
const folder = folders[name]
if (!folder) throw new Error(`HEARTWIRE_MUTATE: ${Object.keys(folders).join(', ')}, not ${name}`)

// Read by that configuration.
process.env['HEARTWIRE_MUTATION_TESTS'] = folder.tests.join(',')

export default {
  mutate: folder.mutate,
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/mutants/stryker.vitest.mjs' },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 90, break: 90 },
  reporters: ['clear-text', 'progress', 'html'],
  htmlReporter: { fileName: `.cache/mutation/${name}.html` },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  // Nothing of it has to be rewritten for a copy of the tree.
  tsconfigFile: 'tsconfig.none.json',
  tempDirName: '.cache/stryker',
  ignorePatterns: ['dist', 'demo', 'docs', 'bench', '.cache', 'test-results'],
  allowEmpty: false,
}
