import { vi } from 'vitest'
import { createForwarder } from '../../src/server/forward/forwarder.ts'
import type { ForwarderOptions } from '../../src/server/forward/forwarder.ts'
import { huechat } from '../../src/server/forward/huechat.ts'
import type { HuechatOptions } from '../../src/server/forward/huechat.ts'
import type { Caller } from '../../src/server/forward/upstream.ts'
import type { MintError, UpstreamFetch } from '../../src/server/index.ts'
import { json } from './requests.ts'

export const key = 'sk_live_canary0123456789abcdef'

/** The page of these tests, with a lease that names its user. */
export function pageCall(path: string, init: RequestInit & { user?: string; origin?: string | null } = {}): Request {
  const { user = 'ann', origin = 'https://app.example.com', ...rest } = init
  const headers = new Headers(rest.headers)
  if (!headers.has('authorization')) headers.set('authorization', `Bearer ${user}`)
  if (origin !== null) headers.set('origin', origin)
  if (rest.body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
  return new Request(`https://app.example.com${path}`, { ...rest, headers })
}

export const everything = (request: Request): Caller => ({
  id: request.headers.get('authorization')?.slice('Bearer '.length) ?? '',
  scopes: ['*'],
})

type Answer = (request: Request) => Response | Promise<Response>

/** A forwarder to a HueChat that answers as the test says, and everything that it was asked and that the operator heard. */
export function forwarding(
  answer: Answer = () => json({ data: [] }),
  options: Partial<ForwarderOptions> & { huechat?: HuechatOptions } = {},
) {
  const { huechat: more, ...rest } = options
  const fetch = vi.fn<UpstreamFetch>(async (request: Request) => answer(request))
  const heard: MintError[] = []
  const upstream = huechat({ key: () => key, fetch, ...more })
  const forward = createForwarder({ upstream, authorize: everything, onError: (error) => void heard.push(error), ...rest })
  const call = async (path: string, init?: Parameters<typeof pageCall>[1]) => {
    const response = await forward(pageCall(path, init))
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
    }
  }
  return { fetch, heard, forward, call, asked: () => fetch.mock.calls.map(([request]) => request) }
}
