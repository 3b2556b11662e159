import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { WebSocketServer } from 'ws'
import { createBithuman } from '../../src/emulator/bithuman.ts'
import { withFaults } from '../../src/emulator/faults.ts'
import { mount, serve } from '../../src/emulator/node.ts'
import type { Provider } from '../../src/emulator/provider.ts'
import { realWorld } from '../../src/emulator/world.ts'
import { bithumanMint, createTokenEndpoint } from '../../src/server/index.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A real WebSocket server on loopback that sends every message back. */
    echoUrl: string
    /** An emulated bitHuman and its token endpoint, on another origin than the tests' page. */
    bithuman: { readonly runtimeUrl: string; readonly tokenUrl: string; readonly countsUrl: string }
  }
}

/** What the tests inside the browser cannot make themselves: servers. */
export default async function setup(project: TestProject): Promise<() => Promise<unknown>> {
  const echo = await echoServer()
  project.provide('echoUrl', echo.url)
  const { close, ...urls } = await bithumanServer()
  project.provide('bithuman', urls)
  return () => Promise.all([echo.close(), close()])
}

async function echoServer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))
  await new Promise<void>((resolve) => server.once('listening', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of server.clients) socket.terminate()
      server.close(() => resolve())
    })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, close }
}

async function bithumanServer() {
  const bithuman = createBithuman()
  const provider = withFaults(bithuman, realWorld())
  const mint = bithumanMint({ secret: () => bithuman.secret, fetch: bithuman.fetch })
  // Where Vitest serves its page is known only when it asks; a real backend lists its pages.
  const token = (request: Request) => createTokenEndpoint({ mint, origins: [request.headers.get('origin') ?? ''].filter(Boolean) })(request)
  const counts = () => {
    const { mints, upgrades } = bithuman.counts
    return Promise.resolve(
      Response.json({ mints, upgrades, open: provider.faults.open }, { headers: { 'access-control-allow-origin': '*' } }),
    )
  }
  const { url, wsUrl, close } = await serve(mount({ '/bithuman': provider, '/token': route(token), '/counts': route(counts) }))
  return { runtimeUrl: `${wsUrl}/bithuman/v1/runtime/A1`, tokenUrl: `${url}/token`, countsUrl: `${url}/counts`, close }
}

const route = (fetch: (request: Request) => Promise<Response>): Provider => ({
  name: 'route',
  fetch,
  upgrade: () => Promise.resolve(new Response(null, { status: 404 })),
})
