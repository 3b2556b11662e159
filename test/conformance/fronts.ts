/**
 * The two fronts of one suite: a world in memory with virtual time, and real HTTP and real sockets on loopback with the
 * machine's own clock. What is measured in time is a matter of the first; the second waits for things to happen.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import { withFaults } from '../../src/emulator/faults.ts'
import type { Faults } from '../../src/emulator/faults.ts'
import { nodeListener } from '../../src/emulator/node.ts'
import type { Provider, World } from '../../src/emulator/provider.ts'
import { realWorld } from '../../src/emulator/world.ts'
import type { PresetSessionOptions } from '../../src/index.ts'
import { createTestWorld } from '../../src/testing/index.ts'

export interface Station {
  readonly url: string
  readonly wsUrl: string
  readonly faults: Faults
}

export interface Front {
  readonly name: 'in memory' | 'on real sockets'
  /** Clock, timer and chance of everything that is emulated. */
  readonly world: World
  /** Serves a provider at this origin, or, on real sockets, at a port of its own. */
  serve(origin: string, provider: Provider): Promise<Station>
  /** How the backend reaches its providers. */
  fetch(request: Request): Promise<Response>
  /** The page's world, for `createSession`. */
  readonly page: Pick<PresetSessionOptions<never, never>, 'host' | 'webSocket' | 'probe'>
  /** Origin of the page, where a browser would say it. */
  readonly origin: string
  /** Resolves when it holds; rejects when it does not within ten minutes of virtual time. */
  until(what: string, holds: () => boolean): Promise<void>
  /** What is left when every session is closed: timers, listeners of the page. */
  leftovers(): number
  readonly pace: Pace
  close(): Promise<void>
}

/** Lives and beats, short enough to be watched. JWTs count in whole seconds. */
export interface Pace {
  readonly shortSeconds: number
  readonly longSeconds: number
  readonly beatMs: number
  readonly graceMs: number
  readonly idleMs: number
  readonly answerMs: number
}

export async function inMemory(): Promise<Front> {
  const world = createTestWorld()
  return {
    name: 'in memory',
    world: world.world,
    origin: 'https://app.test',
    page: { host: world.host, probe: { firstMs: 5000, capMs: 10_000 } },
    pace: { shortSeconds: 60, longSeconds: 280, beatMs: 10_000, graceMs: 60_000, idleMs: 30_000, answerMs: 10_000 },
    serve: async (origin, provider) => {
      const faulty = withFaults(provider, world.world)
      world.serve(origin, faulty)
      return { url: origin, wsUrl: origin.replace('http', 'ws'), faults: faulty.faults }
    },
    fetch: async (request) =>
      world.host.fetch(request.url, {
        method: request.method,
        headers: request.headers,
        signal: request.signal,
        ...(request.body && { body: await request.text() }),
      }),
    async until(what, holds) {
      await world.settle()
      for (let left = 1200; !holds(); left--) {
        if (left === 0) throw new Error(`within ten minutes it did not happen: ${what}`)
        await world.advance(500)
      }
    },
    leftovers: () => world.census.pageListeners + world.census.openSockets,
    close: async () => {},
  }
}

export async function onRealSockets(): Promise<Front> {
  const closing: (() => void)[] = []
  const world = realWorld()
  const dialled: WebSocket[] = []
  class Recorded extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols, { origin: 'http://localhost:1' })
      dialled.push(this)
    }
  }
  return {
    name: 'on real sockets',
    world,
    origin: 'http://localhost:1',
    page: { webSocket: Recorded, probe: { firstMs: 100, capMs: 200 } },
    pace: { shortSeconds: 2, longSeconds: 280, beatMs: 200, graceMs: 1200, idleMs: 300, answerMs: 10_000 },
    async serve(_origin, provider) {
      const faulty = withFaults(provider, world)
      const listener = nodeListener(faulty)
      const server = createServer(listener.request).on('upgrade', listener.upgrade)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      closing.push(() => {
        faulty.faults.heal()
        listener.close()
        server.close()
        server.closeAllConnections()
      })
      return { url: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}`, faults: faulty.faults }
    },
    fetch: (request) => fetch(request),
    async until(_what, holds) {
      // The test's own limit ends a wait for what never comes.
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    leftovers: () => dialled.filter(({ readyState }) => readyState < 2).length,
    async close() {
      for (const end of closing.splice(0).reverse()) end()
    },
  }
}
