/** What of the world an import must leave alone. Not the classes that are only arithmetic, such as `URL` or `TextEncoder`. */
const world = [
  ...['document', 'window', 'self', 'parent', 'navigator', 'location', 'history', 'screen', 'origin', 'process'],
  ...['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore'],
  ...['WebSocket', 'fetch', 'XMLHttpRequest', 'EventSource', 'BroadcastChannel', 'Worker', 'SharedWorker', 'RTCPeerConnection'],
  ...['crypto', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame'],
  ...['addEventListener', 'dispatchEvent', 'reportError', 'console'],
]

/** The library and what it depends on; the test's own machinery may do what it likes. */
const ours = /\/src\/|[/_](zod|jose|eventemitter3)[/_.]/

export interface Traps {
  /** What was read, by name, each once. */
  readonly touched: Set<string>
  undo(): void
}

/** From now on notes which globals the library reads, even by `typeof`. They go on working. */
export function trapGlobals(): Traps {
  const touched = new Set<string>()
  const undos: (() => void)[] = []
  const trap = (owner: object, name: string, shown: string): void => {
    const own = Object.getOwnPropertyDescriptor(owner, name)
    if (own?.configurable === false) return
    let value = (owner as Record<string, unknown>)[name]
    Object.defineProperty(owner, name, {
      configurable: true,
      enumerable: own?.enumerable ?? false,
      get() {
        // The first line is the error's, the second this getter's.
        if (ours.test(new Error('who reads').stack?.split('\n')[2] ?? '')) touched.add(shown)
        return value
      },
      set(next: unknown) {
        if (ours.test(new Error('who writes').stack?.split('\n')[2] ?? '')) touched.add(`${shown} =`)
        value = next
      },
    })
    undos.push(() => (own ? Object.defineProperty(owner, name, own) : Reflect.deleteProperty(owner, name)))
  }
  for (const name of world) trap(globalThis, name, name)
  trap(Math, 'random', 'Math.random')
  trap(Date, 'now', 'Date.now')
  return { touched, undo: () => undos.reverse().forEach((undo) => undo()) }
}
