/** Starts the demo and drives its page in a real Chromium, by its contract: attributes of `<html>`, `data-action`, counts. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './setup.mjs'

/** Runs what `npm start` runs, on any free port. Resolves when the line with the address is there. */
export function startDemo() {
  const child = spawn(process.execPath, [join(root, 'scripts/start.mjs')], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stderr.on('data', (data) => (said.err += data))
  const stop = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', () => resolve())
      child.kill()
    })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The demo ended with ${code}.\n${said.out}${said.err}`)))
    child.stdout.on('data', (data) => {
      said.out += data
      const url = /^Heartwire demo: (http:\/\/localhost:\d+\/)$/m.exec(said.out)?.[1]
      if (url) resolve({ url, printedAt: performance.now(), output: () => said.out, stop })
    })
  })
}

/** Runs in the page before anything else: what the attributes and the sockets were, from the first moment on. */
function watch() {
  window.seen = { statuses: [], sockets: 0 }
  const Real = window.WebSocket
  window.WebSocket = class extends Real {
    constructor(...args) {
      super(...args)
      window.seen.sockets++
    }
  }
  new MutationObserver(() => {
    const { status, reason, code } = document.documentElement.dataset
    const now = [status, reason, code].filter(Boolean).join('/')
    if (window.seen.statuses.at(-1) !== now) window.seen.statuses.push(now)
  }).observe(document, { attributes: true, subtree: true, attributeFilter: ['data-status', 'data-reason', 'data-code'] })
}

/** What Chromium itself prints about a refused request or a cut socket is no error of the page's. */
const ofTheNetwork = /^(Failed to load resource|WebSocket connection to)/

/** Opens the page in a context of its own. */
export async function openDemo(browser, url, query) {
  const context = await browser.newContext()
  const page = await context.newPage()
  const complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !ofTheNetwork.test(message.text())) complaints.push(message.text())
  })
  await page.addInitScript(watch)
  await page.goto(url + query)

  const data = () => page.evaluate(() => Object.fromEntries(Object.entries(document.documentElement.dataset)))
  const counts = async () => {
    const { room } = await data()
    const response = await fetch(`${url}demo/${room}/counts`)
    if (!response.ok) throw new Error(`counts answered ${response.status}`)
    return response.json()
  }
  return {
    page,
    complaints,
    data,
    counts,
    seen: () => page.evaluate(() => window.seen),
    click: (action) => page.click(`[data-action=${action}]`),
    /** Types into the box of the preset's own part of the page. */
    async say(text) {
      await page.fill('[data-form=say] input', text)
      await page.keyboard.press('Enter')
    },
    /** The number that the page itself shows under this name. */
    shown: async (count) => Number((await page.textContent(`[data-count=${count}]`)).replaceAll(',', '')),
    /** Waits for the attributes; answers how many ms it took, and says what was there instead if it took too long. */
    async until(wanted, timeout = 20_000) {
      const start = performance.now()
      const holds = (wanted) =>
        Object.entries(wanted).every(([name, value]) => [value].flat().includes(document.documentElement.dataset[name]))
      await page.waitForFunction(holds, wanted, { timeout, polling: 20 }).catch(async () => {
        throw new Error(`not ${JSON.stringify(wanted)} within ${timeout} ms, but ${JSON.stringify(await data())}`)
      })
      return Math.round(performance.now() - start)
    },
    /** Waits until the emulator has counted it. */
    async untilCounted(holds, timeout = 20_000) {
      for (const end = performance.now() + timeout; ; await new Promise((resolve) => setTimeout(resolve, 40))) {
        const now = await counts()
        if (holds(now)) return now
        if (performance.now() > end) throw new Error(`never counted: ${holds}; now ${JSON.stringify(now)}`)
      }
    },
    close: () => context.close(),
  }
}
