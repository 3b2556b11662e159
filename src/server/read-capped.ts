/**
 * The text of a request or a response, or `undefined` when it is longer than `maxBytes`: then the rest is neither read nor
 * waited for. A `content-length` that is too large is believed at once; one that is too small is not believed at all.
 *
 * @throws TypeError when the bytes are no UTF-8; what the stream throws; the signal's reason.
 */
export async function readCapped(from: Request | Response, maxBytes: number, signal?: AbortSignal): Promise<string | undefined> {
  const declared = Number(from.headers.get('content-length') ?? 0)
  if (!(declared <= maxBytes)) {
    void from.body?.cancel().catch(() => {})
    return undefined
  }
  if (from.body === null) return ''
  const reader = from.body.getReader()
  const cancel = (): void => void reader.cancel().catch(() => {})
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    let bytes = 0
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      signal?.throwIfAborted()
      if (done) return text + decoder.decode()
      bytes += value.byteLength
      if (bytes > maxBytes) {
        cancel()
        return undefined
      }
      text += decoder.decode(value, { stream: true })
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}
