import { chromium } from 'playwright-core'
import type { Browser, LaunchOptions } from 'playwright-core'
import { launchOptions } from '../../scripts/chromium.mjs'

/** Starts the Chromium that this machine has (see scripts/chromium.mjs). The caller closes it. */
export async function launchChromium(more: LaunchOptions = {}): Promise<Browser> {
  const found = await launchOptions()
  return chromium.launch({ ...found, ...more, args: [...found.args, ...(more.args ?? [])] })
}
