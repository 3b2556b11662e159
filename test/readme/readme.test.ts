import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket as NodeSocket } from 'ws'
import { createHume } from '../../src/emulator/hume.ts'
import { serve } from '../../src/emulator/node.ts'

const root = join(import.meta.dirname, '../..')
/** Inside the project, so that packages are found; outside what the project's own tsc looks at. */
const folder = join(root, 'node_modules/.cache/readme')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const snippets = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!)
const [page, backend] = snippets as [string, string]

/** What the snippets take from the application around them. */
const application = `
declare function show(status: unknown): void
declare function play(message: unknown): void
declare function userOf(request: Request): { id: string } | null
declare function onLogout(run: () => void): void
declare function agentsOf(event: unknown): string[]
`

const entries: Record<string, string> = {
  heartwire: 'src/index.ts',
  'heartwire/presets/hume': 'src/presets/hume.ts',
  'heartwire/presets/bithuman': 'src/presets/bithuman.ts',
  'heartwire/presets/huechat': 'src/presets/huechat.ts',
  'heartwire/server': 'src/server/index.ts',
  'heartwire/server/gateway': 'src/server/gateway/index.ts',
  'heartwire/server/node': 'src/server/node.ts',
}

/** The same snippet, with the package's own sources where it imports the package. */
const local = (snippet: string): string =>
  snippet.replace(/from '(heartwire[^']*)'/g, (_all, name: string) => `from '${pathToFileURL(join(root, entries[name]!)).pathname}'`)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  snippets.forEach((snippet, index) => writeFileSync(join(folder, `snippet-${index}.ts`), local(snippet)))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('README', () => {
  it('shows eight lines for the page and eight for the backend', () => {
    const lines = (snippet: string) => snippet.split('\n').filter((line) => line.trim() !== '').length
    expect(lines(page)).toBeLessThanOrEqual(8)
    expect(lines(backend)).toBeLessThanOrEqual(8)
  })

  it('has only snippets that compile', () => {
    writeFileSync(join(folder, 'application.d.ts'), application)
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: {
          noUnusedLocals: false,
          noPropertyAccessFromIndexSignature: false,
          typeRoots: [join(root, 'node_modules/@types')],
        },
        include: ['*.ts'],
      }),
    )
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    expect(execFileSync(process.execPath, [tsc, '--noEmit', '-p', folder], { encoding: 'utf8' })).toBe('')
  })

  it('runs: the page of its first screen talks through the backend of its first screen', async () => {
    const hume = createHume()
    const front = await serve(hume)
    const [{ apiKey, secretKey }] = hume.installed as [{ apiKey: string; secretKey: string }]
    process.env['HUME_API_KEY'] = apiKey
    process.env['HUME_SECRET_KEY'] = secretKey
    const heard: { type: string }[] = []
    const names: string[] = []
    let answered = (): void => {}
    const answer = new Promise<void>((resolve) => (answered = resolve))
    const before = { fetch: globalThis.fetch, WebSocket: globalThis.WebSocket }
    const backendModule = (await import(join(folder, 'snippet-1.ts'))) as { default: { fetch: (request: Request) => Promise<Response> } }
    Object.assign(globalThis, {
      userOf: () => ({ id: 'ada' }),
      show: (status: { name: string }) => names.push(status.name),
      play: (message: { type: string }) => {
        heard.push(message)
        if (message.type === 'assistant_end') answered()
      },
      // The page's own origin, and Hume's host, which is the emulator here.
      fetch: (input: Request | string, init?: RequestInit) =>
        input instanceof Request
          ? before.fetch(new Request(input.url.replace('https://api.hume.ai', front.url), input))
          : backendModule.default.fetch(
              new Request(new URL(input, 'https://app.example'), {
                ...init,
                headers: { ...(init?.headers as object), origin: 'https://app.example' },
              }),
            ),
      WebSocket: class extends NodeSocket {
        constructor(url: string) {
          super(url.replace('wss://api.hume.ai', front.wsUrl))
        }
      },
    })
    try {
      // As a module of the page, so that its top-level await is awaited here.
      const { session } = (await import(join(folder, 'page.ts').replace('page', 'snippet-0'))) as { session?: { close(): Promise<void> } }
      await answer
      expect(names).toEqual(['connecting', 'connected'])
      expect(heard.map((message) => message.type)).toContain('assistant_message')
      await session?.close()
    } finally {
      Object.assign(globalThis, before)
      await front.close()
    }
  })

  it('says the sizes that the size test enforces', async () => {
    const { budgets, measure } = (await import('../../scripts/size.mjs')) as unknown as {
      budgets: { name: string; entry: string; format?: string }[]
      measure: (budget: { entry: string; format?: string }) => Promise<{ gzip: number }>
    }
    for (const budget of budgets) {
      const kib = (await measure(budget)).gzip / 1024
      const said = new RegExp(`${budget.name.replace(/[+.]/g, '\\$&')} \\**([\\d.]+) KiB`).exec(readme)
      expect(said, `README says how large "${budget.name}" is`).not.toBeNull()
      expect(Math.abs(Number(said![1]) - kib), `${budget.name} is ${kib.toFixed(1)} KiB`).toBeLessThanOrEqual(0.15)
    }
  })
})
