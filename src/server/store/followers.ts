import { StoreError } from './store-error.ts'
import type { OnStoreError } from './store-error.ts'
import type { Follower } from './store.ts'

export interface Followers {
  readonly size: number
  /** Returns its removal. The same object may follow twice. */
  add(follower: Follower): () => void
  /** Tells each of them, after everything that was told before: also where a follower makes the store tell more. */
  tell(what: (follower: Follower) => void): void
  clear(): void
}

/** Those who hear what is new, in one order. One that throws stops nobody. */
export function followers(onError: OnStoreError): Followers {
  const members = new Set<{ readonly follower: Follower }>()
  const waiting: ((follower: Follower) => void)[] = []
  let telling = false

  const tellOne = (what: (follower: Follower) => void, follower: Follower): void => {
    try {
      what(follower)
    } catch (error) {
      onError(new StoreError('follower', 'a follower threw an error', error))
    }
  }

  return {
    get size() {
      return members.size
    },
    add(follower) {
      const member = { follower }
      members.add(member)
      return () => void members.delete(member)
    },
    tell(what) {
      waiting.push(what)
      if (telling) return
      telling = true
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        for (const { follower } of members) tellOne(next, follower)
      }
      telling = false
    },
    clear: () => members.clear(),
  }
}
