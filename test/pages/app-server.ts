import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { createBithuman, type Bithuman } from '../../src/emulator/bithuman.ts'
import { withFaults, type Faulty } from '../../src/emulator/faults.ts'
import { createHume, type Hume } from '../../src/emulator/hume.ts'
import { mount, serve } from '../../src/emulator/node.ts'
import type { Provider } from '../../src/emulator/provider.ts'
import { realWorld } from '../../src/emulator/world.ts'
import { bithumanMint, createTokenEndpoint, humeMint } from '../../src/server/index.ts'

export interface AppServer {
  /** `http://127.0.0.1:port`. */
  readonly url: string
  readonly bithuman: Bithuman & Faulty
  readonly hume: Hume & Faulty
  /** Requests to any token endpoint; each is a mint or a release. */
  readonly asked: () => number
  close(): Promise<void>
}

export interface AppOptions {
  /** What is served at `/`. */
  readonly folder: string
  /** Sent with every page and script; told the app's own origin. */
  readonly headers?: (origin: string) => Record<string, string>
}

/**
 * One origin as a developer would have it: the app's files and its token endpoints (`/api/bithuman/token`,
 * `/api/hume/token`), and beside them the emulated providers (`/bithuman`, `/hume`).
 */
export async function serveApp({ folder, headers = () => ({}) }: AppOptions): Promise<AppServer> {
  const world = realWorld()
  const bithuman = createBithuman({ fps: 20 })
  const hume = createHume()
  const providers = { bithuman: withFaults(bithuman, world), hume: withFaults(hume, world) }
  const onError = (): void => {}
  const mints = {
    bithuman: bithumanMint({ secret: () => bithuman.secret, fetch: bithuman.fetch }),
    hume: humeMint({ credentials: () => hume.installed[0]!, fetch: hume.fetch }),
  }
  const endpoints = withFaults(
    mount({
      '/bithuman/token': withoutSockets(createTokenEndpoint({ mint: mints.bithuman, onError })),
      '/hume/token': withoutSockets(createTokenEndpoint({ mint: mints.hume, onError })),
    }),
    world,
  )
  const files = withoutSockets((request) => fileOf(folder, request, headers))
  const served = await serve(mount({ '/': files, '/api': endpoints, '/bithuman': providers.bithuman, '/hume': providers.hume }))
  return {
    url: served.url,
    // The emulators' counters are getters: a copy would stand still.
    bithuman: Object.assign(bithuman, { faults: providers.bithuman.faults }),
    hume: Object.assign(hume, { faults: providers.hume.faults }),
    asked: () => endpoints.faults.requests,
    close: () => served.close(),
  }
}

const withoutSockets = (fetch: (request: Request) => Promise<Response>): Provider => ({
  name: 'app',
  fetch,
  upgrade: () => Promise.resolve(new Response(null, { status: 404 })),
})

const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' }

async function fileOf(folder: string, request: Request, headersFor: (origin: string) => Record<string, string>): Promise<Response> {
  const { origin, pathname } = new URL(request.url)
  const path = normalize(pathname)
  const file = join(folder, path.endsWith('/') ? `${path}index.html` : path)
  try {
    const headers = { 'content-type': types[extname(file)] ?? 'application/octet-stream', ...headersFor(origin) }
    return new Response(await readFile(file), { headers })
  } catch {
    return new Response(null, { status: 404 })
  }
}
