export interface FadingMap<V> {
  get(key: string, now: number): V | undefined
  /** Kept until the moment `until`, which is in the same ms as `now`. */
  set(key: string, value: V, until: number, now: number): void
}

/** A map that forgets without timers: what is over is not found, and is swept out whenever the map has doubled. */
export function fadingMap<V>(): FadingMap<V> {
  const kept = new Map<string, { readonly value: V; readonly until: number }>()
  let sweepAt = 1000
  return {
    get(key, now) {
      const found = kept.get(key)
      return found !== undefined && found.until > now ? found.value : undefined
    },
    set(key, value, until, now) {
      kept.set(key, { value, until })
      if (kept.size < sweepAt) return
      for (const [old, entry] of kept) if (entry.until <= now) kept.delete(old)
      sweepAt = Math.max(1000, 2 * kept.size)
    },
  }
}
