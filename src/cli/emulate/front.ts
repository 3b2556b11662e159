import type { Provider } from '../../emulator/index.ts'
import { BadArgument } from './control.ts'
import type { Control, Controls } from './control.ts'
import type { Offered } from './emulated.ts'
import { faultControls } from './faults.ts'

/** Below this path no provider has anything. */
export const controlPath = '/_heartwire'

const maxBytes = 64 * 1024

/**
 * Puts the controls before a provider, on the same address: `GET /_heartwire/faults`, `POST /_heartwire/faults/<name>`,
 * `GET /_heartwire/counts`. They work whatever faults are on. They are for command lines and tests: a request that a page
 * made (it carries an `Origin`) is refused, so that no page on the web can press these buttons.
 */
export function withControls(offered: Offered): Provider {
  const { provider, faults } = offered
  const ofTheWay = faultControls(faults)
  const all: Controls = { ...ofTheWay, ...offered.controls }
  /** What was asked for last, by control; `heal` ends what stands on the way, not what the provider was told. */
  const state = new Map<string, object>()

  const press = async (name: string, request: Request): Promise<Response> => {
    const chosen: Control | undefined = Object.hasOwn(all, name) ? all[name] : undefined
    if (!chosen) return problem(404, `no such control; there are ${Object.keys(all).join(', ')}`)
    const given = objectIn(await request.text())
    if (!given) return problem(400, `the body must be a JSON object of at most ${maxBytes} bytes; allowed: ${JSON.stringify(chosen.takes)}`)
    const answer = chosen.run(given)
    if (name === 'heal') for (const fault of Object.keys(ofTheWay)) state.delete(fault)
    else state.set(name, given)
    return Response.json({ done: name, ...(typeof answer === 'object' && answer) })
  }

  const list = (): Response =>
    Response.json({
      provider: provider.name,
      state: Object.fromEntries(state),
      controls: Object.fromEntries(Object.entries(all).map(([name, { does, takes }]) => [name, { does, takes }])),
    })

  const answer = async (request: Request, path: string): Promise<Response> => {
    if (request.headers.has('origin')) return problem(403, 'the controls are not for pages: use a command line or a test')
    const name = /^\/faults\/([^/]+)$/.exec(path)?.[1]
    const wanted = name === undefined ? 'GET' : 'POST'
    if (name === undefined && path !== '/faults' && path !== '/counts') {
      return problem(404, `there are ${controlPath}/faults, ${controlPath}/faults/<name> and ${controlPath}/counts`)
    }
    if (request.method !== wanted) return problem(405, `use ${wanted}`)
    if (name !== undefined) return press(name, request)
    if (path === '/faults') return list()
    const { open, requests, upgrades } = faults
    return Response.json({ provider: offered.counts(), line: { open, requests, upgrades } })
  }

  return {
    name: provider.name,
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname !== controlPath && !pathname.startsWith(`${controlPath}/`)) return provider.fetch(request)
      return answer(request, pathname.slice(controlPath.length)).catch((error: unknown) => {
        // A status or header that the emulator itself does not take is the caller's mistake as well.
        if (error instanceof BadArgument || error instanceof TypeError || error instanceof RangeError) return problem(400, error.message)
        throw error
      })
    },
    upgrade: (upgrade) => provider.upgrade(upgrade),
  }
}

const problem = (status: number, description: string): Response =>
  Response.json({ error: status === 404 ? 'not_found' : 'bad_request', description }, { status })

/** An empty body is an object without fields. */
function objectIn(text: string): Record<string, unknown> | undefined {
  if (text.length > maxBytes) return undefined
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
