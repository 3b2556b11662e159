export interface Browser {
  readonly path: string
  readonly from: string
  readonly sandbox: boolean
}
export interface LaunchOptions {
  executablePath: string
  chromiumSandbox: boolean
  args: string[]
}
export const noBrowser: string
export function findBrowser(): Promise<Browser | undefined>
export function launchOptions(): Promise<LaunchOptions>
