/** Waits for what is watched to be as it should. */
export interface Watch {
  /** Something has changed. */
  look(): void
  /** Resolves with the ms that it took; rejects after `limitMs` with what was waited for, and with `state()`, which says how far it got. */
  until(what: string, holds: () => boolean, limitMs: number, state?: () => string): Promise<number>
}

export function createWatch(): Watch {
  const waiting = new Set<() => void>()
  let due = false
  return {
    look() {
      if (due) return
      due = true
      // Once for all that has changed in this turn.
      setImmediate(() => {
        due = false
        for (const look of [...waiting]) look()
      })
    },
    until: (what, holds, limitMs, state = () => '') =>
      new Promise((resolve, reject) => {
        const beganAt = performance.now()
        const look = (): void => {
          if (!holds()) return
          done()
          resolve(Math.round(performance.now() - beganAt))
        }
        const late = setTimeout(() => {
          done()
          reject(new Error(`${what}: not within ${limitMs} ms. ${state()}`))
        }, limitMs)
        const done = (): void => {
          waiting.delete(look)
          clearTimeout(late)
        }
        waiting.add(look)
        look()
      }),
  }
}
