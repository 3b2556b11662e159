/** What the pages of the suite talk to, on loopback: their files, a token endpoint, and sockets that can be made to fail. */
import { readFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { withFaults, type Faults } from '../../src/emulator/faults.ts'
import { mount, serve } from '../../src/emulator/node.ts'
import type { Peer, Provider } from '../../src/emulator/provider.ts'
import { realWorld } from '../../src/emulator/world.ts'

export interface Server {
  /** `http://127.0.0.1:port`. */
  readonly url: string
  /** Of `/socket`: says `{ "is": "ready" }` and then sends back what it hears. With `?talk` it says something each second. */
  readonly faults: Faults
  /** The sockets of `/socket` that are open, in order. */
  readonly peers: readonly Peer[]
  /** Close codes that arrived here, in order; 1006 for a socket that was cut. */
  readonly closes: readonly number[]
  /** When tokens were asked for, in epoch ms. */
  readonly mints: readonly number[]
  /** Seconds that a token lives. Default: 1800. */
  life: number
  /** Where `/moved` sends a handshake with a 302, and how many arrived there. */
  readonly moved: { to: string; readonly arrived: number }
  close(): Promise<void>
}

export async function startServer(folder: string): Promise<Server> {
  const peers: Peer[] = []
  const closes: number[] = []
  const mints: number[] = []
  const moved = { to: '/elsewhere', arrived: 0 }
  const socket: Provider = {
    name: 'socket',
    fetch: nothing,
    upgrade: ({ url }) =>
      Promise.resolve({
        open(peer) {
          peers.push(peer)
          peer.send('{"is":"ready"}')
          const talk = url.searchParams.has('talk') ? setInterval(() => peer.send('{"is":"talk"}'), 1000) : undefined
          return {
            message: (data) => peer.send(data),
            closed(code) {
              clearInterval(talk)
              peers.splice(peers.indexOf(peer), 1)
              closes.push(code)
            },
          }
        },
      }),
  }
  /** No server of ours answers a handshake like this one. */
  const redirect: Provider = {
    name: 'redirect',
    fetch: nothing,
    upgrade: () => Promise.resolve(new Response(null, { status: 302, headers: { location: moved.to } })),
  }
  /** Opens, and says nothing. */
  const elsewhere: Provider = {
    name: 'elsewhere',
    fetch: nothing,
    upgrade() {
      moved.arrived++
      return Promise.resolve({ open: () => ({ message() {}, closed() {} }) })
    },
  }
  const token: Provider = {
    name: 'token',
    fetch() {
      mints.push(Date.now())
      return Promise.resolve(Response.json({ access_token: `token-${mints.length}`, token_type: 'Bearer', expires_in: server.life }))
    },
    upgrade: nothing,
  }
  const files: Provider = { name: 'files', fetch: (request) => fileOf(folder, request), upgrade: nothing }
  const faulty = withFaults(socket, realWorld())
  const served = await serve(mount({ '/': files, '/token': token, '/socket': faulty, '/moved': redirect, '/elsewhere': elsewhere }))
  const server = { url: served.url, faults: faulty.faults, peers, closes, mints, life: 1800, moved, close: served.close }
  return server
}

const nothing = () => Promise.resolve(new Response(null, { status: 404 }))

const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' }

async function fileOf(folder: string, request: Request): Promise<Response> {
  const path = normalize(new URL(request.url).pathname)
  try {
    return new Response(await readFile(join(folder, path)), { headers: { 'content-type': types[extname(path)] ?? 'text/plain' } })
  } catch {
    return new Response(null, { status: 404 })
  }
}

export interface Proxy {
  readonly port: number
  /** The connections that exist now carry nothing any more, in neither direction, and are not closed; new ones are as ever. */
  silence(): void
  close(): void
}

/** A TCP connection through somebody's network: bytes in, bytes out, until it goes silent. */
export async function startProxy(to: number): Promise<Proxy> {
  const ends = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
    for (const [from, other] of [
      [client, target],
      [target, client],
    ] as const) {
      ends.add(from)
      from.on('close', () => ends.delete(from)).on('error', () => other.destroy())
      from.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      for (const end of ends) end.unpipe().pause()
    },
    close() {
      server.close()
      for (const end of ends) end.destroy()
    },
  }
}
