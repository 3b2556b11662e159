import type { Peer, Provider } from '../../src/emulator/provider.ts'

/** The smallest provider: answers with what it was asked, sends back what it hears. `/no` refuses, `/stream` streams. */
export interface Echo extends Provider {
  readonly heard: (string | Uint8Array)[]
  readonly closed: { code: number; reason: string }[]
  readonly served: string[]
  readonly peers: Peer[]
}

export function createEcho(): Echo {
  const echo: Echo = {
    name: 'echo',
    heard: [],
    closed: [],
    served: [],
    peers: [],
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      echo.served.push(pathname)
      if (pathname === '/stream') {
        const chunks = ['one ', 'two ', 'three']
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            const chunk = chunks.shift()
            if (chunk === undefined) controller.close()
            else controller.enqueue(new TextEncoder().encode(chunk))
          },
        })
        return new Response(body)
      }
      const headers = new Headers({ 'x-seen': request.headers.get('x-test') ?? '' })
      headers.append('set-cookie', 'a=1')
      headers.append('set-cookie', 'b=2')
      return new Response(`${request.method} ${pathname}${search} ${await request.text()}`, { status: 201, headers })
    },
    async upgrade({ url, protocols }) {
      if (url.pathname === '/no') return new Response('{"no":true}', { status: 401, headers: { 'content-type': 'application/json' } })
      const protocol = protocols.at(-1)
      return {
        ...(protocol !== undefined && { protocol }),
        open(peer) {
          echo.peers.push(peer)
          peer.send(`open ${url.pathname}${url.search}`)
          return {
            message(data) {
              echo.heard.push(data)
              peer.send(data)
            },
            closed: (code, reason) => void echo.closed.push({ code, reason }),
          }
        },
      }
    },
  }
  return echo
}
