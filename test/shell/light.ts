/**
 * What a page's platform brings that is nothing of ours and costs much: `AbortController` and `Headers`, as far as the
 * library and its applications use them. For long runs; `--seed` replays over the real ones and leaves the same trace.
 */

type Listener = () => void

class LightSignal {
  aborted = false
  reason: unknown = undefined
  #listeners: Listener[] = []

  addEventListener(_abort: string, listener: Listener): void {
    this.#listeners.push(listener)
  }

  removeEventListener(_abort: string, listener: Listener): void {
    this.#listeners = this.#listeners.filter((one) => one !== listener)
  }

  /** What a listener throws comes out here, where a real one only reports it. */
  end(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    for (const listener of this.#listeners) listener()
  }
}

class LightAbortController {
  readonly signal = new LightSignal()

  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    this.signal.end(reason)
  }
}

class LightHeaders extends Map<string, string> {
  constructor(fields: Readonly<Record<string, string>> = {}) {
    super(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]))
  }
}

/** Until what is returned is called, new ones are light; and causes are errors, whose stacks nobody reads here. */
export function lighten(): () => void {
  const { AbortController, Headers } = globalThis
  const { stackTraceLimit } = Error
  Object.assign(globalThis, { AbortController: LightAbortController, Headers: LightHeaders })
  Error.stackTraceLimit = 0
  return () => {
    Object.assign(globalThis, { AbortController, Headers })
    Error.stackTraceLimit = stackTraceLimit
  }
}
