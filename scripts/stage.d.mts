export interface Staged {
  /** Everything that was made; the caller removes it. It lies in the checkout, so that dependencies resolve from there. */
  readonly folder: string
  readonly tarball: string
  readonly packageFolder: string
}
export function stage(): Staged
