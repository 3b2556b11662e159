export interface Budget {
  readonly name: string
  /** KiB of 1,024 bytes, gzipped. */
  readonly limit: number
  readonly entry: string
  readonly format?: 'iife'
}
export interface Measured {
  readonly min: number
  readonly gzip: number
  readonly modules: readonly { readonly file: string; readonly code: string }[]
}
export const budgets: readonly Budget[]
export function measure(budget: Budget): Promise<Measured>
export function partOf(file: string): string
export function parts(modules: Measured['modules'], byFile?: boolean): Promise<{ part: string; min: number; gzip: number }[]>
