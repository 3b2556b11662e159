import { describe, expect, it } from 'vitest'
import { tokenAddress, tokenHost } from '../../src/wire/address.ts'

describe('an address that a token goes to', () => {
  it.each([
    ['wss://x.test/p?room=1', 'wss'],
    ['wss://x.test:8443/', 'wss'],
    ['https://x.test/p', 'https'],
    ['ws://localhost:1/p', 'wss'],
    ['ws://app.localhost/', 'wss'],
    ['ws://127.0.0.1/', 'wss'],
    ['ws://127.1.2.3/', 'wss'],
    ['ws://127.10.20.30/', 'wss'],
    ['ws://[::1]:80/', 'wss'],
    ['http://localhost/', 'https'],
    // Names that only look like one of a credential.
    ['wss://x.test/?tokens=1&keys=2&open_secret=3', 'wss'],
  ] as const)('may be %s', (address, secure) => {
    expect(tokenAddress('url', address, secure).href).toBe(new URL(address).href)
  })

  it.each([
    ['no address', 'wss', 'url must be an absolute address such as wss://example.com'],
    [undefined, 'https', 'url must be an absolute address such as https://example.com'],
    ['/path', 'https', 'url must be an absolute address such as https://example.com'],
    ['ws://x.test/', 'wss', 'url must begin with wss://: over ws:// everyone on the way can read the token (localhost excepted)'],
    ['http://x.test/', 'https', 'url must begin with https://: over http:// everyone on the way can read the token (localhost excepted)'],
    ['ws://localhost.x.test/', 'wss', 'url must begin with wss://: over ws:// everyone on the way can read the token (localhost excepted)'],
    ['ws://notlocalhost/', 'wss', 'url must begin with wss://: over ws:// everyone on the way can read the token (localhost excepted)'],
    ['ws://127.0.0.1.x.test/', 'wss', 'url must begin with wss://: over ws:// everyone on the way can read the token (localhost excepted)'],
    ['https://x.test/', 'wss', 'url must begin with wss://'],
    ['wss://x.test/', 'https', 'url must begin with https://'],
    ['ftp://localhost/', 'https', 'url must begin with https://'],
    ['http://localhost/', 'wss', 'url must begin with wss://'],
    ['wss://x.test/#part', 'wss', 'url must not contain a #fragment: it is never sent'],
  ] as const)('may not be %s', (address, secure, message) => {
    expect(() => tokenAddress('url', address, secure)).toThrow(new TypeError(message))
  })

  it.each([
    'wss://ann@x.test/',
    'wss://:secret@x.test/',
    ...['access_token', 'api_key', 'apikey', 'api-secret', 'token', 'session_token', 'client_secret', 'Authorization', 'SECRET'].map(
      (name) => `wss://x.test/?room=1&${name}=hush`,
    ),
    // The name alone is enough.
    'wss://x.test/?apikey=',
    'wss://x.test/sk_live_0123456789abcdef',
  ])('may not carry a credential, and does not repeat it: %s', (address) => {
    const message = 'url must not contain a credential: the token comes from the tokenSource, a key stays on your backend'
    expect(() => tokenAddress('url', address, 'wss')).toThrow(new TypeError(message))
  })
})

describe('a host that a token goes to', () => {
  it('is the address without what ends it', () => {
    const hosts = ['https://x.test', 'https://x.test/', 'https://x.test:8443/a/b//', 'http://127.0.0.1:1/']
    expect(hosts.map((host) => tokenHost('host', host, 'https'))).toEqual([
      'https://x.test',
      'https://x.test',
      'https://x.test:8443/a/b',
      'http://127.0.0.1:1',
    ])
  })

  it('has no query', () => {
    expect(() => tokenHost('host', 'https://x.test/?a=1', 'https')).toThrow(
      new TypeError("host must not contain a query: use the preset's options"),
    )
  })
})
