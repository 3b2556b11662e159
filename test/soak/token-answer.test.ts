import { expect, test } from 'vitest'
import { answerIn } from '../../scripts/soak/token-answer.ts'

const said = (status: number, body: object | string, headers: Record<string, string> = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return answerIn(new Response(text, { status, headers }), text)
}

test('what a token endpoint said is read as the library reads it', () => {
  expect(said(200, { access_token: 't', expires_in: 40 })).toEqual({ is: 'granted', token: 't', lifeMs: 40_000 })
  expect(said(403, { error: 'key_refused' })).toEqual({ is: 'refused', retryAfterMs: 0 })
  // A lease that is held lives out its life.
  expect(said(403, { error: 'forbidden' })).toEqual({ is: 'failed', retryAfterMs: 0 })
  expect(said(429, { error: 'quota', retry_after: 3 }, { 'retry-after': '7' })).toEqual({ is: 'failed', retryAfterMs: 7_000 })
  expect(said(503, { error: 'unavailable', retry_after: 3 })).toEqual({ is: 'failed', retryAfterMs: 3_000 })
  for (const nothing of ['<!doctype html>', '{"access_token":', '{"access_token":7}', 'null', ''])
    expect(said(200, nothing)).toEqual({ is: 'failed', retryAfterMs: 0 })
})
