import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Listens on loopback only, on both of its addresses: `localhost` is 127.0.0.1 to one browser and ::1 to the next, and
 * another program on the second would be taken for this one. A machine without IPv6 has the first only.
 *
 * @param port 0 = any free one
 * @param make a server with its listeners; called once per address
 * @throws Error with `code: 'EADDRINUSE'` if the port is taken on either
 */
export async function listenOnLoopback(port: number, make: () => Server): Promise<{ port: number; servers: Server[] }> {
  for (let tries = 1; ; tries++) {
    const first = await listen(make(), port, '127.0.0.1')
    const chosen = (first.address() as AddressInfo).port
    try {
      return { port: chosen, servers: [first, await listen(make(), chosen, '::1')] }
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') return { port: chosen, servers: [first] }
      first.close()
      // A port that was free on the one address only; any other will do.
      if (port !== 0 || tries === 10) throw error
    }
  }
}

const listen = (server: Server, port: number, host: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server)
    })
  })

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code
