import type { Host } from '../../../src/io/host.ts'

/** What a host has open at this moment. */
export interface Open {
  timers: number
  sockets: number
  requests: number
  listeners: number
}

/** A host that counts. A socket is open until the browser says that it is closed; listeners are those on the page itself. */
export function counted(host: Host): { readonly host: Host; readonly open: Open } {
  const open: Open = { timers: 0, sockets: 0, requests: 0, listeners: 0 }
  for (const target of [document, window]) countListeners(target, open)
  return {
    open,
    host: {
      ...host,
      timer(run, ms) {
        let pending = true
        const over = (): boolean => {
          if (!pending) return false
          pending = false
          open.timers--
          return true
        }
        open.timers++
        const cancel = host.timer(() => {
          if (over()) run()
        }, ms)
        return () => {
          over()
          cancel()
        }
      },
      async fetch(url, init) {
        open.requests++
        try {
          return await host.fetch(url, init)
        } finally {
          open.requests--
        }
      },
      socket(url, protocols) {
        const socket = host.socket(url, protocols)
        open.sockets++
        const gone = (): void => void open.sockets--
        ;(socket as WebSocket).addEventListener('close', gone, { once: true })
        return socket
      },
    },
  }
}

/** The library ends its listeners by a signal; the test page's own have none. */
function countListeners(target: EventTarget, open: Open): void {
  const add = target.addEventListener.bind(target)
  target.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
    if (options?.signal) {
      open.listeners++
      options.signal.addEventListener('abort', () => open.listeners--, { once: true })
    }
    add(type, listener, options)
  }
}
