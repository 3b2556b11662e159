export interface Bundle {
  /** The file of one of them. */
  program(name: string): string
  remove(): void
}
export function bundle(names: readonly string[], from: string): Promise<Bundle>
