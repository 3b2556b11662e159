import { afterEach, vi } from 'vitest'
import { WebSocket } from 'ws'
import { withFaults, type Faulty } from '../../src/emulator/faults.ts'
import { serve, type Served } from '../../src/emulator/node.ts'
import type { Provider, World } from '../../src/emulator/provider.ts'
import { realWorld } from '../../src/emulator/world.ts'
import type { Session, Status } from '../../src/index.ts'

const leave: (() => unknown)[] = []

/** Undone after the test, the last first. */
export const undoLater = (undo: () => unknown): void => void leave.push(undo)

afterEach(async () => {
  for (const undo of leave.splice(0).reverse()) await undo()
})

/** A provider with controls for what can go wrong, on a real port of this machine. */
export interface Station extends Served {
  readonly faults: Faulty['faults']
}

export async function station(provider: Provider): Promise<Station> {
  const faulty = withFaults(provider, realWorld())
  const served = await serve(faulty)
  undoLater(() => served.close())
  return { ...served, faults: faulty.faults }
}

/** A token endpoint as a provider without sockets, so that it has the same controls. */
export const routeOf = (endpoint: (request: Request) => Promise<Response>): Provider => ({
  name: 'token endpoint',
  fetch: endpoint,
  upgrade: () => Promise.resolve(new Response(null, { status: 404 })),
})

/** Sockets as the library constructs them, in order. */
export function recordingWebSocket(): { WebSocket: typeof WebSocket; dialled: URL[] } {
  const dialled: URL[] = []
  class Recording extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols)
      dialled.push(new URL(url))
    }
  }
  return { WebSocket: Recording as typeof WebSocket, dialled }
}

const chance = Math.random

/** The machine's clock, and chance of its own: ids stay different when the library's jitter is stilled. */
export const emulatorWorld = (): World => ({ ...realWorld(), random: () => chance() })

/** The library draws a short wait each time: what is tested is that it comes back, not how long the dice let it wait. */
export function stillJitter(draw = 0.05): void {
  const spy = vi.spyOn(Math, 'random').mockReturnValue(draw)
  undoLater(() => spy.mockRestore())
}

export interface Watched {
  /** What it was so far: `paused refused key_refused`, `connected`, `connected failing`. A new time alone is no new entry. */
  readonly trail: string[]
  /** Resolves as soon as the status is this one; at once if it is. */
  until(words: string): Promise<void>
  /** Resolves when the condition holds; looked at with each status and each message. */
  when(condition: () => boolean): Promise<void>
  readonly messages: unknown[]
}

export const wordsOf = (status: Status): string => {
  const { name } = status
  if (name === 'connected') return status.renewal === 'failing' ? 'connected failing' : name
  return [name, 'reason' in status && status.reason, 'code' in status && status.code].filter(Boolean).join(' ')
}

/** Follows a session, and closes it after the test. */
export function watch<In, Out>(session: Session<In, Out>): Watched {
  const trail: string[] = []
  const messages: unknown[] = []
  const waiting = new Set<() => void>()
  const look = (): void => {
    for (const check of [...waiting]) check()
  }
  session.on('status', (status) => {
    const words = wordsOf(status)
    if (trail.at(-1) !== words) trail.push(words)
    look()
  })
  session.on('message', (message) => {
    messages.push(message)
    look()
  })
  undoLater(() => void session.close())
  const when = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return { trail, messages, when, until: (words) => when(() => wordsOf(session.status) === words) }
}
