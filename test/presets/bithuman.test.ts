import { describe, expect, expectTypeOf, test } from 'vitest'
import * as z from 'zod/mini'
import { bitHuman, bitHumanEmbed, embedAllow, embedUrl } from '../../src/presets/bithuman.ts'
import type { BitHumanEmbedOptions, BitHumanOptions } from '../../src/presets/bithuman.ts'

const agent = 'A78WKV4515'
const url = 'wss://avatar.example/session?room=7'
const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'

describe('bitHuman: the lease', () => {
  test('of 5 minutes, beats each 60 s, outlives its last good beat by 300 s', () => {
    const preset = bitHuman()
    expect(preset.token).toMatchObject({ kind: 'lease', scope: 'session', use: 'multi', lifetimeMs: 300_000 })
    expect(preset.heartbeat).toEqual({ intervalMs: 60_000, graceMs: 300_000 })
    expect(preset.release).toBe(true)
    expect(Object.isFrozen(preset)).toBe(true)
  })

  test('without a url there is no socket, and nothing about one', () => {
    expect(Object.keys(bitHuman()).sort()).toEqual(['audience', 'docs', 'heartbeat', 'name', 'release', 'token'])
  })

  test('beat and grace can be set', () => {
    expect(bitHuman({ beatMs: 5000, graceMs: 0 }).heartbeat).toEqual({ intervalMs: 5000, graceMs: 0 })
  })

  test('an agent is an audience', () => {
    expect(bitHuman({ agent }).audience).not.toBe(bitHuman({ agent: 'B00' }).audience)
    expect(bitHuman({ agent }).audience).toBe(bitHuman({ agent, url }).audience)
  })
})

describe('bitHuman: with a runtime of your own', () => {
  const preset = bitHuman({ url })

  test('the address is the one given', () => {
    expect(preset.url?.({ attempt: 3, continuity: undefined })).toBe(url)
    expect(preset.token.placement).toEqual({ in: 'query', name: 'access_token' })
    expect(bitHuman({ url: 'ws://localhost:9' }).url?.({ attempt: 0, continuity: undefined })).toBe('ws://localhost:9/')
  })

  test('is ready when open, and knows no control frames', () => {
    expect(preset.ready).toBe('open')
    expect(preset.control).toBeUndefined()
    expect(preset.messages).toBeUndefined()
  })

  test('ready names the frame', () => {
    const preset = bitHuman({ url, ready: (message) => (message as { type?: unknown }).type === 'ready' })
    expect(preset.ready).toBe('frame')
    expect(preset.control?.({ type: 'ready', session: 's' })).toEqual({ is: 'ready' })
    expect(preset.control?.({ type: 'frame', data: '' })).toBeUndefined()
  })

  test.each([
    [1000, undefined],
    [1008, 'reauthorise'],
    [1011, undefined],
    [4400, undefined],
    [4401, 'reauthorise'],
    [4402, 'reauthorise'],
    [4403, 'reauthorise'],
    [4404, undefined],
  ])('close code %i', (code, then) => {
    expect(preset.closeCodes?.find(({ from, to }) => from <= code && code <= to)?.then).toBe(then)
  })

  test('close codes and liveness can be set', () => {
    const closeCodes = [{ from: 4000, to: 4999, then: 'stop' }] as const
    const liveness = { idleMs: 15_000, probe: () => ({ type: 'ping' }) }
    expect(bitHuman({ url, closeCodes, liveness })).toMatchObject({ closeCodes, liveness })
  })

  test('types come from the schemas', () => {
    const inbound = z.looseObject({ type: z.string(), at: z.number() })
    const typed = bitHuman({ url, schemas: { inbound }, ready: (message) => message.type === 'ready' })
    expect(typed.messages?.schemas?.inbound).toBe(inbound)
    expectTypeOf(typed.control).parameter(0).toExtend<{ type: string; at: number }>()
    expectTypeOf(preset.control).parameter(0).toEqualTypeOf<unknown>()
  })
})

describe('bitHumanEmbed', () => {
  const preset = bitHumanEmbed({ agent })

  test('an hour of lease without a socket', () => {
    expect(preset.token).toMatchObject({ kind: 'lease', scope: 'session', lifetimeMs: 3_600_000 })
    expect(preset.heartbeat).toEqual({ intervalMs: 1_800_000 })
    expect(preset.url).toBeUndefined()
    expect(preset.release ?? false).toBe(false)
    expect(Object.isFrozen(preset)).toBe(true)
  })

  test('the address of the iframe', () => {
    expect(embedUrl(preset, jwt)).toBe(`https://bithuman.ai/embed/${agent}?token=${jwt}`)
    expect(embedUrl(agent, jwt)).toBe(embedUrl(preset, jwt))
    expect(embedUrl(bitHumanEmbed({ agent, host: 'http://localhost:4703/' }), 'a b&c')).toBe(
      `http://localhost:4703/embed/${agent}?token=a+b%26c`,
    )
    expect(embedAllow).toBe('microphone *; camera *; autoplay *')
  })

  test('nothing can be sent', () => {
    expectTypeOf(preset.control).parameter(0).toBeNever()
  })
})

describe('wrong options are refused at once', () => {
  test.each<[object, RegExp]>([
    [{ url: '/session' }, /url must be an absolute address/],
    [{ url: 'ws://avatar.example' }, /over ws:\/\//],
    [{ url: 'https://avatar.example' }, /url must begin with wss/],
    [{ url: 'wss://avatar.example?access_token=abc123' }, /must not contain a credential/],
    [{ url: 'wss://avatar.example?api_key=abc123' }, /must not contain a credential/],
    [{ url: 'wss://avatar.example?api-secret=abc123' }, /must not contain a credential/],
    [{ url: `wss://avatar.example?x=${jwt}` }, /must not contain a credential/],
    [{ url: '' }, /url must be an absolute address/],
    [{ agent: '' }, /agent must be the agent's code/],
    [{ agent: 7 }, /agent must be the agent's code/],
    [{ agent: 'x'.repeat(65) }, /never a secret/],
    [{ agent: '../x' }, /agent must be the agent's code/],
    [{ beatMs: 0 }, /beatMs must be/],
    [{ beatMs: Number.POSITIVE_INFINITY }, /beatMs must be/],
    [{ beatMs: '60000' }, /beatMs must be/],
    [{ graceMs: -1 }, /graceMs must be/],
    [{ ready: () => true }, /are about a socket/],
    [{ closeCodes: [] }, /are about a socket/],
  ])('bitHuman(%j)', (options, message) => {
    const attempt = () => bitHuman(options as BitHumanOptions)
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(message)
    expect(attempt).not.toThrow(/abc123|eyJ|xxx/)
  })

  test.each<[object, RegExp]>([
    [{}, /agent must be the agent's code/],
    [{ agent: '' }, /agent must be the agent's code/],
    [{ agent: 'a/b' }, /agent must be the agent's code/],
    [{ agent, host: 'http://bithuman.ai' }, /over http:\/\//],
    [{ agent, host: 'wss://bithuman.ai' }, /host must begin with https/],
    [{ agent, host: 'https://bithuman.ai?token=abc123' }, /must not contain a credential/],
  ])('bitHumanEmbed(%j)', (options, message) => {
    const attempt = () => bitHumanEmbed(options as BitHumanEmbedOptions)
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(message)
  })

  test.each([undefined, '', 7])('embedUrl without a token: %j', (token) => {
    expect(() => embedUrl(agent, token as string)).toThrow(TypeError)
  })
})
