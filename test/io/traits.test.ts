import { describe, expect, it } from 'vitest'
import { grantDefaults, linkTraits, plainPreset, servesOne, sourceTraits } from '../../src/io/traits.ts'
import type { PlainSessionOptions } from '../../src/options.ts'
import type { Preset, SourcePreset } from '../../src/presets/preset.ts'

type Token = SourcePreset['token']
const preset = (token: Token, own: Partial<Preset> = {}): Preset => ({ name: 'own', docs: '', token, messages: {}, ...own })
const url = 'wss://provider.test/live'
const heartbeat = { intervalMs: 20_000, graceMs: 90_000 }

describe('the traits of a source', () => {
  it.each<[Token, boolean, boolean]>([
    [{ kind: 'ticket' }, false, false],
    [{ kind: 'ticket', use: 'multi' }, false, false],
    [{ kind: 'ticket', use: 'single' }, true, true],
    [{ kind: 'ticket', use: 'single', connectByMs: 600_000 }, true, true],
    [{ kind: 'ticket', connectByMs: 60_000 }, false, true],
    [{ kind: 'ticket', connectByMs: 60_001 }, false, false],
    [{ kind: 'lease', connectByMs: 60_000 }, false, false],
    [{ kind: 'lease', use: 'single' }, true, false],
  ])('%j is for one dial: %j; minted when that is due: %j', (token, single, atDial) => {
    expect(sourceTraits(preset(token))).toMatchObject({ kind: token.kind, single, atDial })
  })

  it('hold the beat and the grace of the preset, if it has them, and how often to probe', () => {
    expect(sourceTraits(preset({ kind: 'lease' }, { heartbeat }), { firstMs: 1, capMs: 2 })).toMatchObject({
      ...heartbeat,
      probe: { firstMs: 1, capMs: 2 },
    })
    expect(sourceTraits(preset({ kind: 'ticket' }))).toMatchObject({
      intervalMs: null,
      graceMs: Infinity,
      probe: { firstMs: 30_000, capMs: 480_000 },
    })
  })
})

describe('a grant', () => {
  it.each<[Token, boolean]>([
    [{ kind: 'ticket' }, false],
    [{ kind: 'lease' }, true],
    [{ kind: 'ticket', use: 'single' }, true],
    [{ kind: 'ticket', placement: { in: 'url' } }, true],
    [{ kind: 'ticket', placement: { in: 'query', name: 'ticket' } }, false],
    [{ kind: 'ticket', scope: 'session' }, true],
    [{ kind: 'lease', scope: 'shared' }, false],
    [{ kind: 'ticket', use: 'single', scope: 'shared' }, false],
  ])('of %j serves one session: %j', (token, one) => {
    expect(servesOne(token)).toBe(one)
  })

  it.each<[Token, number | null, object]>([
    [{ kind: 'ticket' }, null, { lifetimeMs: 300_000, connectByMs: null }],
    [{ kind: 'lease' }, 20_000, { lifetimeMs: 40_000, connectByMs: null }],
    [{ kind: 'lease', lifetimeMs: 70_000, connectByMs: 5000 }, 20_000, { lifetimeMs: 70_000, connectByMs: 5000 }],
  ])('of %j with a beat of %j lives as long as %j, if the endpoint does not say', (token, beat, defaults) => {
    expect(grantDefaults(preset(token, beat === null ? {} : { heartbeat: { intervalMs: beat } }))).toEqual(defaults)
  })
})

describe('the traits of a link', () => {
  it('are those of a preset that says nothing', () => {
    expect(linkTraits(preset({ kind: 'ticket' }), { preset: preset({ kind: 'ticket' }), tokenSource: '/token' })).toEqual({
      link: false,
      ready: 'open',
      closeCodes: [],
      liveness: null,
      shows: false,
      verifies: false,
      pauseWhenHiddenMs: Infinity,
      giveUpAfterMs: Infinity,
    })
  })

  it('are those of one that says all, and of the session’s options', () => {
    const closeCodes = [{ from: 4000, to: 4000, then: 'stop' }] as const
    const all = preset(
      { kind: 'lease' },
      {
        url: () => url,
        ready: 'frame',
        closeCodes,
        liveness: { idleMs: 5000, probe: () => ({}) },
        heartbeat: { ...heartbeat, show: () => ({}) },
        verify: { url: 'https://api.test/me' },
      },
    )
    const options = { preset: all, tokenSource: '/token', pauseWhenHiddenMs: 1, giveUpAfterMs: 2 }
    expect(linkTraits(all, options)).toEqual({
      link: true,
      ready: 'frame',
      closeCodes,
      liveness: { idleMs: 5000, answerMs: 10_000 },
      shows: true,
      verifies: true,
      pauseWhenHiddenMs: 1,
      giveUpAfterMs: 2,
    })
    const patient = { ...all, liveness: { ...all.liveness!, answerMs: 3000 } }
    expect(linkTraits(patient, options).liveness).toEqual({ idleMs: 5000, answerMs: 3000 })
  })
})

describe('the plain form as a preset', () => {
  const plain = (own: Partial<PlainSessionOptions<{ type: string }, unknown>> = {}): Preset<{ type: string }> =>
    plainPreset({ url, tokenSource: '/token', ...own })

  it('is a multi-use ticket in the default place, ready when it is open', () => {
    expect(plain()).toMatchObject({
      name: 'plain',
      token: { kind: 'ticket', use: 'multi', placement: undefined },
      ready: 'open',
    })
    expect(plain().docs).toMatch(/^https:/)
  })

  it('is of one audience with the same address, or, where that is a function, with all others like it', () => {
    const attempt = { attempt: 1, continuity: undefined }
    const forms = [plain(), plain({ url: () => `${url}?room=1` })]
    expect(forms.map(({ audience, url: address }) => [audience, address!(attempt)])).toEqual([
      [url, url],
      ['plain', `${url}?room=1`],
    ])
  })

  it('is ready with the frame that `ready` names, before `control` has its say', () => {
    const both = plain({ ready: ({ type }) => type === 'welcome', control: ({ type }) => (type === 'ack' ? { is: 'ack' } : undefined) })
    expect(both.ready).toBe('frame')
    expect(['welcome', 'ack', 'else'].map((type) => both.control!({ type }))).toEqual([{ is: 'ready' }, { is: 'ack' }, undefined])
    expect([plain().control!({ type: 'welcome' }), plain({ ready: () => false }).control!({ type: 'welcome' })]).toEqual([
      undefined,
      undefined,
    ])
  })
})
