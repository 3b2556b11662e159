import type { Answered } from './page-account.ts'

/** What a token endpoint said. */
export function answerIn(response: Response, text: string): Answered {
  let body: { access_token?: unknown; expires_in?: unknown; error?: string; retry_after?: number } = {}
  try {
    body = (JSON.parse(text) ?? {}) as typeof body
  } catch {
    // HTML and other things that are no answer.
  }
  const { access_token: token, expires_in: seconds } = body
  if (response.ok && typeof token === 'string' && token !== '') return { is: 'granted', token, lifeMs: Number(seconds) * 1000 }
  const retryAfterMs = 1000 * Number(response.headers.get('retry-after') ?? body.retry_after ?? 0)
  // "Never" lets a lease that is held live out its life.
  const ends = [401, 402, 403].includes(response.status) && body.error !== 'forbidden'
  return { is: ends ? 'refused' : 'failed', retryAfterMs }
}
