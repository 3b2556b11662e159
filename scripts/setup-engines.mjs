/**
 * `npm run setup:engines`: installs real browsers for those who want more than the Chromium that the tests find by
 * themselves. Uses apt as root on Debian and Ubuntu; elsewhere it only says what to install.
 */
import { spawnSync } from 'node:child_process'
import { setup } from './setup.mjs'

const packages = ['chromium', 'firefox-esr', 'webkit2gtk-driver', 'xvfb']
const apt = (...args) =>
  spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0

setup()
if (process.platform !== 'linux' || process.getuid() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
  console.log(`This installs browsers only as root on Debian and Ubuntu: apt-get install ${packages.join(' ')}`)
  console.log('Elsewhere install Google Chrome, Chromium or Microsoft Edge as usual; the tests find it, or take its path from CHROME_PATH.')
} else {
  apt('update')
  // One at a time: Ubuntu has no firefox-esr, and that must not cost the others.
  const missing = packages.filter((name) => !apt('install', '-y', '--no-install-recommends', name))
  console.log(missing.length === 0 ? 'All browser engines are installed.' : `Could not be installed: ${missing.join(', ')}.`)
  if (missing.includes('chromium')) process.exitCode = 1
}
