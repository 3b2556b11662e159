import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createHume } from '../../src/emulator/index.ts'
import { serve } from '../../src/emulator/node.ts'
import { attachGateway, createGateway, memoryStore } from '../../src/server/gateway/index.ts'
import type { Gateway } from '../../src/server/gateway/index.ts'
import { createTokenEndpoint, humeMint } from '../../src/server/index.ts'
import { apiKey, backend, cookie, flaws, mistakes } from './backend.ts'
import type { Backend, Flaw, Mistake } from './backend.ts'
import { toNodeHandler } from '../../src/server/node.ts'
import { ran } from './terminal.ts'

interface Shown {
  readonly id: string
  readonly level: 'ok' | 'warning' | 'problem'
  readonly seen: string
  readonly why?: string
  readonly fix?: string
  readonly docs?: string
}
interface Report {
  readonly problems: number
  readonly warnings: number
  readonly requests: number
  readonly findings: readonly Shown[]
}

const open: Backend[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function start(mistake?: Mistake | Flaw): Promise<Backend> {
  const started = await backend(mistake)
  open.push(started)
  return started
}

const env = { HUME_API_KEY: apiKey }
const argsFor = ({ url, ws }: Backend): string[] => ['doctor', '--url', url, '--ws', ws, '--header', `cookie: ${cookie}`]

/** Both outputs at once: what is found, and that no secret is in either. */
async function examined(patient: Backend) {
  const text = await ran(argsFor(patient), { env })
  const json = await ran([...argsFor(patient), '--json'], { env })
  for (const secret of [...patient.tokens, apiKey, cookie, 'canary'])
    expect(text.out + text.err + json.out + json.err).not.toContain(secret)
  const report = JSON.parse(json.out) as Report
  const of = (level: Shown['level']) => report.findings.filter((finding) => finding.level === level)
  return { text, json, report, problems: of('problem'), warnings: of('warning') }
}

test('a good backend has no problem and no warning, in at most 25 requests', async () => {
  const patient = await start()
  const { text, report, problems, warnings } = await examined(patient)
  expect(patient.tokens.length).toBe(10)
  expect([problems, warnings]).toEqual([[], []])
  expect(text.code).toBe(0)
  expect(text.out).toMatch(/\n0 problems, 0 warnings, \d+ ok; \d+ requests\n$/)
  expect(report.requests).toBeLessThanOrEqual(25)
  expect(report.findings.length).toBeGreaterThan(20)
})

describe('a planted mistake is the one problem', () => {
  test.each(Object.entries(mistakes))('%s: %s', async (mistake, id) => {
    const { text, json, problems } = await examined(await start(mistake as Mistake))
    expect(problems.map((finding) => finding.id)).toEqual([id])
    expect([text.code, json.code]).toEqual([1, 1])
    expect(problems[0]?.docs).toMatch(new RegExp(`/docs/cli\\.md#${id}$`))
    expect(text.out).toContain(`fix: ${problems[0]?.fix}`)
  })
})

describe('a planted flaw is the one warning, and no problem', () => {
  test.each(Object.entries(flaws))('%s: %s', async (flaw, id) => {
    const { text, problems, warnings } = await examined(await start(flaw as Flaw))
    expect([problems.map((finding) => finding.id), warnings.map((finding) => finding.id)]).toEqual([[], [id]])
    expect(text.code).toBe(0)
  })
})

test('a caller whom the endpoint does not know is told how to be known', async () => {
  const { url } = await start()
  const { code, out } = await ran(['doctor', '--url', url])
  expect(code).toBe(1)
  expect(out).toContain('problem  token: POST answered 401 login_required; pass what says who asks with --header')
})

test('one session is asked for and continued by its handle, and ended', async () => {
  const { url } = await start()
  const asks: { reason?: string; handle?: string }[] = []
  const listener: typeof fetch = (input, init) => {
    if (typeof init?.body === 'string' && init.body.startsWith('{"reason":"')) asks.push(JSON.parse(init.body) as { reason: string })
    return fetch(input, init)
  }
  await ran(['doctor', '--url', url, '--header', `cookie: ${cookie}`], { fetch: listener })
  const handle = 'canary-handle-of-one-session'
  expect(asks.slice(0, 2)).toEqual([
    { reason: 'connect', attempt: 0 },
    { reason: 'renew', attempt: 0, handle },
  ])
  expect(asks.at(-1)).toEqual({ reason: 'release', attempt: 0, handle })
})

test('an endpoint in front of an emulated Hume: its socket asks for a token and for no origin, which is not yours to change', async () => {
  const hume = createHume()
  const provider = await serve(hume)
  const endpoint = createTokenEndpoint({ mint: humeMint({ host: provider.url, credentials: () => hume.installed[0]! }) })
  const server = createServer(toNodeHandler(endpoint))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { apiKey, secretKey } = hume.installed[0]!
  const { code, out } = await ran(['doctor', '--url', `http://127.0.0.1:${port}/`, '--ws', `${provider.wsUrl}/v0/evi/chat`], {
    env: { HUME_API_KEY: apiKey, HUME_SECRET_KEY: secretKey },
  })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await provider.close()
  expect(out.match(/^(?:problem|warning) .*$/gm)).toEqual([
    'warning  anybody: a caller without cookie or header got a token',
    'warning  ws-origin: a foreign page was let in with a token',
  ])
  expect(code).toBe(0)
  for (const secret of hume.secrets()) expect(out).not.toContain(secret)
})

describe('a Heartwire gateway', () => {
  /** Token endpoint and gateway on one port, as a small backend has them. */
  async function gatewayBackend(frontier: (gateway: Gateway) => Gateway = (gateway) => gateway) {
    const gateway = createGateway({
      audience: 'https://gateway.test',
      keys: [{ kid: 'a', secret: randomBytes(32) }],
      store: memoryStore(),
      origins: ['http://localhost:5173'],
    })
    const token = createTokenEndpoint({
      mint: gateway.mint,
      origins: ['http://localhost:5173'],
      authorize: (request) => (request.headers.get('cookie') === cookie ? { id: 'ann' } : null),
    })
    const server = createServer(toNodeHandler(token))
    const attached = attachGateway(server, frontier(gateway))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const close = async (): Promise<void> => {
      await attached.close()
      server.close()
      server.closeAllConnections()
    }
    open.push({ close } as Backend)
    const args = [
      '--url',
      `http://127.0.0.1:${port}/token`,
      '--ws',
      `ws://127.0.0.1:${port}/`,
      '--gateway',
      '--origin',
      'http://localhost:5173',
    ]
    return ran(['doctor', ...args, '--header', `cookie: ${cookie}`, '--json'], {})
  }
  const wrong = (out: string) => (JSON.parse(out) as Report).findings.filter(({ level }) => level === 'problem').map(({ id }) => id)

  test('that is good has no problem', async () => {
    const { out, code } = await gatewayBackend()
    expect([wrong(out), code]).toEqual([[], 0])
  })

  test('that lets every page in has one', async () => {
    const everybody = (gateway: Gateway): Gateway => ({
      ...gateway,
      upgrade: (handshake) => {
        const headers = new Headers(handshake.headers)
        headers.set('origin', 'http://localhost:5173')
        return gateway.upgrade({ ...handshake, headers })
      },
    })
    expect(wrong((await gatewayBackend(everybody)).out)).toEqual(['ws-origin'])
  })
})
