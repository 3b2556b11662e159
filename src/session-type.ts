import type { Status } from './core/status.ts'
import type { SessionEvents } from './options.ts'
import type { BinaryMessage } from './presets/preset.ts'

/** What `connect()` may be given. */
export interface ConnectOptions {
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal
}

/**
 * One realtime session: a grant, a socket, and what to do when either fails. Nothing happens before `connect()`.
 * Use it with `await using` or call `close()`; afterwards no timer, listener or socket of it is left.
 */
export interface Session<In = unknown, Out = unknown> {
  /** What the session is now. The same object as long as nothing changed. */
  readonly status: Status
  /**
   * Connects, or tries again at once: in every state this is the "try again" button. Resolves at the first `connected`.
   * Rejects with a `SessionError` on failed, closed, abort and paused (refused); in that last case the session goes on trying.
   */
  connect(options?: ConnectOptions): Promise<void>
  /** Closes the socket (1000) and stops asking for tokens until `resume()`. The grant is kept. */
  pause(): void
  /** Ends a `pause()`. Otherwise "try again", like `connect()`, without a promise. */
  resume(): void
  /** Ends the session at once; the promise waits at most 2 s for the socket's farewell and the provider's release call. */
  close(): Promise<void>
  /**
   * `sent`: given to the browser. `queued`: not connected; goes out at the next ready link (at most 64 messages, 64 KiB,
   * 30 s; what is dropped is a notice). `dropped`: closed, failed, queue full, or a kind that is useless when late.
   * Throws `TypeError` for a message that the preset's schema does not allow, and for a preset without a socket.
   */
  send(message: Out | BinaryMessage | string): 'sent' | 'queued' | 'dropped'
  /** Returns its remover. A listener that throws is reported and disturbs nobody. */
  on<Name extends keyof SessionEvents<In, Out>>(name: Name, listener: SessionEvents<In, Out>[Name]): () => void
  /** With `getSnapshot`, made for `useSyncExternalStore`. */
  subscribe(listener: () => void): () => void
  getSnapshot(): Status
  /**
   * The one exit for a secret, to hand to an engine that is not ours. Mints if needed. `rejected: true` says that the last
   * one handed out was refused. Rejects while paused, closed or failed.
   */
  accessToken(options?: { readonly rejected?: boolean }): Promise<string>
  [Symbol.asyncDispose](): Promise<void>
}
