import type { Figures } from './figures.ts'
import type { Lag } from './lag.ts'
import type { ClientsSettings } from './orders.ts'
import type { Verdicts } from './verdict.ts'
import type { Window } from './window.ts'

/** What the pages of one process share. */
export interface Surroundings {
  readonly settings: ClientsSettings
  readonly figures: Figures
  readonly verdicts: Verdicts
  readonly lag: Lag
  /** What a listener throws on purpose, so that it can be counted when it is reported. */
  readonly thrown: { due: number }
  readonly window: Window
}
