/**
 * The demo from its command to its page, in a real Chromium, with short intervals. `npm run acceptance:demo` does the same
 * at full length.
 */
import { spawnSync } from 'node:child_process'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDemo, startDemo } from '../../scripts/demo.mjs'
import type { DemoPage, RunningDemo } from '../../scripts/demo.mjs'
import { launchChromium } from './chromium.ts'

let demo: RunningDemo
let browser: Browser
beforeAll(async () => {
  ;[demo, browser] = await Promise.all([startDemo(), launchChromium()])
})
afterAll(async () => {
  await browser.close()
  await demo.stop()
})

const connected = { status: 'connected' }
/** After trouble a source asks every half second at most, so a shorter grace would be over before the next beat. */
const intervals = 'beat=0.2&ttl=2&grace=0.9&probe=0.2'

/** A page of its own for each test; whatever happens in it, it must not complain. */
async function on(query: string, story: (page: DemoPage) => Promise<void>): Promise<void> {
  const page = await openDemo(browser, demo.url, query)
  try {
    await page.until(connected)
    await story(page)
    expect(page.complaints).toEqual([])
  } finally {
    await page.close()
  }
}

test('prints one line, and says which port is taken', () => {
  expect(demo.output()).toBe(`Heartwire demo: ${demo.url}\n`)
  const env = { ...process.env, PORT: new URL(demo.url).port }
  const { status, stderr } = spawnSync(process.execPath, ['scripts/start.mjs'], { env, encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toContain(`Port ${env.PORT} is taken`)
})

describe('Hume', () => {
  test('a typed text gets an answer, and the page says what has ended', () =>
    on('?preset=hume-evi', async ({ page, data }) => {
      await page.fill('[data-form=say] input', 'Hello')
      await page.keyboard.press('Enter')
      await page.waitForSelector('[data-from=assistant]')
      expect(await page.textContent('[data-from=user]')).toBe('Hello')
      expect(await page.innerText('body')).toContain('ended on 13 November 2026')
      expect(await data()).toMatchObject({ preset: 'hume-evi', reason: '', renewal: 'ok' })
    }))

  test('refused renewals never cut a live chat; without a ticket it pauses, and comes back after heal', () =>
    on('?preset=hume-evi&ttl=1&probe=0.2', async ({ page, until, untilCounted, click, seen, counts }) => {
      await click('refuse-renewal')
      await until({ renewal: 'failing', code: 'revoked' })
      // What is left of the ticket would still open a socket.
      await page.waitForSelector('[data-meter=end] .value.none')
      expect(await counts()).toMatchObject({ upgrades: 1, chats: 1, openSockets: 1 })
      expect((await seen()).statuses.filter((status) => status.startsWith('paused'))).toEqual([])
      await click('drop-socket')
      await until({ status: 'paused', reason: 'refused', code: 'revoked' })
      await click('heal')
      await until(connected)
      const { chatIds, chatGroupIds } = await untilCounted(({ chats }) => chats === 2)
      expect([new Set(chatIds).size, new Set(chatGroupIds).size]).toEqual([2, 1])
    }))

  test('a drop after the first token expired brings a fresh one and the same conversation', () =>
    on('?preset=hume-evi&ttl=1&probe=0.2', async ({ until, untilCounted, click }) => {
      await untilCounted(({ mints }) => mints >= 3)
      await click('expire-token')
      await click('drop-socket')
      const { chatGroupIds } = await untilCounted(({ chats }) => chats === 2)
      await until(connected)
      expect(new Set(chatGroupIds).size).toBe(1)
    }))
})

describe.each(['bithuman', 'bithuman-lease'])('%s', (preset) => {
  const lease = preset === 'bithuman-lease'

  test('beats on one socket, pauses when the key is rotated, and goes on with the new one', () =>
    on(`?preset=${preset}&${intervals}`, async ({ until, untilCounted, click, seen, counts }) => {
      const { upgrades, frames } = await untilCounted(({ mints }) => mints >= 4)
      expect(upgrades).toBe(lease ? 0 : 1)
      expect(frames > 0).toBe(!lease)
      await click('rotate-key')
      await until({ status: 'paused', reason: 'refused', code: 'key_refused' })
      const stopped = await untilCounted(({ openSockets }) => openSockets === 0)
      await click('install-key')
      await until(connected)
      if (!lease) await untilCounted(({ frames }) => frames > stopped.frames)
      expect((await counts()).mints).toBeGreaterThan(stopped.mints)
      expect((await seen()).sockets).toBe(lease ? 0 : 2)
    }))

  test('outlives silence for its grace, pauses, and heals', () =>
    on(`?preset=${preset}&${intervals}`, async ({ until, click, seen }) => {
      await click('go-silent')
      await until({ status: 'paused', reason: 'expired', code: ['timeout', 'network'] })
      await click('heal')
      await until(connected)
      const { sockets } = await seen()
      expect(lease ? sockets === 0 : sockets >= 2, `${sockets} sockets`).toBe(true)
    }))

  test('does what its own buttons say', () =>
    on(`?preset=${preset}&${intervals}`, async ({ until, untilCounted, click }) => {
      await click('pause')
      await until({ status: 'paused', reason: 'asked' })
      await click('resume')
      await until(connected)
      await click('refuse-renewal')
      await until({ status: 'paused', reason: 'refused', code: 'revoked' })
      await click('heal')
      await until(connected)
      await click('close')
      await until({ status: 'closed', reason: '', code: '' })
      await untilCounted(({ openSockets }) => openSockets === 0)
      await click('connect')
      await until(connected)
    }))
})

test('a dropped socket is opened again', () =>
  on(`?preset=bithuman&${intervals}`, async ({ until, untilCounted, click }) => {
    await click('drop-socket')
    await untilCounted(({ upgrades, openSockets }) => upgrades === 2 && openSockets === 1)
    await until(connected)
  }))

test('two tabs do not disturb each other', () =>
  on(`?preset=bithuman-lease&${intervals}`, (one) =>
    on(`?preset=bithuman-lease&${intervals}`, async (other) => {
      await one.click('rotate-key')
      await one.until({ status: 'paused' })
      const { mints } = await other.counts()
      await other.untilCounted((counts) => counts.mints > mints)
      expect((await other.seen()).statuses.some((status) => status.startsWith('paused'))).toBe(false)
    }),
  ))
