/** Everything that a command has of the world around it, so that a test can run one in its own process. */
export interface Terminal {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly fetch: typeof fetch
  /** Epoch ms by this machine's clock. */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Settles when the user wants a command that runs on to end (Ctrl-C). Signals are caught from the first call on. */
  readonly stopped: () => Promise<void>
}

/** What a command ends with: nothing to complain about, something found or failed, called in a wrong way. */
export type ExitCode = 0 | 1 | 2

/** The command line itself is wrong. Its message is for the user, and repeats no value that may be secret. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
