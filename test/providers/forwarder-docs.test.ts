/** docs/forwarder.md: its blocks compile, and run: two pages, two backends, and an emulated HueChat in the place of the provider. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createHuechat } from '../../src/emulator/huechat.ts'
import type { readForwarded } from '../../src/presets/huechat.ts'
import type { Session } from '../../src/index.ts'
import type { Gateway } from '../../src/server/gateway/index.ts'

const root = join(import.meta.dirname, '../..')
/** Inside the project, so that packages are found; outside what the project's own tsc looks at. */
const folder = join(root, 'node_modules/.cache/forwarder')
const blocks = [...readFileSync(join(root, 'docs/forwarder.md'), 'utf8').matchAll(/```ts (\S+)\n([\s\S]*?)```/g)]
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, { types: string }> }

/** The same block, with the package's own sources where it imports the package. */
const local = (block: string): string =>
  block.replace(/from 'heartwire(\/[^']*)?'/g, (_all, entry = '') => {
    const { types } = exports[`.${entry}`]!
    return `from '${join(root, types.replace('./dist', 'src').replace('.d.ts', '.ts'))}'`
  })
const userOf = `export const userOf = (request: Request): { id: string } | null =>
  request.headers.get('cookie') === 'session=ada' ? { id: 'ada' } : null\n`

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [, file = '', text = ''] of blocks) writeFileSync(join(folder, file), local(text))
  writeFileSync(join(folder, 'user-of.ts'), userOf)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Fetch = (request: Request) => Promise<Response>
const provider = createHuechat()
const atProvider: Request[] = []

/** The page's `fetch`: its own origin, with the user's cookie; and `fetch` of the backend, which finds HueChat emulated. */
function connected(routes: Readonly<Record<string, Fetch>>): void {
  vi.stubGlobal('fetch', (input: string | Request, init?: RequestInit) => {
    const ask = new Request(input instanceof Request ? input : new URL(input, 'https://app.example.com'), init)
    if (ask.url.startsWith('https://api.huechat.ai/')) {
      atProvider.push(ask.clone())
      return provider.fetch(ask)
    }
    ask.headers.set('origin', 'https://app.example.com')
    if (ask.url.startsWith('https://app.example.com/')) ask.headers.set('cookie', 'session=ada')
    const [, answer] = Object.entries(routes).find(([prefix]) => ask.url.startsWith(prefix)) ?? []
    return answer === undefined ? Promise.reject(new TypeError('fetch failed')) : answer(ask)
  })
}

describe('docs/forwarder.md', () => {
  beforeEach(() => {
    vi.stubEnv('HUECHAT_API_KEY', provider.key)
    vi.stubEnv('GATEWAY_SECRET', 'the signing key of this gateway: 32 bytes and more')
    atProvider.length = 0
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
    vi.unstubAllGlobals()
  })

  test('every block compiles, and is run below', () => {
    expect(blocks.map(([, file]) => file)).toEqual(['page.ts', 'backend.ts', 'forwarder.ts', 'plain-page.ts'])
    const options = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
      include: ['*.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    expect(execFileSync(process.execPath, [tsc, '--noEmit', '-p', folder], { encoding: 'utf8' })).toBe('')
  })

  test('the page calls the backend, the backend calls HueChat, and the key stays there', async () => {
    const backend = (await import(join(folder, 'backend.ts'))) as { gateway: Gateway; token: Fetch }
    const said: string[] = []
    const heard = (fetch: Fetch): Fetch => {
      return async (request) => {
        const answer = await fetch(request)
        said.push(JSON.stringify([...request.headers, ...answer.headers]), await answer.clone().text())
        return answer
      }
    }
    connected({
      'https://app.example.com/api/token': heard(backend.token),
      'https://realtime.example.com/': heard((request) => backend.gateway.fetch(request)),
    })
    await provider.fetch(
      new Request('https://api.huechat.ai/v2/contact', {
        method: 'POST',
        headers: { 'x-api-key': provider.key, 'content-type': 'application/json' },
        body: '{"phone":"+1234567890","first_name":"John"}',
      }),
    )
    const page = (await import(join(folder, 'page.ts'))) as { session: Session; contacts: () => Promise<string> }
    expect(await page.contacts()).toBe('John')
    expect(atProvider.map(({ url, headers }) => [url, headers.get('x-api-key'), headers.get('authorization')])).toEqual([
      ['https://api.huechat.ai/v2/contacts', provider.key, null],
    ])
    expect(said.join()).toContain('Bearer ')
    for (const secret of provider.secrets()) expect(said.join()).not.toContain(secret)
    vi.stubEnv('HUECHAT_API_KEY', 'sk_live_of_yesterday')
    vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(await page.contacts()).toBe('Invalid API key')
    await page.session.close()
  })

  test('without a session, the user’s login is enough', async () => {
    const { forward } = (await import(join(folder, 'forwarder.ts'))) as { forward: Fetch }
    connected({ 'https://app.example.com/api/huechat/': forward })
    const { contacts } = (await import(join(folder, 'plain-page.ts'))) as { contacts: () => ReturnType<typeof readForwarded> }
    expect(await contacts()).toMatchObject({ ok: true, rate: { limit: 900 } })
    expect(atProvider).toHaveLength(1)
    const bare = await fetch('/api/huechat/v2/contacts')
    expect([bare.status, atProvider.length]).toEqual([400, 1])
  })
})
