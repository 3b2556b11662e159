/** Whether this host, as `URL.hostname` or the user writes it, is this machine. Names under `.localhost` may be looked up, so they do not count. */
export const isLoopback = (host: string): boolean => host === 'localhost' || /^\[?::1\]?$/.test(host) || /^127\.\d+\.\d+\.\d+$/.test(host)
