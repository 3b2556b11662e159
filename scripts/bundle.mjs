/** Bundles programs of the checkout, so that they run on plain Node, as the code runs in a page's build and not through a loader. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './setup.mjs'

/** `names` of files in the folder `from`, without `.ts`. The result lies in the checkout, so that packages resolve from there. */
export async function bundle(names, from) {
  const { build } = await import('vite')
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache/bundle-'))
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: true,
      target: 'node20',
      outDir: folder,
      emptyOutDir: false,
      copyPublicDir: false,
      rolldownOptions: {
        input: Object.fromEntries(names.map((name) => [name, join(root, from, `${name}.ts`)])),
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
      },
    },
  })
  return { program: (name) => join(folder, `${name}.mjs`), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** For a command: interrupted, it leaves neither processes nor files behind. */
export async function bundleUntilExit(names, from) {
  const built = await bundle(names, from)
  process.once('exit', built.remove)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  return built
}
