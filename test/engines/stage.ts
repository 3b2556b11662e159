import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject } from 'vitest'
import type { Status } from '../../src/index.ts'
import { launch, type Engine, type EngineName } from './engine.ts'
import type { Wish } from './page/session.ts'
import { startServer, type Server } from './server.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** What a case measured, for the table. */
    measured?: string
  }
}

const known: readonly EngineName[] = ['chromium', 'firefox', 'webkit']
/** `HEARTWIRE_ENGINES` restricts the run: names, separated by commas. */
const asked = process.env['HEARTWIRE_ENGINES']?.split(',')
export const engines = known.filter((name) => asked === undefined || asked.includes(name))
/** The full run: thousands of cycles, minutes of a hidden page. */
export const full = process.env['HEARTWIRE_ENGINES_FULL'] === 'yes'

/** One engine and one page in it; a fresh server and a fresh document for each case. */
export interface Stage {
  readonly engine: Engine
  readonly server: Server
  /** Loads the page with a session, and waits until its status has this name. Default: `connected`. */
  open(wish?: Wish, name?: Status['name']): Promise<void>
  /** Something of the page: `page` in the expression is what `page/session.ts` put together. */
  read<T>(expression: string): Promise<T>
  /** Waits until this is the latest part of the page's story. */
  latest(what: string): Promise<void>
  /** Waits until an expression of the page has this value. */
  until(expression: string, value: unknown): Promise<void>
}

/** Long enough for a machine that is busy; nothing here waits for it to pass. */
const patience = { timeout: 30_000, interval: 20 }
export function eventually<T>(look: () => T | Promise<T>) {
  return expect.poll(look, patience)
}

/** The cases, once in each engine of the run. */
export function inEachEngine(cases: (stage: Stage) => void): void {
  describe.each(engines)('%s', (name) => {
    let engine: Engine
    let server: Server
    const read = <T>(expression: string): Promise<T> => engine.evaluate<T>(expression)
    // A page that is just being loaded has nothing to say.
    const until = (expression: string, value: unknown): Promise<void> =>
      eventually(() => read(expression).catch((error: Error) => error.message)).toEqual(value)
    const stage: Stage = {
      get engine() {
        return engine
      },
      get server() {
        return server
      },
      read,
      until,
      latest: (what) => until('page.story.at(-1)', what),
      async open(wish = {}, name = 'connected') {
        const url = `${server.url}/session.html?wish=${encodeURIComponent(JSON.stringify(wish))}`
        await engine.go(url)
        await until(`location.href === ${JSON.stringify(url)} && page.session.status.name`, name)
      },
    }
    beforeAll(async () => {
      engine = await launch[name]()
    })
    afterAll(() => engine?.close())
    beforeEach(async () => {
      server = await startServer(inject('enginePages'))
    })
    afterEach(async () => {
      await engine.go('about:blank')
      await server.close()
    })
    cases(stage)
  })
}
