import { Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Miniflare, Response as WorkerResponse } from 'miniflare'
import type { Request as WorkerRequest } from 'miniflare'
import { build } from 'vite'
import type { Rolldown } from 'vite'

/** A backend that runs. `ask` sends a request to its route. */
export interface Mounted {
  /** The origin of its own pages. */
  readonly origin: string
  readonly ask: (init: RequestInit) => Promise<Response>
  readonly close: () => Promise<void>
}

/** The block's own server, as it starts itself: only its port 3000 becomes a free one of this machine. */
export async function mountServer(folder: string, file: string): Promise<Mounted> {
  const { listen } = Server.prototype
  const servers: Server[] = []
  Server.prototype.listen = function (this: Server, ...given: unknown[]): Server {
    servers.push(this)
    const [port] = given.map((value) => (typeof value === 'object' ? (value as { port: number }).port : value))
    if (port !== 3000) throw new Error('the block listens on another port than 3000')
    const done = given.find((value) => typeof value === 'function') as (() => void) | undefined
    return listen.call(this, { port: 0, host: '127.0.0.1' }, done)
  } as typeof listen
  try {
    await import(join(folder, file))
  } finally {
    Server.prototype.listen = listen
  }
  const [server] = servers as [Server]
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    ask: (init) => fetch(`${origin}/api/token`, init),
    close: async () => void (await Promise.all(servers.map((each) => new Promise((resolve) => each.close(resolve))))),
  }
}

/** A route handler is a module of functions, one a method; Next.js calls them with a `Request`. */
export async function mountRouteHandler(folder: string, file: string): Promise<Mounted> {
  const origin = 'https://app.example'
  const route = (await import(join(folder, file))) as Record<string, ((request: Request) => Promise<Response>) | undefined>
  return {
    origin,
    async ask(init) {
      const request = new Request(`${origin}/api/token`, init)
      return (await route[request.method]?.(request)) ?? new Response(null, { status: 405 })
    },
    close: async () => {},
  }
}

/** The block, bundled, in the very runtime of Cloudflare Workers without any compatibility flag. */
export async function mountWorker(folder: string, file: string, upstream: () => string): Promise<Mounted> {
  const bundle = (await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      minify: false,
      lib: { entry: join(folder, file), formats: ['es'] },
      rolldownOptions: { external: ['cloudflare:workers'] },
    },
  })) as Rolldown.RolldownOutput[]
  const worker = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.js', contents: bundle[0]!.output[0].code }],
    compatibilityDate: '2026-04-01',
    bindings: { HUME_API_KEY: process.env['HUME_API_KEY']!, HUME_SECRET_KEY: process.env['HUME_SECRET_KEY']! },
    // What leaves the Worker, through the emulator's real port.
    async outboundService(request: WorkerRequest) {
      const { method, headers } = request
      const url = request.url.replace('https://api.hume.ai', upstream())
      const answer = await fetch(url, { method, headers: [...headers], body: await request.text() })
      return new WorkerResponse(await answer.text(), { status: answer.status, headers: [...answer.headers] })
    },
  })
  const { origin } = await worker.ready
  return { origin, ask: (init) => fetch(`${origin}/api/token`, init), close: () => worker.dispose() }
}
