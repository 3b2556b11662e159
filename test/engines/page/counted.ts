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
  // What the page's own program adds while it is read is its own; all that comes later, or from the host, is the session's.
  let own = true
  queueMicrotask(() => (own = false))
  for (const target of [document, window]) countListeners(target, open, () => own)
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
      page(listener) {
        const before = own
        own = false
        try {
          return host.page(listener)
        } finally {
          own = before
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

type Options = AddEventListenerOptions | boolean | undefined

/** Counts the listeners that are added from now on until they are removed, by whichever way; not those that `isOwn` says are the page's. */
function countListeners(target: EventTarget, open: Open, isOwn: () => boolean): void {
  const [add, remove] = [target.addEventListener.bind(target), target.removeEventListener.bind(target)]
  // Weak: what is counted must not live on by that.
  const added = new WeakMap<EventListener, Set<string>>()
  const over = (listener: EventListener, key: string): void => {
    if (added.get(listener)?.delete(key)) open.listeners--
  }
  const keyOf = (type: string, options: Options): string =>
    `${type} ${typeof options === 'object' ? options.capture === true : options === true}`
  target.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions | boolean) => {
    const key = keyOf(type, options)
    const keys = added.get(listener) ?? new Set()
    const { signal, once } = typeof options === 'object' ? options : {}
    // The same one a second time is no other, and none comes after its signal.
    if (!isOwn() && !keys.has(key) && signal?.aborted !== true) {
      added.set(listener, keys.add(key))
      open.listeners++
      signal?.addEventListener('abort', () => over(listener, key), { once: true })
      if (once) add(type, () => over(listener, key), options)
    }
    add(type, listener, options)
  }
  target.removeEventListener = (type: string, listener: EventListener, options?: EventListenerOptions | boolean) => {
    over(listener, keyOf(type, options))
    remove(type, listener, options)
  }
}
