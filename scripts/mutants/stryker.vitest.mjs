/** What a mutant of `stryker.config.mjs` has to get past: the tests of its folder, in one thread, without a browser. */
import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'

/** Quick tables first; the simulation only for what survives them. */
class TablesFirst extends BaseSequencer {
  async sort(files) {
    const late = ({ moduleId }) => Number(moduleId.includes('simulation'))
    return [...files].sort((a, b) => late(a) - late(b) || a.moduleId.localeCompare(b.moduleId))
  }
}

export default defineConfig({
  cacheDir: '.cache/vite',
  test: {
    include: (process.env['HEARTWIRE_MUTATION_TESTS'] ?? 'test/wire/**/*.test.ts').split(','),
    environment: 'node',
    testTimeout: 60_000,
    sequence: { sequencer: TablesFirst },
  },
})
