import type { FindingId } from './advice.ts'

/** `ok`: looked at and right. `warning`: works, and should be better. `problem`: has to be changed. */
export type Level = 'ok' | 'warning' | 'problem'

export interface Finding {
  readonly id: FindingId
  readonly level: Level
  /** One sentence. It may quote a peer: what may not be shown is taken out where it is printed. */
  readonly seen: string
}

export const ok = (id: FindingId, seen: string): Finding => ({ id, level: 'ok', seen })
export const warning = (id: FindingId, seen: string): Finding => ({ id, level: 'warning', seen })
export const problem = (id: FindingId, seen: string): Finding => ({ id, level: 'problem', seen })
