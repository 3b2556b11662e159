/** The keys of the environment, and what is in a built page. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createBithuman } from '../../src/emulator/index.ts'
import { serve } from '../../src/emulator/node.ts'
import { apiKey, backend, cookie } from './backend.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'heartwire-bundle-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let bundles = 0
function bundle(files: Record<string, string | Buffer>): string {
  const at = join(folder, String(++bundles))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(at, name, '..'), { recursive: true })
    writeFileSync(join(at, name), content)
  }
  mkdirSync(at, { recursive: true })
  return at
}

const letters = 'canary0key1of2a3bundle4567890abc'

describe('a built page', () => {
  test.each([
    ['sk_live_', `const a=1\nconst key="sk_live_${letters}"`, 'index.js:2:12 a live key (by its shape)'],
    ['ah_test_', `fetch(u,{headers:{"x-api-key":"ah_test_${letters}"}})`, 'index.js:1:32 a test key (by its shape)'],
    ['whsec_', `x='whsec_${letters}'`, 'index.js:1:4 a webhook secret (by its shape)'],
    ['a key of the environment', `\n\n  "${apiKey}"`, 'index.js:3:4 the value of HUME_API_KEY'],
    [
      'api_key= in an address',
      'new WebSocket(`wss://api.example/v0/chat?config=1&api_key=${k}`)',
      'index.js:1:16 a WebSocket address that takes an API key',
    ],
    ['Basic', `{authorization:"Basic ${btoa(`canary:${letters}`)}"}`, 'index.js:1:17 Basic credentials'],
    ['a password in an address', `"https://canary:${letters}@api.example/"`, 'index.js:1:2 an address with a password in it'],
  ])('%s is found, and not shown', async (_, text, seen) => {
    const { code, out } = await ran(['doctor', '--bundle', bundle({ 'index.js': text })], { env: { HUME_API_KEY: apiKey } })
    expect(code).toBe(1)
    expect(out.match(/^problem .*$/gm)).toEqual([`problem  bundle: ${seen}`])
    expect(out).not.toContain('canary')
  })

  test('an https: address with api_key= is a warning: some are meant to be public. Many of them hide no problem', async () => {
    const telling = 'fetch(`https://events.example/2/httpapi?v=1&api_key=${k}`)\n'
    const at = bundle({ 'a.js': telling, 'b.js': telling.repeat(60), 'c.js': `"sk_live_${letters}"` })
    const { code, out } = await ran(['doctor', '--bundle', at])
    const seen = 'warning  bundle: a.js:1:8 an address that takes an API key, unless this one may be public'
    expect([code, out.match(/^problem .*$/gm)]).toEqual([1, ['problem  bundle: c.js:1:2 a live key (by its shape)']])
    expect(out.match(/^warning .*$/gm)!.filter((line) => line.includes(' a.js'))).toEqual([seen])
    expect(out).toContain('1 problem, 50 warnings')
    expect((await ran(['doctor', '--bundle', bundle({ 'a.js': telling })])).code).toBe(0)
  })

  test('source maps and nested files are looked into; pictures are not', async () => {
    const at = bundle({ 'a/b.js.map': `{"sources":["ah_live_${letters}"]}`, 'logo.png': Buffer.from(`\0sk_live_${letters}`) })
    const { out } = await ran(['doctor', '--bundle', at, '--json'])
    expect((JSON.parse(out) as { findings: { seen: string }[] }).findings.map(({ seen }) => seen)).toEqual([
      `${join('a', 'b.js.map')}:1:14 a live key (by its shape)`,
    ])
  })

  test('what only speaks of keys is none', async () => {
    const text = `/^(sk|ah)_(live|test)_/.test(t)||t.startsWith("sk_live_");"whsec_of_somebody_else";"Basic auth is not for pages";"https://a.example:8080/@scope/x";"https://a.example/x?no_api_key=1";"send api_key= to https://a.example/"`
    const { code, out } = await ran(['doctor', '--bundle', bundle({ 'index.js': text })], { env: { HUME_API_KEY: '' } })
    expect([code, out]).toEqual([0, 'ok       bundle: no long-lived key in 1 files\n\n0 problems, 0 warnings, 1 ok; 0 requests\n'])
  })

  test('hundreds of keys are told as fifty', async () => {
    const { out } = await ran(['doctor', '--bundle', bundle({ 'index.js': `"sk_live_${letters}"\n`.repeat(300) })])
    expect(out).toContain('50 problems, 1 warning')
  })

  test('a folder that is none', async () => {
    expect((await ran(['doctor', '--bundle', join(folder, 'nowhere')])).code).toBe(2)
    expect((await ran(['doctor', '--bundle', bundle({})])).out).toContain('warning  bundle: there is no text file')
  })
})

describe('the environment', () => {
  test('live keys while the endpoint is on this machine, and two names that differ', async () => {
    const patient = await backend()
    const env = {
      AGENTHUMAN_API_KEY: `ah_live_${letters}`,
      HUECHAT_API_KEY: `sk_test_${letters}`,
      BITHUMAN_API_SECRET: `canary-one-${letters}`,
      BITHUMAN_API_KEY: `canary-two-${letters}`,
    }
    const { code, out } = await ran(['doctor', '--url', patient.url, '--header', `cookie: ${cookie}`], { env })
    await patient.close()
    expect(code).toBe(0)
    expect(out.match(/^warning .*$/gm)).toEqual([
      'warning  live-key: AGENTHUMAN_API_KEY is a live key, and the endpoint is on this machine',
      'warning  two-names: BITHUMAN_API_SECRET and BITHUMAN_API_KEY are set to different values',
    ])
    expect(out).not.toMatch(/canary|_live_|_test_0/)
  })

  test('the provider is asked when that is wanted, and nobody but it', async () => {
    const bithuman = createBithuman()
    const served = await serve(bithuman)
    const asked: string[] = []
    const spy = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      asked.push(String(input instanceof Request ? input.url : input))
      return fetch(input, init)
    }
    const ask = (secret: string, url = served.url) =>
      ran(['doctor', '--ask-provider'], { env: { BITHUMAN_API_SECRET: secret, BITHUMAN_URL: url }, fetch: spy })

    expect(await ask(bithuman.secret)).toMatchObject({
      code: 0,
      out: expect.stringContaining('ok       provider-key: BITHUMAN_API_SECRET is valid'),
    })
    const old = bithuman.secret
    bithuman.rotate()
    const refused = await ask(old)
    expect(refused).toMatchObject({
      code: 1,
      out: expect.stringContaining('problem  provider-key: bitHuman says that BITHUMAN_API_SECRET is not valid'),
    })
    expect(refused.out).not.toContain(old)
    await served.close()
    expect((await ask(old)).out).toContain('warning  provider-key: bitHuman was not reached (')
    expect(new Set(asked)).toEqual(new Set([`${served.url}/v1/validate`]))
  })

  test('a key goes to the provider or to this machine, whatever the environment says', async () => {
    const asked: string[] = []
    const nobody = (input: string | URL | Request): Promise<Response> => {
      asked.push(String(input instanceof Request ? input.url : input))
      return Promise.resolve(Response.json({ valid: true }))
    }
    const env = { BITHUMAN_API_SECRET: apiKey, BITHUMAN_URL: 'https://evil.example' }
    await ran(['doctor', '--ask-provider'], { env, fetch: nobody })
    expect(asked).toEqual(['https://api.bithuman.ai/v1/validate'])
  })
})
