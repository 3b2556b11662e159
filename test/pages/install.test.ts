/** The package as it is installed: by a script tag, and by a bundler from the tarball. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { launchChromium } from './chromium.ts'
import { serveFolder } from './serve-folder.ts'
import { buildApp } from './single-page-app.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

/** Opens a served folder; gives what the expression is there, and what the page complained about. */
async function open(folder: string, expression: string): Promise<{ value: unknown; complaints: string[] }> {
  const { url, close } = await serveFolder(folder)
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) complaints.push(message.text())
  })
  try {
    await page.goto(url, { waitUntil: 'load' })
    return { value: await page.evaluate(expression), complaints }
  } finally {
    await page.close()
    await close()
  }
}

describe('the package', () => {
  test('works by a script tag, and leaves one global', async () => {
    const folder = inject('packageFolder')
    // (And the one where zod keeps its configuration.)
    const html = `<!doctype html><script>before = Object.keys(window)</script><script src="/dist/heartwire.global.js"></script>
      <script>added = Object.keys(window).filter((name) => !before.includes(name) && name !== 'before' && !name.startsWith('__zod'))</script>`
    writeFileSync(join(folder, 'index.html'), html)
    expect(await open(folder, '[typeof Heartwire.createSession, added]')).toEqual({ value: ['function', ['Heartwire']], complaints: [] })
  })

  test('works in a single-page app built by Vite from the tarball, which takes only what it uses', async () => {
    const main = `import { createSession } from 'heartwire'\nimport { bitHuman } from 'heartwire/presets/bithuman'\nglobalThis.kinds = [typeof createSession, typeof bitHuman]\n`
    const folder = await buildApp(inject('packageFolder'), 'app', main)
    expect(await open(folder, 'globalThis.kinds')).toEqual({ value: ['function', 'function'], complaints: [] })
  })

  test('ships what it should, and nothing else', () => {
    const folder = inject('packageFolder')
    for (const name of ['LICENSE', 'package.json', 'dist/index.js', 'src/index.ts']) expect(existsSync(join(folder, name)), name).toBe(true)
    expect(existsSync(join(folder, 'test'))).toBe(false)
    expect(existsSync(join(folder, 'scripts'))).toBe(false)
  })
})
