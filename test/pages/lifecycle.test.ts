/** The page's life in a real Chromium: what is left on the server when it froze, went away and came back, or mounted twice. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../emulator/client.ts'
import { chromium } from '../engines/chromium.ts'
import { serveApp, type AppServer } from './app-server.ts'
import { launchChromium } from './chromium.ts'

let folder: string
let browser: Browser
let app: AppServer
let page: Page
let complaints: string[]
/** The headless shell of the npm package has no back/forward cache, whatever it is told. */
let cache: boolean
const noCache = 'this Chromium has no back/forward cache'

beforeAll(async () => {
  const root = join(import.meta.dirname, 'lifecycle')
  folder = mkdtempSync(join(import.meta.dirname, '../../.cache/lifecycle-'))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    // React mounts twice in development only.
    define: { 'process.env.NODE_ENV': '"development"' },
    build: {
      outDir: folder,
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: ['index', 'react', 'elsewhere'].map((name) => join(root, `${name}.html`)) },
    },
  })
  // Playwright turns the back/forward cache off; here it is what is tested.
  browser = await launchChromium({ ignoreDefaultArgs: ['--disable-back-forward-cache'] })
  cache = await hasCache()
})
afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  app = await serveApp({ folder })
  page = await browser.newPage()
  complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
})
afterEach(async () => {
  await page.close()
  await app.close()
})

/** Whether a page with nothing in it comes back as it was. */
async function hasCache(): Promise<boolean> {
  const { url, close } = await serveApp({ folder })
  const plain = await browser.newPage()
  await plain.goto(`${url}/elsewhere.html`)
  await plain.evaluate('globalThis.here = true')
  await plain.goto(`${url}/elsewhere.html?again`)
  await back(plain, /elsewhere.html$/)
  const kept = await plain.evaluate('globalThis.here')
  await plain.close()
  await close()
  return kept === true
}

/** Goes back; a page out of the cache is not loaded, it is there. */
async function back(from: Page, to: RegExp): Promise<void> {
  await from.evaluate('setTimeout(() => history.back())')
  await from.waitForURL(to, { waitUntil: 'commit' })
}

type Kind = 'lease' | 'ticket'
const kinds: Kind[] = ['lease', 'ticket']
const providerOf = (kind: Kind) => (kind === 'lease' ? app.bithuman : app.hume)
const mintsOf = (kind: Kind) => providerOf(kind).counts.mints
/** Resolves when the page says that its session is connected. */
const connected = `new Promise((resolve) => {
  const look = () => globalThis.session?.status.name === 'connected' ? resolve() : setTimeout(look, 10)
  look()
})`

describe.each(kinds)('a page with a %s', (kind) => {
  test('that is frozen lets its socket go at once, and has one again when it resumes', async () => {
    // Playwright keeps every page visible, and a visible page is never frozen.
    const engine = await chromium()
    const is = async (name: string): Promise<void> => {
      await expect.poll(() => engine.evaluate('globalThis.session?.status.name'), { timeout: 30_000 }).toBe(name)
    }
    try {
      await engine.go(`${app.url}/?kind=${kind}`)
      await is('connected')
      await engine.freeze!(true)
      // The server knows it before the page is thawed. By itself, Chromium would tell it afterwards.
      await eventually(() => providerOf(kind).faults.open).toBe(0)
      await engine.freeze!(false)
      await is('connected')
      expect(await engine.evaluate('story')).toEqual([
        ...['connecting', 'connected', 'freeze', 'paused hidden'],
        ...['resume', 'reconnecting', 'connected'],
      ])
      await eventually(() => providerOf(kind).faults.open).toBe(1)
      expect(providerOf(kind).faults.upgrades).toBe(2)
      expect(mintsOf(kind)).toBe(kind === 'lease' ? 2 : 1)
    } finally {
      await engine.close()
    }
  })

  test('that comes back from the back/forward cache has one socket', async ({ skip }) => {
    skip(!cache, noCache)
    await page.goto(`${app.url}/?kind=${kind}`)
    await page.evaluate(connected)
    await page.evaluate("location.href = '/elsewhere.html'")
    await page.waitForURL('**/elsewhere.html', { waitUntil: 'commit' })
    // By itself, Chromium would tell the server only on the way back.
    await eventually(() => providerOf(kind).faults.open).toBe(0)
    await back(page, /kind=/)
    await page.evaluate(connected)
    // `true`: it was the cache. The two facts that say so are one return.
    expect(await page.evaluate('story')).toEqual([
      ...['connecting', 'connected', 'pagehide true', 'paused hidden', 'freeze'],
      ...['resume', 'reconnecting', 'pageshow true', 'connected'],
    ])
    await eventually(() => providerOf(kind).faults.open).toBe(1)
    expect(providerOf(kind).faults.upgrades).toBe(2)
    expect(mintsOf(kind)).toBe(kind === 'lease' ? 2 : 1)
    expect(complaints).toEqual([])
  })

  test('that is told of the cache as Safari does, without freeze and resume, has one socket', async () => {
    await page.goto(`${app.url}/?kind=${kind}`)
    await page.evaluate(connected)
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    await eventually(() => providerOf(kind).faults.open).toBe(0)
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await page.evaluate(connected)
    await eventually(() => providerOf(kind).faults.open).toBe(1)
    expect(providerOf(kind).faults.upgrades).toBe(2)
    expect(mintsOf(kind)).toBe(kind === 'lease' ? 2 : 1)
  })
})

