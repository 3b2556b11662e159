/**
 * Every code that a `SessionError` or a status can carry. Closed: new codes are a minor release.
 *
 * | code | what it means | what to do |
 * | --- | --- | --- |
 * | `login_required` | your token endpoint does not know the caller (401) | sign the user in, then `connect()` |
 * | `key_refused` | the provider refused your backend's key: rotated, revoked, suspended | install the new key on the backend; the session resumes by itself |
 * | `revoked` | your backend withdrew this user's right | nothing; a new right resumes the session |
 * | `rejected` | three fresh tokens in a row were refused by the provider | check that the key, the host and the audience belong together |
 * | `quota` | out of credit, concurrency or rate (402, 409, 429) | free a session, top up, or wait |
 * | `network` | the token endpoint could not be reached | nothing; it is asked again |
 * | `timeout` | the token endpoint did not answer in time | nothing; it is asked again |
 * | `unavailable` | the token endpoint answered 5xx | nothing; it is asked again |
 * | `malformed` | the answer is no token response: HTML, empty, too long, the same token again | check that the route is not cached and answers JSON |
 * | `forbidden` | the token endpoint says that this will never be allowed (403 `forbidden`) | change the user's rights, then `connect()` |
 * | `stopped` | the provider closed the socket with a code that means "do not come back" | tell the user; `connect()` begins anew |
 * | `bad_configuration` | an address or an option that only shows its fault when used | correct it |
 * | `gave_up` | not connected for `giveUpAfterMs` | `connect()` |
 * | `closed` | the session was closed | `connect()` |
 * | `paused` | the session is paused by the application or the page | `resume()` |
 * | `aborted` | the caller's `AbortSignal` fired | nothing |
 */
export type ErrorCode =
  | 'login_required'
  | 'key_refused'
  | 'revoked'
  | 'rejected'
  | 'quota'
  | 'network'
  | 'timeout'
  | 'unavailable'
  | 'malformed'
  | 'forbidden'
  | 'stopped'
  | 'bad_configuration'
  | 'gave_up'
  | 'closed'
  | 'paused'
  | 'aborted'

const texts: Record<ErrorCode, string> = {
  login_required: 'the token endpoint does not know the caller',
  key_refused: 'the provider refused the key behind this session',
  revoked: 'the right to this session was withdrawn',
  rejected: 'three fresh tokens in a row were refused by the provider',
  quota: 'out of credit, concurrency or rate',
  network: 'the token endpoint could not be reached',
  timeout: 'the token endpoint did not answer in time',
  unavailable: 'the token endpoint is not available',
  malformed: 'the token endpoint gave no usable token response',
  forbidden: 'the token endpoint forbids this',
  stopped: 'the provider closed the session for good',
  bad_configuration: 'no socket could be constructed: check the address and, in Node, the option `webSocket`',
  gave_up: 'not connected for longer than giveUpAfterMs',
  closed: 'the session is closed',
  paused: 'the session is paused',
  aborted: 'the signal was aborted',
}

const docs = 'https://github.com/heartwire/heartwire/blob/main/docs/errors.md'

/** The one error class. `code` is stable, `cause` is kept (with secrets removed), `docsUrl` says what to do. */
export class SessionError extends Error {
  override readonly name = 'SessionError'
  readonly code: ErrorCode
  readonly docsUrl: string

  /** The default message says what the code means. */
  constructor(code: ErrorCode, message = texts[code], options?: { cause?: unknown }) {
    super(`[${code}] ${message}`, options)
    this.code = code
    this.docsUrl = `${docs}#${code}`
  }
}
