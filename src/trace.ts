import type { Event } from './core/event.ts'
import type { Core } from './core/state.ts'
import { internalsOf } from './io/internals.ts'
import type { Session } from './session-type.ts'

/** One event and the state after it, as the core saw them: generations and times, never a token. */
export interface TraceEntry {
  readonly event: Event
  readonly state: Core
}

export interface Trace {
  readonly entries: readonly TraceEntry[]
  stop(): void
}

/** Records what happens to a session's source from now on; the last `limit` events (default 500). A log replays exactly. */
export function traceOf(session: Session<never, never> | Session, { limit = 500 } = {}): Trace {
  const { source } = internalsOf(session)
  const entries: TraceEntry[] = []
  const tap = (event: Event, state: Core): void => {
    if (entries.push({ event, state }) > limit) entries.shift()
  }
  source.taps.add(tap)
  return {
    entries,
    stop() {
      source.taps.delete(tap)
    },
  }
}
