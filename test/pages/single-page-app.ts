import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'vite'

/**
 * A single-page app as somebody else would have it: its own folder, the package from the tarball in its node_modules,
 * built by Vite with nothing of our configuration. Gives the folder to serve.
 */
export async function buildApp(packageFolder: string, name: string, main: string): Promise<string> {
  const folder = join(dirname(packageFolder), name)
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  cpSync(packageFolder, join(folder, 'node_modules/heartwire'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }))
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>app</title><script type="module" src="/main.js"></script>')
  writeFileSync(join(folder, 'main.js'), main)
  await build({ root: folder, configFile: false, logLevel: 'error' })
  return join(folder, 'dist')
}
