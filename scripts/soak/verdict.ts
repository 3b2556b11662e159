/** The invariants of docs/reliability.md that can be seen from outside of the library. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I9' | 'I10' | 'I11' | 'I12' | 'I15' | 'I16' | 'I17' | 'I18'

/** Says that something does not hold, and of whom. */
export type Wrong = (id: Invariant, who: string, what: string) => void

export interface Verdicts {
  readonly wrong: Wrong
  /** The first of them, in words. */
  readonly violations: readonly string[]
  readonly count: number
}

const toldAtMost = 50

export function verdicts(at: () => string): Verdicts {
  const violations: string[] = []
  let count = 0
  return {
    wrong(id, who, what) {
      if (++count <= toldAtMost) violations.push(`${id} ${at()} ${who}: ${what}`)
    },
    violations,
    get count() {
      return count
    },
  }
}
