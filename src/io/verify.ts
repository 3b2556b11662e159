import type { Host } from './host.ts'

const answerMs = 10_000

/** Asks the provider over HTTP whether it takes this token. True only for a clear no; silence and trouble are no verdict. */
export async function isRefused(
  host: Host,
  { url, method = 'GET' }: { url: string; method?: string },
  token: string,
  signal: AbortSignal,
): Promise<boolean> {
  const stop = new AbortController()
  const cancel = host.timer(() => stop.abort(), answerMs)
  const end = (): void => {
    cancel()
    stop.abort()
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    const headers = { authorization: `Bearer ${token}` }
    const response = await host.fetch(url, {
      method,
      headers,
      cache: 'no-store',
      redirect: 'error',
      credentials: 'omit',
      signal: stop.signal,
    })
    void response.body?.cancel().catch(() => {})
    return response.status === 401
  } catch {
    return false
  } finally {
    cancel()
    signal.removeEventListener('abort', end)
  }
}