test('a page that goes back and forth ten times leaves nothing behind, and its ticket serves each return', async ({ skip }) => {
  skip(!cache, noCache)
  await page.goto(`${app.url}/?kind=ticket`)
  for (let times = 0; times < 10; times++) {
    await page.evaluate(connected)
    await page.evaluate("location.href = '/elsewhere.html'")
    await page.waitForURL('**/elsewhere.html', { waitUntil: 'commit' })
    await back(page, /kind=/)
  }
  await page.evaluate(connected)
  expect(await page.evaluate("story.filter((one) => one === 'pageshow true').length")).toBe(10)
  await eventually(() => app.hume.faults.open).toBe(1)
  expect(app.hume.faults.upgrades).toBe(11)
  expect(app.hume.counts.mints).toBe(1)
})

test('a page that is left and loaded anew has one socket, with the cache or without', async () => {
  await page.goto(`${app.url}/?kind=lease`)
  await page.evaluate(connected)
  await page.reload()
  await page.evaluate(connected)
  await eventually(() => app.bithuman.faults.open).toBe(1)
  expect(app.bithuman.faults.upgrades).toBe(2)
  expect(app.bithuman.counts.mints).toBe(2)
})

describe.each(kinds)('a React component with a %s', (kind) => {
  // (A ref and a state are the same to the session: once is enough.)
  test.each(kind === 'lease' ? ['state', 'ref', 'effect'] : ['state', 'effect'])(
    'mounted twice by StrictMode (session made in: %s) has one socket',
    async (form) => {
      await page.goto(`${app.url}/react.html?kind=${kind}&form=${form}`)
      await page.locator('output', { hasText: /^connected$/ }).waitFor()
      expect(await page.evaluate('effects')).toEqual({ begun: 2, ended: 1 })
      expect(providerOf(kind).faults).toMatchObject({ open: 1, upgrades: 1 })
      expect([mintsOf(kind), app.asked()]).toEqual([1, 1])
      expect(complaints).toEqual([])
    },
  )

  test.each(['state', 'effect'])(
    'that goes and comes back (session made in: %s) has one socket, and none while it is gone',
    async (form) => {
      await page.goto(`${app.url}/react.html?kind=${kind}&form=${form}`)
      const { faults } = providerOf(kind)
      const connected = page.locator('output', { hasText: /^connected$/ })
      const toggle = (times: number) => page.evaluate(`toggle(${times})`)
      await connected.waitFor()
      await toggle(1)
      await eventually(() => faults.open).toBe(0)
      await toggle(1)
      await connected.waitFor()
      expect(faults).toMatchObject({ open: 1, upgrades: 2 })

      // As fast as it goes: each farewell is still on its way when the next one comes.
      await toggle(4)
      await connected.waitFor()
      await eventually(() => faults.open).toBe(1)
      await toggle(5)
      await eventually(() => faults.open).toBe(0)
      // Nothing is under way that would open another: it would arrive before a round trip of ours.
      const { upgrades } = faults
      await page.evaluate("fetch('/elsewhere.html').then((response) => response.text())")
      expect(faults).toMatchObject({ open: 0, upgrades })
      expect(complaints).toEqual([])
    },
  )
})
