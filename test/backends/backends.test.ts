import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHume } from '../../src/emulator/hume.ts'
import { serve } from '../../src/emulator/node.ts'
import type { Served } from '../../src/emulator/node.ts'
import { blocks, root, writeBlocks } from './blocks.ts'
import { mountRouteHandler, mountServer, mountWorker } from './mounted.ts'
import type { Mounted } from './mounted.ts'

const folder = writeBlocks('backends')
const hume = createHume()
const { fetch } = globalThis
let front: Served

beforeAll(async () => {
  front = await serve(hume)
  const [{ apiKey, secretKey }] = hume.installed as [{ apiKey: string; secretKey: string }]
  Object.assign(process.env, { HUME_API_KEY: apiKey, HUME_SECRET_KEY: secretKey })
  // The blocks speak to Hume's own host, which is the emulator here.
  globalThis.fetch = (input, init) =>
    input instanceof Request ? fetch(new Request(input.url.replace('https://api.hume.ai', front.url), input), init) : fetch(input, init)
})
afterAll(async () => {
  globalThis.fetch = fetch
  await front.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('docs/backends.md', () => {
  test.each([...blocks])('%s has eight lines at most', (_, block) => {
    expect(block.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(8)
  })

  test('every block compiles', () => {
    const options = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
      include: ['*.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    expect(execFileSync(process.execPath, [tsc, '--noEmit', '-p', folder], { encoding: 'utf8' })).toBe('')
  })

  test('every block is run below', () => {
    expect([...blocks.keys()].filter((file) => file !== 'user-of.ts').sort()).toEqual(mounts.map(([file]) => file).sort())
  })
})

const mounts: [file: string, mount: (file: string) => Promise<Mounted>][] = [
  ['hono.ts', (file) => mountServer(folder, file)],
  ['next.ts', (file) => mountRouteHandler(folder, file)],
  ['express.ts', (file) => mountServer(folder, file)],
  ['fastify.ts', (file) => mountServer(folder, file)],
  ['workers.ts', (file) => mountWorker(folder, file, () => front.url)],
  ['node.ts', (file) => mountServer(folder, file)],
]

describe.each(mounts)('%s', (file, mount) => {
  let backend: Mounted
  beforeAll(async () => void (backend = await mount(file)))
  afterAll(() => backend.close())

  /** A token request as a page of the backend's own origin sends it; `null` takes a header away. */
  const ask = (headers: Record<string, string | null> = {}, body = '{"reason":"connect","attempt":0}', method = 'POST') => {
    const own = { 'x-heartwire': '1', cookie: 'session=ada-was-here', origin: backend.origin }
    const all = { ...own, ...(method === 'POST' && { 'content-type': 'application/json' }), ...headers }
    const sent = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null)
    return backend.ask({ method, headers: sent, ...(method === 'POST' && { body }) })
  }
  const minted = async (work: () => Promise<unknown>): Promise<number> => {
    const before = hume.counts.mints + hume.counts.refusedMints
    await work()
    return hume.counts.mints + hume.counts.refusedMints - before
  }

  test('gives a signed-in user a token that the provider has minted', async () => {
    const response = await ask()
    const { access_token, ...rest } = (await response.json()) as { access_token: string }
    expect([response.status, rest]).toEqual([200, { token_type: 'Bearer', expires_in: 1800 }])
    expect(hume.secrets()).toContain(access_token)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test.each<[name: string, send: () => Promise<Response>, status: number, error: string]>([
    ['nobody signed in', () => ask({ cookie: null }), 401, 'login_required'],
    ['a session that is over', () => ask({ cookie: 'session=long-ago' }), 401, 'login_required'],
    ['a foreign page', () => ask({ origin: 'https://evil.example' }), 403, 'forbidden'],
    ['a GET', () => ask({}, '', 'GET'), 405, 'bad_request'],
    ['a preflight of a foreign page', () => ask({ origin: 'https://evil.example' }, '', 'OPTIONS'), 403, 'forbidden'],
    ['no custom header', () => ask({ 'x-heartwire': null }), 400, 'bad_request'],
    ['a reason that is none, in a body that is read', () => ask({}, '{"reason":"because"}'), 400, 'bad_request'],
  ])('refuses %s, and asks the provider nothing', async (_, send, status, error) => {
    const mints = await minted(async () => {
      const response = await send()
      expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([status, error])
    })
    expect(mints).toBe(0)
  })

  // A server may reset the connection before its answer was read: TCP, and no fault of the endpoint.
  test('refuses a body of 2 MB', { retry: 3 }, async () => {
    expect((await ask({}, JSON.stringify({ a: 'x'.repeat(1 << 21) }))).status).toBe(413)
  })

  test('serves twenty who ask at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  })
})
