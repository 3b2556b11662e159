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

async function pauseAndClose({ until, untilCounted, click }: Pick<DemoPage, 'until' | 'untilCounted' | 'click'>): Promise<void> {
  await click('pause')
  await until({ status: 'paused', reason: 'asked' })
  await click('resume')
  await until(connected)
  await click('close')
  await until({ status: 'closed', reason: '', code: '' })
  await untilCounted(({ openSockets }) => openSockets === 0)
  await click('connect')
  await until(connected)
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
    on('?preset=hume-evi', async ({ page, say, data }) => {
      await say('Hello')
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
      // Three beats and no new socket. A page that was given no time at all may have lost one before.
      let since = { upgrades: -1, mints: 0 }
      const { upgrades, frames } = await untilCounted(({ mints, upgrades }) => {
        if (upgrades !== since.upgrades) since = { upgrades, mints }
        return mints >= since.mints + 3
      })
      expect(upgrades > 0).toBe(!lease)
      expect(frames > 0).toBe(!lease)
      await click('rotate-key')
      await until({ status: 'paused', reason: 'refused', code: 'key_refused' })
      const stopped = await untilCounted(({ openSockets }) => openSockets === 0)
      await click('install-key')
      await until(connected)
      if (!lease) await untilCounted(({ frames }) => frames > stopped.frames)
      expect((await counts()).mints).toBeGreaterThan(stopped.mints)
      const { sockets } = await seen()
      expect(lease ? sockets === 0 : sockets > upgrades, `${sockets} sockets`).toBe(true)
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

describe('hume-tts', () => {
  test('a typed text comes back as sound, in JSON and in bytes, and the page says what has ended', () =>
    on('?preset=hume-tts', async ({ page, say, shown, data }) => {
      await say('Hello there. Can you hear me?')
      await page.waitForFunction(() => document.querySelector('.spoken li')?.textContent === '“Can you hear me?”')
      await page.waitForFunction(() => document.querySelector('[data-count=page-chunks]')?.textContent === '4')
      expect(await shown('page-sound')).toBeGreaterThan(0.3)
      expect(await page.innerText('body')).toContain('ended on 13 November 2026')
      expect(await data()).toMatchObject({ preset: 'hume-tts', reason: '', renewal: 'ok' })
    }))

  test('sound only plays after a click', () =>
    on('?preset=hume-tts', async ({ page, say, click }) => {
      await click('sound')
      await page.waitForSelector('[data-action=sound][aria-pressed=true]')
      await say('Hello.')
      await page.waitForFunction(() => document.querySelector('[data-count=page-chunks]')?.textContent === '2')
      await click('sound')
      await page.waitForSelector('[data-action=sound][aria-pressed=false]')
    }))

  test('its ticket is checked at the handshake: a rotated key and silence cut nothing, a drop without a ticket pauses', () =>
    on('?preset=hume-tts&ttl=1&probe=0.2', async ({ page, until, untilCounted, click, say, seen }) => {
      await click('rotate-key')
      await until({ renewal: 'failing', code: 'key_refused' })
      await page.waitForSelector('[data-meter=end] .value.none')
      await say('Still here.')
      await page.waitForFunction(() => document.querySelector('.spoken li')?.textContent === '“Still here.”')
      expect((await seen()).statuses.filter((status) => status.startsWith('paused'))).toEqual([])
      await click('drop-socket')
      await until({ status: 'paused', reason: 'refused', code: 'key_refused' })
      await click('install-key')
      await until(connected)
      await untilCounted(({ upgrades, openSockets }) => upgrades >= 2 && openSockets === 1)
    }))

  test('does what its own buttons say', () =>
    on('?preset=hume-tts&ttl=1&probe=0.2', async ({ until, untilCounted, click, seen }) => {
      await pauseAndClose({ until, untilCounted, click })
      await click('expire-token')
      await click('drop-socket')
      await untilCounted(({ openSockets, upgrades }) => openSockets === 1 && upgrades > 3)
      await until(connected)
      await click('go-silent')
      await until({ renewal: 'failing', code: ['timeout', 'network'] })
      await click('heal')
      await until({ status: 'connected', renewal: 'ok' })
      expect((await seen()).statuses.some((status) => /^paused.(refused|expired)/.test(status))).toBe(false)
    }))
})

describe('agenthuman', () => {
  const ids = (page: DemoPage['page']): Promise<string | null> => page.textContent('[data-count=session-id]')

  test('begins with a first frame, answers, moves its mouth, and can be interrupted', () =>
    on('?preset=agenthuman', async ({ page, say, until, untilCounted, click }) => {
      expect(await ids(page)).toMatch(/^sess_/)
      await say('Hello')
      await until({ rest: 'ok' })
      await page.waitForFunction(() => document.querySelector('.said')?.textContent?.includes('You said “Hello”'))
      await page.waitForSelector('[data-face=speaking]')
      await untilCounted(({ frames }) => frames > 2)
      await click('interrupt')
      await page.waitForSelector('[data-face=idle]')
    }))

  test('a dropped socket ends the session: another one takes its place, and the page is told', () =>
    on('?preset=agenthuman', async ({ page, until, untilCounted, click }) => {
      const before = await ids(page)
      await click('drop-socket')
      const { endedSessions } = await untilCounted(({ mints, openSockets }) => mints === 2 && openSockets === 1)
      await until(connected)
      expect(endedSessions).toBe(1)
      expect(await ids(page)).not.toBe(before)
      const log = await page.innerText('[data-view=log]')
      expect(log).toContain('session replaced')
      expect(log).toContain('gap · session-replaced')
    }))

  test('a session whose time is over is replaced too, unless the backend is silent', () =>
    on('?preset=agenthuman&ttl=2', async ({ until, untilCounted, click, data }) => {
      await untilCounted(({ endedSessions, openSockets }) => endedSessions >= 1 && openSockets === 1)
      await until(connected)
      await click('go-silent')
      await until({ status: 'paused', reason: 'expired', code: ['timeout', 'network'] })
      await click('heal')
      await until(connected)
      expect(await data()).toMatchObject({ renewal: 'ok' })
    }))

  test('a session that the provider ends is over until somebody connects', () =>
    on('?preset=agenthuman', async ({ until, untilCounted, click }) => {
      await click('expire-token')
      await until({ status: 'failed', code: 'stopped' })
      await click('connect')
      await until(connected)
      await untilCounted(({ mints, endedSessions }) => mints === 2 && endedSessions === 1)
    }))

  test.each([
    [1, 'API key has been revoked'],
    [2, 'Invalid API key'],
    [3, 'API key required'],
  ])('a key that went wrong, %i: the session goes on, the next is refused with “%s”', (rotations, words) =>
    on('?preset=agenthuman&probe=0.2', async ({ say, until, untilCounted, click, data }) => {
      for (let i = 0; i < rotations; i++) await click('rotate-key')
      await untilCounted(({ trouble }) => trouble.keyRotated)
      await say('Hello')
      await until({ rest: 'key_refused' })
      expect(await data()).toMatchObject(connected)
      await click('drop-socket')
      await until({ status: 'paused', reason: 'refused', code: 'key_refused' })
      await untilCounted(({ keyRefusal, refusedMints }) => keyRefusal === words && refusedMints > 0)
      await click('install-key')
      await until(connected)
      await say('Hello again')
      await until({ rest: 'ok' })
    }),
  )

  test('a refused renewal is seen when the session is over', () =>
    on('?preset=agenthuman&probe=0.2', async ({ until, click }) => {
      await click('refuse-renewal')
      await click('drop-socket')
      await until({ status: 'paused', reason: 'refused', code: 'revoked' })
      await click('heal')
      await until(connected)
    }))

  test('does what its own buttons say, and a closed session is ended at the provider', () =>
    on('?preset=agenthuman', async ({ until, untilCounted, click }) => {
      await pauseAndClose({ until, untilCounted, click })
      await untilCounted(({ mints, endedSessions, openSockets }) => mints === 3 && endedSessions === 2 && openSockets === 1)
    }))
})

describe('huechat', () => {
  const receipt = (page: DemoPage['page'], words: string, status: string): Promise<unknown> =>
    page.waitForFunction(
      ([words, status]) => [...document.querySelectorAll('.talk li')].some((item) => item.textContent === `${words}${status}`),
      [words, status] as const,
    )

  /** Everything that was said, conversation by conversation. */
  const threads = async (page: DemoPage['page']): Promise<string[]> => {
    const people = await page.locator('[data-conversation]').evaluateAll((all) => all.map((one) => one.getAttribute('data-conversation')))
    const said: string[] = []
    for (const person of people) {
      await page.click(`[data-conversation="${person}"]`)
      said.push(...(await page.locator('.thread li p:first-child').allInnerTexts()))
    }
    return said
  }

  test('shows what customers wrote, sends over REST, and hears what became of it as events', () =>
    on('?preset=huechat', async ({ page, say, until, untilCounted, data }) => {
      await page.waitForFunction(() => document.querySelectorAll('[data-conversation]').length === 3)
      await until({ rest: 'ok' })
      const { webhooks } = await untilCounted(({ webhooks }) => webhooks > 0)
      await say('On its way')
      await receipt(page, 'On its way', 'read')
      await untilCounted((counts) => counts.webhooks >= webhooks + 4)
      expect(await page.innerText('.rest')).toMatch(/201 ok · your share \d+ of \d+ left this minute · the key \d+ of 100/)
      const log = await page.innerText('[data-view=log]')
      for (const type of ['message.sent', 'message.delivered', 'message.read', 'message.received']) expect(log).toContain(type)
      expect(await data()).toMatchObject({ preset: 'huechat', reason: '', renewal: 'ok' })
    }))

  test('a rotated key is REST’s trouble and not the session’s', () =>
    on('?preset=huechat', async ({ page, say, until, click, seen, counts }) => {
      await page.waitForSelector('[data-conversation]')
      await until({ rest: 'ok' })
      await click('rotate-key')
      await say('With the old key')
      await until({ status: 'connected', rest: 'key_refused' })
      await click('customer')
      await page.waitForFunction(() => document.querySelector('[data-view=log]')?.textContent?.includes('message.received'))
      await click('install-key')
      await say('With the new key')
      await receipt(page, 'With the new key', 'delivered')
      expect((await counts()).refusedCalls).toBe(1)
      expect((await seen()).statuses.at(-1)).toBe('connected')
      expect((await seen()).sockets).toBe(1)
    }))

  test('nothing is lost while the socket is silent or cut, and a withdrawn right pauses at once', () =>
    on('?preset=huechat&ttl=2&probe=0.2', async ({ page, until, untilCounted, click, counts }) => {
      await page.waitForFunction(() => document.querySelectorAll('[data-conversation]').length === 3)
      const customerWrites = async (): Promise<void> => {
        const { webhooks } = await counts()
        await click('customer')
        await untilCounted((now) => now.webhooks > webhooks)
      }
      await click('go-silent')
      await until({ status: 'paused', reason: 'expired', code: ['timeout', 'network'] })
      await customerWrites()
      await click('heal')
      await until(connected)
      await click('refuse-renewal')
      await until({ status: 'paused', reason: 'refused', code: 'revoked' })
      await untilCounted(({ openSockets }) => openSockets === 0)
      await customerWrites()
      await click('heal')
      await until(connected)
      await click('drop-socket')
      await customerWrites()
      await untilCounted(({ openSockets }) => openSockets === 1)
      await until(connected)
      const written = ['Can I change the address?', 'It works again, never mind!', 'Do you ship to Lisbon?']
      await expect.poll(() => threads(page), { timeout: 20_000 }).toEqual(expect.arrayContaining(written))
      expect(await page.innerText('[data-view=log]')).not.toContain('gap')
    }))

  test('does what its own buttons say', () =>
    on('?preset=huechat&ttl=2&probe=0.2', async ({ until, untilCounted, click }) => {
      await untilCounted(({ mints }) => mints >= 3)
      await click('expire-token')
      await untilCounted(({ upgrades, openSockets }) => upgrades >= 2 && openSockets === 1)
      await until(connected)
      await pauseAndClose({ until, untilCounted, click })
    }))
})

test('a dropped socket is opened again', () =>
  on(`?preset=bithuman&${intervals}`, async ({ until, untilCounted, click }) => {
    await click('drop-socket')
    await untilCounted(({ upgrades, openSockets }) => upgrades >= 2 && openSockets === 1)
    await until(connected)
  }))

test('two tabs do not disturb each other', () =>
  on(`?preset=bithuman-lease&${intervals}`, (one) =>
    on(`?preset=bithuman-lease&${intervals}`, async (other) => {
      await one.click('rotate-key')
      await one.until({ status: 'paused' })
      const { mints } = await other.counts()
      await other.untilCounted((counts) => counts.mints > mints)
      // On a starved machine its short grace may run out; a key that is not its own can only refuse it.
      expect((await other.seen()).statuses.some((status) => status.startsWith('paused/refused'))).toBe(false)
    }),
  ))
