/** The package as it is installed: by a script tag, and by a bundler from the tarball. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { serveApp, type AppOptions, type AppServer } from './app-server.ts'
import { launchChromium } from './chromium.ts'
import { buildApp } from './single-page-app.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

/** What an app does with it: an avatar's frames and a voice that answers, over real sockets. Leaves a promise, `heard`. */
const twoSessions = `
  globalThis.heard = (async () => {
    const host = 'ws://' + location.host
    const avatar = createSession({ preset: bitHuman({ url: host + '/bithuman/v1/runtime/A1' }), tokenSource: '/api/bithuman/token' })
    const frame = new Promise((resolve) => avatar.on('message', ({ type }) => type === 'frame' && resolve(type)))
    const voice = createSession({ preset: humeEvi({ host: host + '/hume', schemas: humeEviSchemas }), tokenSource: '/api/hume/token' })
    const answer = new Promise((resolve) => voice.on('message', ({ type }) => type === 'assistant_message' && resolve(type)))
    await Promise.all([avatar.connect(), voice.connect()])
    voice.send({ type: 'user_input', text: 'Hello' })
    const messages = await Promise.all([frame, answer])
    return { messages, statuses: [avatar.status.name, voice.status.name] }
  })()`
const both = { messages: ['frame', 'assistant_message'], statuses: ['connected', 'connected'] }

interface Opened {
  readonly app: AppServer
  /** What an expression is in the page. */
  readonly read: (expression: string) => Promise<unknown>
  /** Errors and warnings of the page. */
  readonly complaints: string[]
}

/** Serves a folder beside token endpoints and emulators, and opens it. */
async function open(options: AppOptions, use: (opened: Opened) => Promise<void>): Promise<void> {
  const app = await serveApp(options)
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (/error|warning/.test(message.type()) && !message.location().url.endsWith('/favicon.ico')) complaints.push(message.text())
  })
  try {
    await page.goto(app.url, { waitUntil: 'load' })
    await use({ app, read: (expression) => page.evaluate(expression), complaints })
  } finally {
    await page.close()
    await app.close()
  }
}

/** One socket and one mint each. */
function frugal({ bithuman, hume, asked }: AppServer): void {
  expect(bithuman.counts).toMatchObject({ mints: 1, refusedMints: 0, upgrades: 1, sessions: 1 })
  expect(hume.counts).toMatchObject({ mints: 1, refusedMints: 0, upgrades: 1, refusedUpgrades: 0, chats: 1 })
  expect(asked()).toBe(2)
}

describe('the package', () => {
  test('works by a script tag, and leaves one global', async () => {
    const folder = inject('packageFolder')
    // (And the one where zod keeps its configuration.)
    const html = `<!doctype html><script>before = Object.keys(window)</script><script src="/dist/heartwire.global.js"></script>
      <script>added = Object.keys(window).filter((name) => !before.includes(name) && name !== 'before' && !name.startsWith('__zod'))</script>
      <script>const { createSession, bitHuman, humeEvi, humeEviSchemas } = Heartwire; ${twoSessions}</script>`
    writeFileSync(join(folder, 'index.html'), html)
    await open({ folder }, async ({ app, read, complaints }) => {
      expect(await read('heard')).toEqual(both)
      expect(await read('added')).toEqual(['Heartwire'])
      expect(complaints).toEqual([])
      frugal(app)
    })
  })

  test('works by a script tag under a strict content security policy, without a violation', async () => {
    const folder = join(inject('packageFolder'), 'strict')
    mkdirSync(folder, { recursive: true })
    cpSync(join(inject('packageFolder'), 'dist/heartwire.global.js'), join(folder, 'heartwire.global.js'))
    writeFileSync(
      join(folder, 'first.js'),
      `violations = []; addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective))`,
    )
    writeFileSync(join(folder, 'app.js'), `const { createSession, bitHuman, humeEvi, humeEviSchemas } = Heartwire; ${twoSessions}`)
    const scripts = ['first', 'heartwire.global', 'app'].map((name) => `<script src="/${name}.js"></script>`)
    writeFileSync(join(folder, 'index.html'), `<!doctype html><title>strict</title>${scripts.join('')}`)
    const headers = (origin: string) => {
      const sockets = origin.replace('http', 'ws')
      return {
        'content-security-policy': `default-src 'self'; connect-src 'self' ${sockets}; require-trusted-types-for 'script'; trusted-types 'none'`,
      }
    }
    await open({ folder, headers }, async ({ app, read, complaints }) => {
      expect(await read('heard')).toEqual(both)
      expect(await read('violations')).toEqual([])
      expect(complaints).toEqual([])
      frugal(app)
      // The policy is in force, and a violation would have been seen.
      const broken = `new Promise((resolve) => {
        addEventListener('securitypolicyviolation', () => resolve(violations))
        try { document.body.innerHTML = 'x' } catch {}
      })`
      expect(await read(broken)).toEqual(['require-trusted-types-for'])
    })
  })

  test('works in a single-page app built by Vite from the tarball', async () => {
    const main = `
      import { createSession } from 'heartwire'
      import { bitHuman } from 'heartwire/presets/bithuman'
      import { humeEvi } from 'heartwire/presets/hume'
      import { humeEviSchemas } from 'heartwire/presets/hume/schemas'
      ${twoSessions}`
    const folder = await buildApp(inject('packageFolder'), 'app', main)
    await open({ folder }, async ({ app, read, complaints }) => {
      expect(await read('heard')).toEqual(both)
      expect(complaints).toEqual([])
      frugal(app)
    })
  })

  test('ships what it should, and nothing else', () => {
    const folder = inject('packageFolder')
    for (const name of ['LICENSE', 'package.json', 'dist/index.js', 'src/index.ts']) expect(existsSync(join(folder, name)), name).toBe(true)
    expect(existsSync(join(folder, 'test'))).toBe(false)
    expect(existsSync(join(folder, 'scripts'))).toBe(false)
  })
})
