import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { WebSocketServer } from 'ws'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A real WebSocket server on loopback that sends every message back. */
    echoUrl: string
  }
}

/** What the tests inside the browser cannot make themselves: servers. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))
  await new Promise<void>((resolve) => server.once('listening', resolve))
  project.provide('echoUrl', `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return () =>
    new Promise((resolve) => {
      for (const socket of server.clients) socket.terminate()
      server.close(() => resolve())
    })
}
