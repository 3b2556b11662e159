import type { Entry, Store } from '../../src/server/store/store.ts'

export type Heard =
  | { readonly is: 'entry'; readonly subject: string; readonly entry: Entry }
  | { readonly is: 'revoked'; readonly user: string | null; readonly epoch: number }
  | { readonly is: 'lapsed' }
  | { readonly is: 'fresh' }

export interface Listener {
  readonly heard: Heard[]
  /** `subject body`, in the order heard. */
  readonly told: readonly string[]
  /** Resolves as soon as what was heard fulfils this. */
  until(fulfilled: (heard: readonly Heard[]) => boolean): Promise<void>
  /** Forgets what was heard, and resolves at the next `fresh`. */
  anew(): Promise<void>
  stop(): void
}

/** A follower that writes down what it hears. */
export function listen(store: Store): Listener {
  const heard: Heard[] = []
  const waiting = new Set<() => void>()
  const hear = (what: Heard): void => {
    heard.push(what)
    for (const look of waiting) look()
  }
  const stop = store.follow({
    entry: (subject, entry) => hear({ is: 'entry', subject, entry }),
    revoked: (user, epoch) => hear({ is: 'revoked', user, epoch }),
    lapsed: () => hear({ is: 'lapsed' }),
    fresh: () => hear({ is: 'fresh' }),
  })
  const until = (fulfilled: (heard: readonly Heard[]) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!fulfilled(heard)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return {
    heard,
    get told() {
      return heard.flatMap((what) => (what.is === 'entry' ? [`${what.subject} ${what.entry.body}`] : []))
    },
    until,
    anew() {
      heard.length = 0
      return until(has('fresh'))
    },
    stop,
  }
}

export const has =
  (is: Heard['is']) =>
  (heard: readonly Heard[]): boolean =>
    heard.some((what) => what.is === is)

/** So many entries were heard. */
export const entries =
  (count: number) =>
  (heard: readonly Heard[]): boolean =>
    heard.filter((what) => what.is === 'entry').length >= count
