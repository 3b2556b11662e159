/**
 * Packs the library as `npm publish` would, away from `dist`, so that tests can use what users get while somebody
 * else builds. Gives the folder of the unpacked package and the tarball.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm, root } from './setup.mjs'

export function stage() {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache/stage-'))
  const source = join(folder, 'source')
  // In a process of its own: a build must not see that it is started by a test.
  const { VITEST: _, NODE_ENV: __, ...env } = process.env
  const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), '--no-types', '--out', join(source, 'dist')], {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`The library could not be built:\n${built.stdout}${built.stderr}`)
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const name of ['package.json', ...files]) {
    if (name !== 'dist' && existsSync(join(root, name))) cpSync(join(root, name), join(source, name), { recursive: true })
  }
  const packed = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: source, encoding: 'utf8' })
  if (packed.status !== 0) throw new Error(`The library could not be packed:\n${packed.stderr}`)
  const tarball = join(folder, JSON.parse(packed.stdout)[0].filename)
  const unpacked = spawnSync('tar', ['-xzf', tarball, '-C', folder], { encoding: 'utf8' })
  if (unpacked.status !== 0) throw new Error(`The tarball could not be unpacked:\n${unpacked.stderr}`)
  return { folder, tarball, packageFolder: join(folder, 'package') }
}
