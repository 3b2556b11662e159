/** One real browser with one page in it, driven from outside: what the suite needs of an engine, and no more. */
import { chromium } from './chromium.ts'
import { firefox } from './firefox.ts'
import { webkit } from './webkit.ts'

export type EngineName = 'chromium' | 'firefox' | 'webkit'

export interface Engine {
  readonly name: EngineName
  /** Loads an address in the page; resolves when it is on its way. */
  go(url: string): Promise<void>
  /** One entry back in the page's history; resolves when it is on its way. */
  back(): Promise<void>
  /** The value of an expression inside the page, awaited and carried as JSON. Rejects with what it throws. */
  evaluate<T>(expression: string): Promise<T>
  /** Hides the page as a user would: another tab in front, or the window minimised. */
  hide(): Promise<void>
  show(): Promise<void>
  /** Freezes the page and thaws it; undefined where the engine's protocol cannot. */
  readonly freeze?: (on: boolean) => Promise<void>
  /** Takes the network away from the page and gives it back; undefined where the engine's protocol cannot. */
  readonly offline?: (on: boolean) => Promise<void>
  /** Bytes of live objects in the page after a collection, and listeners; undefined where the engine's protocol cannot. */
  readonly memory?: () => Promise<{ bytes: number; listeners: number }>
  close(): Promise<void>
}

/** Starts an engine that this machine has. The caller closes it. Rejects with what to install where it is missing. */
export const launch: Record<EngineName, () => Promise<Engine>> = { chromium, firefox, webkit }
