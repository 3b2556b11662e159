/** Where everything lies in Redis. */
export interface Keys {
  /** One hash: `stream`, `born`, `run`, `seq`, `last`, `all` and `u:<user>`. Whoever loses it, loses all of it, and notices. */
  readonly state: string
  /** What tells of everything new. */
  log(stream: string): string
  subject(stream: string, subject: string): string
  /** Marks an event as appended. */
  id(stream: string, id: string): string
  once(key: string): string
  /** In front of the limiters' keys. */
  readonly limits: string
}

/**
 * What a stream was told lies under its name: a new one begins with empty keys, and the old ones expire. The braces let a
 * cluster keep all of it in one place, as one script needs it.
 */
export function keysUnder(prefix: string): Keys {
  const at = (...parts: string[]): string => [`{${prefix}}`, ...parts].join(':')
  return {
    state: at('state'),
    log: (stream) => at(stream, 'log'),
    subject: (stream, subject) => at(stream, 'to', subject),
    id: (stream, id) => at(stream, 'id', id),
    once: (key) => at('once', key),
    limits: at('limit:'),
  }
}
