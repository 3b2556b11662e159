import type { Invariant, Wrong } from '../../scripts/soak/verdict.ts'

export interface Said {
  readonly wrong: Wrong
  /** Of which invariants something was said, in order. */
  readonly ids: Invariant[]
}

export function listen(): Said {
  const ids: Invariant[] = []
  return { wrong: (id) => void ids.push(id), ids }
}
