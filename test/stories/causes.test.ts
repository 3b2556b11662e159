/** What a developer reads: why the last token request brought nothing. */
import { describe, expect, it } from 'vitest'
import { SessionError } from '../../src/index.ts'
import { answersHtml, answersTokens, failsWith, hangsHandshake, isSilent, refuses, sameTokenAgain, story, throwsLater } from './backends.ts'
import type { Story } from './backends.ts'

/** What the last notice gives as the reason, in words. */
function lastCause(it: Story): unknown {
  const notice = it.notices.filter(({ name }) => name === 'renewal-failed').at(-1) as { cause: SessionError } | undefined
  expect(notice?.cause).toBeInstanceOf(SessionError)
  const inner = notice!.cause.cause
  return inner instanceof SessionError ? [notice!.cause.code, inner.message] : [notice!.cause.code, inner]
}

describe('the cause of an error', () => {
  it.each([
    ['a refusal', refuses('key_refused'), 'key_refused', '[key_refused] the token endpoint answered 403 key_refused'],
    ['a word of never', refuses('forbidden'), 'forbidden', '[forbidden] the token endpoint answered 403 forbidden'],
    ['a status', failsWith(502), 'unavailable', '[unavailable] the token endpoint answered 502'],
    ['a broken network', throwsLater(), 'network', '[network] TypeError: Failed to fetch'],
    [
      'a login page',
      answersHtml(),
      'malformed',
      '[malformed] the token endpoint answered 200 without JSON: a login page or a wrong address?',
    ],
    [
      'a cached route',
      sameTokenAgain(),
      'malformed',
      '[malformed] the token endpoint answered with the same token again: is the route cached?',
    ],
    ['silence', isSilent(), 'timeout', '[timeout] the token endpoint did not answer in time'],
  ])('says what came back: %s', async (_what, behaviour, code, message) => {
    const it = await story().connected()
    it.backend.now(behaviour)
    await it.advance(310_001)
    expect(lastCause(it)).toEqual([code, message])
  })

  it('is that of the newest request, and gone with a good one', async () => {
    const it = await story({}, { giveUpAfterMs: 60_000 }).connected()
    it.backend.now(failsWith(502))
    await it.advance(300_000)
    it.backend.now(throwsLater())
    await it.advance(60_000)
    expect(lastCause(it)).toEqual(['network', '[network] TypeError: Failed to fetch'])
    it.backend.now(answersTokens())
    await it.advance(60_000)
    expect(it.now).toBe('connected')
    it.provider.now(hangsHandshake())
    it.provider.drop()
    await it.world.settle()
    const failed = it.session.connect().catch((error: unknown) => error)
    await it.advance(60_000)
    expect(await failed).toMatchObject({ code: 'gave_up', cause: undefined })
  })

  it('is none where a request was only taken back', async () => {
    const it = story({ tokens: isSilent() }, { giveUpAfterMs: 5000 })
    const failed = it.session.connect().catch((error: unknown) => error)
    await it.advance(5000)
    expect(await failed).toMatchObject({ code: 'gave_up', cause: undefined })
  })
})
