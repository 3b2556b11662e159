/** What a mutant has to get past: the core's tables and the simulation, in one thread, stopping at the first failure. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  cacheDir: '.cache/vite',
  test: {
    include: ['test/core/**/*.test.ts', 'test/simulation/**/*.test.ts'],
    environment: 'node',
    pool: 'threads',
    maxWorkers: 1,
    isolate: false,
    bail: 1,
    passWithNoTests: false,
  },
})
