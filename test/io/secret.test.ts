import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Vault } from '../../src/io/vault.ts'
import { redact, redactAll, reveal, Secret } from '../../src/secret.ts'
import { leaksIn, watchFor } from '../canary/canaries.ts'

describe('a secret', () => {
  it('is shown by nothing but reveal', () => {
    watchFor('hidden-000111222333')
    const secret = new Secret('hidden-000111222333')
    expect(
      leaksIn([
        ['secret', secret],
        ['in an object', { secret }],
        ['in an array', [secret]],
        ['in an error', new Error('x', { cause: secret })],
      ]),
    ).toEqual([])
    expect([String(secret), JSON.stringify(secret), inspect(secret), reveal(secret)]).toEqual([
      '[secret]',
      '"[secret]"',
      '[secret]',
      'hidden-000111222333',
    ])
  })
})

describe('the redactor', () => {
  it.each([
    'wss://x.test/?access_token=abc123&room=1',
    'api_key: "abc123"',
    '{"session_token":"abc123"}',
    'Authorization: Bearer abc123',
    'Authorization: Basic abc123',
    'the token eyJhbGciOi.eyJzdWIabc123.c2ln was refused',
    'key sk_live_abc123abc123 is dead',
  ])('takes the credential out of %s', (text) => {
    expect(redact(text)).not.toContain('abc123')
  })

  it('leaves words alone', () => {
    for (const text of [
      'Failed to fetch',
      'NetworkError when attempting to fetch resource.',
      'connect ECONNREFUSED 127.0.0.1:3000',
      'Unexpected token < in JSON at position 0',
    ]) {
      expect(redactAll(text)).toBe(text)
    }
  })

  it('takes out any long word that could be one, for what applications throw', () => {
    for (const word of ['a1b2c3d4e5f6g7', 'Zq3f9k2p.15+/=&%kept', 'x'.repeat(40), 'dGhpcyBpcyBhIHRva2Vu1'])
      expect(redactAll(`no: ${word}!`)).toBe('no: [secret]!')
  })
})

describe('the vault', () => {
  it('knows the newest token, and keeps those that are needed', () => {
    const vault = new Vault()
    vault.put(1, 'one', undefined)
    vault.put(2, 'two', 'handle')
    vault.put(3, 'three', undefined)
    expect([vault.holds('three'), vault.holds('two'), vault.handle]).toEqual([true, false, 'handle'])
    vault.keep([1])
    expect([vault.take(1), vault.take(2), vault.take(3)]).toEqual(['one', undefined, 'three'])
    expect(vault.scrub('one two three')).toBe('[secret] two [secret]')
    vault.forget()
    expect([vault.take(1), vault.take(3), vault.handle, vault.holds('three')]).toEqual([undefined, undefined, undefined, false])
  })
})
