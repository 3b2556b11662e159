import { DeadlineError } from '../../server/deadline.ts'

/** Why there was no answer. */
export interface Failure {
  readonly is: 'failure'
  readonly kind: Kind
  /** For people. */
  readonly how: string
}

const words = {
  dns: 'DNS: no such host name',
  refused: 'refused: nothing listens on that port',
  timeout: 'timeout: no answer in time',
  unreachable: 'unreachable: no way to that host',
  tls: 'TLS: the certificate or the handshake is not valid',
  cut: 'cut: the connection ended without an answer',
} as const
type Kind = keyof typeof words

const meanings: readonly (readonly [codes: RegExp, kind: Kind])[] = [
  [/^(ENOTFOUND|EAI_)/, 'dns'],
  [/^ECONNREFUSED/, 'refused'],
  [/^(ETIMEDOUT|UND_ERR_\w*TIMEOUT)/, 'timeout'],
  [/^(EHOSTUNREACH|ENETUNREACH)/, 'unreachable'],
  [/^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_|ERR_TLS|ERR_SSL|EPROTO)/, 'tls'],
]

export const failure = (kind: Kind): Failure => ({ is: 'failure', kind, how: words[kind] })

/** What an error of `fetch` or of a socket means. Only codes are read: messages may quote addresses with secrets in them. */
export function failureOf(error: unknown): Failure {
  if (error instanceof DeadlineError) return failure('timeout')
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as NodeJS.ErrnoException
    const known = typeof code === 'string' ? meanings.find(([codes]) => codes.test(code)) : undefined
    if (known) return failure(known[1])
  }
  return failure('cut')
}
