import type { Packed } from '../test/shell/census.ts'

export function bundled(names: readonly string[]): Promise<{ readonly folder: string; readonly remove: () => void }>

export function onThreads(
  program: string,
  threads: number,
  first: number,
  hours: number,
): Promise<
  readonly {
    readonly census: Packed
    readonly failures: readonly { readonly seed: number; readonly invariant: string; readonly what: string; readonly atMs: number }[]
    readonly seeds: number
    readonly cpuSeconds: number
  }[]
>
