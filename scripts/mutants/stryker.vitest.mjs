/** What a mutant of `stryker.config.mjs` has to get past: the tests of its folder, in threads, without a browser. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  cacheDir: '.cache/vite',
  test: {
    include: (process.env['HEARTWIRE_MUTATION_TESTS'] ?? 'test/wire/**/*.test.ts').split(','),
    environment: 'node',
    testTimeout: 60_000,
  },
})
