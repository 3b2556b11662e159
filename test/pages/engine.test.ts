import { expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'

test('a real Chromium can be started and driven', async () => {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    await page.goto('data:text/html,<title>here</title>')
    expect(await page.title()).toBe('here')
    expect(await page.evaluate(() => typeof WebSocket)).toBe('function')
  } finally {
    await browser.close()
  }
})
