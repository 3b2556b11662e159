import { readFileSync } from 'node:fs'
import { playwright } from '@vitest/browser-playwright'
import type { EnvironmentOptions } from 'vite'
import { defineConfig } from 'vitest/config'
import type { ViteUserConfig } from 'vitest/config'
import { launchOptions } from './scripts/chromium.mjs'

/** The package's export map says what there is to build: `./dist/presets/hume.js` comes from `src/presets/hume.ts`. A source that is missing stops the build. */
function entries(): Record<string, string> {
  const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, string | { default: string }>
    bin: Record<string, string>
  }
  const targets = [
    ...Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : [target.default])),
    ...Object.values(bin),
  ]
  const names = targets.map((target) => target.replace(/^(\.\/)?dist\/|\.js$/g, ''))
  return Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]))
}

/** Left to the package that uses ours; the script-tag file has everything in it. */
const external = [/^(eventemitter3|zod|jose|ws|rate-limiter-flexible|ioredis)(\/|$)/, /^node:/]
const shared = { target: 'es2022', sourcemap: false, copyPublicDir: false }

/** One file per source, as written but without types: a bundler takes what it needs, and a reader finds what was written. */
const esm = (): EnvironmentOptions => ({
  // As for a browser, Vite would replace `process` and wrap each `import()`; what is built here runs in both.
  consumer: 'server',
  build: {
    ...shared,
    minify: false,
    emptyOutDir: true,
    lib: { entry: entries(), formats: ['es'] },
    rolldownOptions: { external, output: { preserveModules: true, preserveModulesRoot: 'src', entryFileNames: '[name].js' } },
  },
})

/** One file for a `<script>`: everything under one global, dependencies included. */
const iife = (): EnvironmentOptions => ({
  consumer: 'client',
  build: {
    ...shared,
    minify: true,
    emptyOutDir: false,
    lib: { entry: 'src/script-tag.ts', name: 'Heartwire', formats: ['iife'], fileName: () => 'heartwire.global.js' },
  },
})

export default defineConfig(async ({ command }): Promise<ViteUserConfig> => {
  // The tests that need no browser must run where there is none; Playwright complains in the others.
  const browser = process.env['VITEST'] ? await launchOptions().catch(() => ({ executablePath: 'no-browser-found' })) : {}
  return {
    builder: {
      sharedConfigBuild: true,
      async buildApp(builder) {
        for (const environment of Object.values(builder.environments)) {
          if (environment.name === 'esm' || environment.name === 'iife') await builder.build(environment)
        }
      },
    },
    environments: command === 'build' ? { esm: esm(), iife: iife() } : {},
    test: {
      // By itself Vitest leaves one core free, and of two uses one.
      maxWorkers: '100%',
      projects: [
        {
          // Tables, stories with virtual time, the simulation, real sockets on loopback: all in Node.
          // The time is for busy machines: no test waits on a real clock.
          test: {
            name: 'unit',
            testTimeout: 60_000,
            environment: 'node',
            include: ['test/**/*.test.{ts,tsx}'],
            exclude: ['test/{dom,browser,pages}/**'],
          },
        },
        {
          test: { name: 'dom', testTimeout: 60_000, environment: 'happy-dom', include: ['test/dom/**/*.test.{ts,tsx}'] },
        },
        {
          // The tests themselves run inside Chromium. What Vite finds out late makes it reload the page under a running test.
          optimizeDeps: { include: ['eventemitter3', 'jose', 'jose/jwt/decode', 'react', 'react-dom/client', 'zod/mini'] },
          test: {
            name: 'browser',
            testTimeout: 60_000,
            include: ['test/browser/**/*.browser.test.{ts,tsx}'],
            globalSetup: ['test/browser/global-setup.ts'],
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({ launchOptions: browser }),
              instances: [{ browser: 'chromium' }],
            },
          },
        },
        {
          // The tests run in Node and drive Chromium: whole pages, built and served as users would.
          test: {
            name: 'pages',
            environment: 'node',
            include: ['test/pages/**/*.test.ts'],
            globalSetup: ['test/pages/global-setup.ts'],
            testTimeout: 60_000,
            hookTimeout: 60_000,
          },
        },
      ],
    },
  }
})
