/** Counters of a run, by name. */
export type Figures = Record<string, number>

export const count = (figures: Figures, name: string, by = 1): void => void (figures[name] = (figures[name] ?? 0) + by)

export function sumOf(all: readonly Figures[]): Figures {
  const sum: Figures = {}
  for (const figures of all) for (const [name, value] of Object.entries(figures)) count(sum, name, value)
  return sum
}
