/** Counters of a run, by name. */
export type Figures = Record<string, number>

export const count = (figures: Figures, name: string, by = 1): void => void (figures[name] = (figures[name] ?? 0) + by)
