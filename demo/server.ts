/**
 * The demo's server, one Node process on loopback: the page, a token endpoint per room, gateways, and the emulated providers over
 * real HTTP and real WebSockets. `npm start` runs it.
 */
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { nodeListener } from '../src/emulator/node.ts'
import { createApp } from './server/app.ts'
import type { Page } from './server/app.ts'
import { listenOnLoopback } from './server/listen.ts'
import { createRooms } from './server/rooms.ts'

export interface DemoServer {
  readonly url: string
  /** Cuts every connection and frees the port. */
  close(): void
}

/** @param options.port 0 = any free one. Rejects with `code: 'EADDRINUSE'` if it is taken. */
export async function serve(options: { port: number; page: Page }): Promise<DemoServer> {
  let origin = ''
  const rooms = createRooms(() => origin)
  const providers = nodeListener(rooms.providers)
  // Its lighter `Request` would replace everybody's.
  const app = getRequestListener(createApp(rooms, options.page).fetch, { overrideGlobalObjects: false })

  const { port, servers } = await listenOnLoopback(options.port, () =>
    createServer((incoming, outgoing) => {
      if (/^\/(emulators|gateway)\//.test(incoming.url ?? '')) providers.request(incoming, outgoing)
      else void app(incoming, outgoing)
    }).on('upgrade', providers.upgrade),
  )
  origin = `http://127.0.0.1:${port}`
  return {
    url: `http://localhost:${port}/`,
    close() {
      rooms.close()
      providers.close()
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}
