/**
 * `npm run acceptance:demo`: the demo at full length, in real Chromium, about six minutes. Prints what was measured, line by
 * line; the exit code says whether all of it held. `npm test` does the same with short intervals.
 */
import { isMain, setup } from './setup.mjs'

const lines = { good: 0, bad: 0 }

function report(story, holds, text) {
  lines[holds ? 'good' : 'bad']++
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${story.padEnd(14)} ${text}`)
}

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
const connected = { status: 'connected' }
const inSeconds = (ms) => `${(ms / 1000).toFixed(2)} s`

/** Waits for attributes and reports the time that it took; a wait that fails is a line too, and the story goes on. */
async function timed(story, demo, wanted, limitSeconds, text) {
  try {
    const ms = await demo.until(wanted, limitSeconds * 1000)
    const { status, reason, code } = await demo.data()
    const now = [status, reason, code].filter(Boolean).join('/')
    report(story, true, `${text}: ${now} after ${inSeconds(ms)} (at most ${limitSeconds} s)`)
  } catch (error) {
    report(story, false, `${text}: ${error.message}`)
  }
}

/** Acceptance 1. */
async function start(open, demo) {
  const one = async (preset, since, from) => {
    const page = await open(`?preset=${preset}`)
    await page.until(connected)
    const ms = performance.now() - since
    report(`1 ${preset}`, ms < 10_000, `connected ${inSeconds(ms)} after ${from}`)
    if (preset === 'hume-evi') {
      const text = 'Will you still be there?'
      await page.say(text)
      const answer = await page.page.waitForSelector('[data-from=assistant] p', { timeout: 10_000 })
      report(`1 ${preset}`, true, `typed “${text}”, heard “${await answer.textContent()}”`)
    }
    await page.close()
  }
  const first = ['hume-evi', 'bithuman', 'bithuman-lease']
  await Promise.all(first.map((preset) => one(preset, demo.printedAt, 'the printed line')))
  for (const preset of ['hume-tts', 'agenthuman', 'huechat']) await one(preset, performance.now(), 'the page was asked for')
}

/** Acceptance 2; the lease-only form does the same without a WebSocket. */
async function bithuman(preset, open) {
  const lease = preset === 'bithuman-lease'
  const story = `2 ${preset}`
  const page = await open(`?preset=${preset}&beat=2&ttl=10&grace=6&probe=2`)
  const { page: tab, click, counts, seen, until } = page
  await until(connected)
  const born = await tab.evaluate(() => performance.timeOrigin)

  await sleep(60)
  const minute = await counts()
  const beats = minute.mints - 1
  const left = (await seen()).statuses.slice((await seen()).statuses.indexOf('connected') + 1)
  const sockets = `${minute.upgrades} handshake(s), ${minute.openSockets} socket(s) open`
  report(story, beats >= 25 && left.length === 0, `60 s connected: ${beats} beats (at least 25), statuses since: ${left.length}`)
  report(story, minute.upgrades === (lease ? 0 : 1) && minute.openSockets === minute.upgrades, `60 s connected: ${sockets}`)
  if (!lease) report(story, minute.frames > 1000, `60 s connected: ${minute.frames} frames counted by the emulator`)

  for (const wait of [3, 60]) {
    await click('rotate-key')
    await timed(story, page, { status: 'paused', reason: 'refused', code: 'key_refused' }, 3, 'rotate-key')
    const before = await counts()
    await sleep(wait)
    const after = await counts()
    const still = after.frames - before.frames === 0 && after.openSockets === 0
    report(
      story,
      still,
      `${wait} s later: ${after.frames - before.frames} more frames, ${after.openSockets} sockets open, ${after.refusedMints - before.refusedMints} more refused mints at the provider`,
    )
    await click('install-key')
    await timed(story, page, connected, 10, `install-key ${wait} s after the rotation`)
    if (lease) continue
    const more = await page.untilCounted(({ frames }) => frames > after.frames)
    report(story, true, `frames go on: ${more.frames - after.frames} more`)
  }

  const { upgrades } = await counts()
  const statusesBefore = (await seen()).statuses.length
  await click('drop-socket')
  if (lease) report(story, (await page.data()).status === 'connected', 'drop-socket: there is none; still connected')
  else {
    const after = await page.untilCounted((now) => now.upgrades > upgrades)
    await timed(story, page, connected, 10, 'after drop-socket')
    const way = (await seen()).statuses.slice(statusesBefore).join(', ')
    report(story, way === 'reconnecting, connected', `drop-socket: ${way}; handshakes ${upgrades} before, ${after.upgrades} after`)
  }

  await click('go-silent')
  await timed(story, page, { status: 'paused', reason: 'expired', code: ['timeout', 'network'] }, 8, 'go-silent')
  await click('heal')
  await timed(story, page, connected, 10, 'heal')

  const same = (await tab.evaluate(() => performance.timeOrigin)) === born
  const made = (await seen()).sockets
  report(story, same, 'the page was never loaded again')
  report(story, lease ? made === 0 : made > 0, `WebSockets constructed in this page: ${made}`)
  await page.close()
}

/** Acceptance 3, with every renewal refused. */
async function humeRefused(open) {
  const story = '3 refused'
  const page = await open('?preset=hume-evi&ttl=5')
  await page.until(connected)
  await page.click('refuse-renewal')
  await sleep(60)
  const { upgrades, chatIds, mints, openSockets } = await page.counts()
  const paused = (await page.seen()).statuses.filter((status) => /^(paused|reconnecting|failed)/.test(status))
  const { status, renewal, code } = await page.data()
  report(
    story,
    upgrades === 1 && chatIds.length === 1 && openSockets === 1,
    `60 s with every renewal refused: ${upgrades} upgrade, ${chatIds.length} chat_id, ${openSockets} socket open, ${mints} token(s) given out`,
  )
  report(
    story,
    status === 'connected' && paused.length === 0,
    `60 s with every renewal refused: ${status}, renewal ${renewal}, ${code}; interruptions: ${paused.length}`,
  )
  await page.click('drop-socket')
  await timed(story, page, { status: 'paused', reason: 'refused' }, 5, 'drop-socket with no usable ticket')
  await page.click('heal')
  await timed(story, page, connected, 10, 'heal')
  await page.close()
}

/** Acceptance 3, with renewals working. */
async function humeRenewed(open) {
  const story = '3 renewed'
  const page = await open('?preset=hume-evi&ttl=5')
  await page.until(connected)
  await sleep(6)
  const before = await page.counts()
  await page.click('drop-socket')
  const after = await page.untilCounted(({ chats }) => chats === 2)
  await timed(story, page, connected, 10, 'drop-socket 6 s after the first token of 5 s')
  report(
    story,
    before.mints > 1 && after.upgrades === 2,
    `a fresh token was used: ${after.mints} given out, ${after.upgrades} handshakes accepted`,
  )
  const [first, second] = after.chatGroupIds
  report(story, first === second && after.chatIds[0] !== after.chatIds[1], `the same chat_group_id: ${first} and ${second}, two chats`)
  await page.close()
}

/** A minute of HueChat through the gateway: beats on one socket, and everything that customers wrote, whatever happens to it. */
async function huechat(open) {
  const story = '4 huechat'
  const page = await open('?preset=huechat&ttl=10&probe=2')
  const { click, counts, say, seen, until, untilCounted } = page
  await until({ ...connected, rest: 'ok' })
  await sleep(60)
  const minute = await counts()
  const { statuses, sockets } = await seen()
  const left = statuses.slice(statuses.indexOf('connected') + 1)
  report(story, minute.mints >= 10 && left.length === 0, `60 s connected: ${minute.mints} leases, statuses since: ${left.length}`)
  report(story, sockets === 1, `60 s connected: ${sockets} socket(s), ${minute.webhooks} webhooks`)

  await click('rotate-key')
  await say('With the old key')
  await timed(story, page, { ...connected, rest: 'key_refused' }, 10, 'rotate-key, then a message')
  await click('install-key')
  await say('With the new key')
  await timed(story, page, { ...connected, rest: 'ok' }, 10, 'install-key, then a message')

  const troubles = {
    'drop-socket': connected,
    'refuse-renewal': { status: 'paused', reason: 'refused', code: 'revoked' },
    'go-silent': { status: 'paused', reason: 'expired', code: ['timeout', 'network'] },
  }
  for (const [action, wanted] of Object.entries(troubles)) {
    const { webhooks } = await counts()
    await click(action)
    await timed(story, page, wanted, 12, action)
    await click('customer')
    await untilCounted((now) => now.webhooks > webhooks)
    await click('heal')
    await timed(story, page, connected, 10, `heal after ${action}`)
  }
  const log = await page.page.innerText('[data-view=log]')
  report(story, !log.includes('gap'), 'nothing was lost: no gap was told')
  await page.close()
}

/** AgentHuman: each drop is another session, and each session ends. */
async function agenthuman(open) {
  const story = '5 agenthuman'
  const page = await open('?preset=agenthuman&ttl=10&probe=2')
  const { click, counts, until, untilCounted } = page
  await until(connected)
  await sleep(60)
  const minute = await counts()
  report(story, minute.mints >= 5, `60 s with sessions of 10 s: ${minute.mints} begun, ${minute.endedSessions} ended`)
  await until(connected)
  const { mints } = await counts()
  await click('drop-socket')
  const after = await untilCounted((now) => now.mints > mints && now.openSockets === 1)
  await timed(story, page, connected, 10, 'drop-socket')
  report(story, after.mints - after.endedSessions === 1, `one session runs, ${after.endedSessions} of ${after.mints} have ended`)
  await click('rotate-key')
  await timed(story, page, { status: 'paused', reason: 'refused', code: 'key_refused' }, 20, 'rotate-key, seen at the end of the session')
  await click('install-key')
  await timed(story, page, connected, 10, 'install-key')
  await click('close')
  const ended = await untilCounted((now) => now.endedSessions === now.mints)
  report(story, true, `close: all of ${ended.mints} sessions have ended at the provider`)
  await page.close()
}

async function main() {
  setup()
  const { chromium } = await import('playwright-core')
  const { launchOptions } = await import('./chromium.mjs')
  const { openDemo, startDemo } = await import('./demo.mjs')
  const browser = await chromium.launch(await launchOptions())
  const demo = await startDemo()
  const complaints = []
  const open = async (query) => {
    const page = await openDemo(browser, demo.url, query)
    const { close } = page
    return Object.assign(page, { close: async () => (complaints.push(...page.complaints), close()) })
  }
  try {
    await start(open, demo)
    const older = [
      () => bithuman('bithuman', open),
      () => bithuman('bithuman-lease', open),
      () => humeRefused(open),
      () => humeRenewed(open),
    ]
    // Not all at once: what is measured is the library, and not how many pages this machine can draw.
    for (const stories of [older, [() => huechat(open), () => agenthuman(open)]]) {
      for (const result of await Promise.allSettled(stories.map((story) => story())))
        if (result.status === 'rejected') report('story', false, result.reason.message)
    }
    report(
      '1 console',
      complaints.length === 0,
      `errors and warnings of ours on the console, all pages: ${complaints.length} ${complaints.join(' | ')}`,
    )
  } finally {
    await browser.close()
    await demo.stop()
  }
  console.log(`${lines.good} held, ${lines.bad} failed`)
  process.exitCode = lines.bad === 0 ? 0 : 1
}

if (isMain(import.meta.url)) await main()
