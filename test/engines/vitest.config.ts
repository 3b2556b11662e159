import { defineConfig } from 'vitest/config'

/** The suite in three real engines: a run of its own, because it starts browsers that not everybody has. See scripts/engines.mjs. */
export default defineConfig({
  test: {
    name: 'engines',
    environment: 'node',
    root: '.',
    include: ['test/engines/*.engine.ts'],
    globalSetup: ['test/engines/build.ts'],
    // One browser at a time: what is measured in time is the page, not the machine.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/engines/table.ts'],
  },
})
