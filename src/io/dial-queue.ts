import type { Host } from './host.ts'

/**
 * At most six handshakes at a time to one origin: Chromium opens sockets to one host one after another and needs 4.6 s for
 * twenty, so more at once only makes deadlines lie.
 */
const atOnce = 6

type Lane = { busy: number; readonly waiting: Set<() => void> }
const lanes = new WeakMap<object, Map<string, Lane>>()

/** Calls `dial` when there is room. Returns what to call when the handshake is over, however it ended. */
export function enterDialQueue(host: Host, origin: string, dial: () => void): () => void {
  const engine = host.engine ?? host
  let byOrigin = lanes.get(engine)
  if (!byOrigin) lanes.set(engine, (byOrigin = new Map<string, Lane>()))
  const lane = byOrigin.get(origin) ?? { busy: 0, waiting: new Set() }
  byOrigin.set(origin, lane)
  let dialling = false
  const start = (): void => {
    dialling = true
    lane.busy++
    dial()
  }
  if (lane.busy < atOnce) start()
  else lane.waiting.add(start)
  let left = false
  return () => {
    if (left) return
    left = true
    if (dialling) lane.busy--
    lane.waiting.delete(start)
    for (const next of lane.waiting) {
      if (lane.busy >= atOnce) break
      lane.waiting.delete(next)
      next()
    }
    if (lane.busy === 0 && lane.waiting.size === 0) byOrigin.delete(origin)
  }
}
