import type { Browser, Page } from 'playwright-core'
import type { Counts } from '../demo/contract.ts'

export interface RunningDemo {
  readonly url: string
  /** By `performance.now()`. */
  readonly printedAt: number
  /** Everything on its standard output. */
  output(): string
  stop(): Promise<void>
}

export function startDemo(): Promise<RunningDemo>

/** Names of `data-…` attributes of `<html>`, with the value or the values that they may have. */
export type Wanted = Readonly<Record<string, string | readonly string[]>>

export interface DemoPage {
  readonly page: Page
  /** Errors and warnings of the page's own. */
  readonly complaints: readonly string[]
  data(): Promise<Readonly<Record<string, string>>>
  counts(): Promise<Counts>
  /** Statuses in order, as `paused/refused/key_refused`, and how many WebSockets were constructed. */
  seen(): Promise<{ readonly statuses: readonly string[]; readonly sockets: number }>
  click(action: string): Promise<void>
  say(text: string): Promise<void>
  shown(count: string): Promise<number>
  until(wanted: Wanted, timeoutMs?: number): Promise<number>
  untilCounted(holds: (counts: Counts) => boolean, timeoutMs?: number): Promise<Counts>
  close(): Promise<void>
}

export function openDemo(browser: Browser, url: string, query: string): Promise<DemoPage>
