import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the built pages of the engine suite are. */
    enginePages: string
  }
}

/** Builds the pages once a run. */
export default async function setup(project: TestProject): Promise<() => void> {
  const root = join(import.meta.dirname, 'page')
  const cache = join(import.meta.dirname, '../../.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'engines-'))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    // React mounts twice in development only.
    define: { 'process.env.NODE_ENV': '"development"' },
    build: {
      outDir: folder,
      target: 'es2022',
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: ['session', 'mounted', 'cycles', 'leases', 'elsewhere'].map((name) => join(root, `${name}.html`)) },
    },
  })
  project.provide('enginePages', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}
