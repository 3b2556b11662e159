/**
 * A window's events, as far as the library listens to them: Node has none. Not an `EventTarget` of Node's: there, a listener
 * whose signal is aborted after a collection may stay (its abort listener is held weakly, one for each target).
 */
export interface Window {
  /** Listeners that there are. */
  readonly listeners: number
  tell(type: string): void
}

type Listener = (event: Event) => void

export function installWindow(): Window {
  const all = new Map<string, Set<Listener>>()
  Object.assign(globalThis, {
    addEventListener(type: string, listener: Listener, { signal }: { signal: AbortSignal }) {
      const own = all.get(type) ?? new Set()
      all.set(type, own.add(listener))
      signal.addEventListener('abort', () => own.delete(listener), { once: true })
    },
  })
  return {
    get listeners() {
      return [...all.values()].reduce((sum, { size }) => sum + size, 0)
    },
    tell(type) {
      for (const listener of [...(all.get(type) ?? [])]) listener(new Event(type))
    },
  }
}
