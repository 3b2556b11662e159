/**
 * `npm run setup:engines`: installs the Redis server that the store's tests need, and real browsers for those who want more
 * than the Chromium that the tests find by themselves. Uses apt as root on Debian and Ubuntu; elsewhere it only says what to install.
 */
import { spawnSync } from 'node:child_process'
import { setup } from './setup.mjs'

const packages = ['redis-server', 'chromium', 'firefox-esr', 'webkit2gtk-driver', 'xvfb']
const apt = (...args) =>
  spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0

setup()
if (process.platform !== 'linux' || process.getuid() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
  console.log(`This installs engines only as root on Debian and Ubuntu: apt-get install ${packages.join(' ')}`)
  console.log('Elsewhere install Google Chrome, Chromium or Microsoft Edge as usual; the tests find it, or take its path from CHROME_PATH.')
  console.log('The same for Redis or Valkey: the tests find redis-server or valkey-server on the PATH, or take its path from REDIS_SERVER.')
} else {
  apt('update')
  // One at a time: Ubuntu has no firefox-esr, and that must not cost the others.
  const missing = packages.filter((name) => !apt('install', '-y', '--no-install-recommends', name))
  console.log(missing.length === 0 ? 'All engines are installed.' : `Could not be installed: ${missing.join(', ')}.`)
  if (missing.includes('chromium') || missing.includes('redis-server')) process.exitCode = 1
}
