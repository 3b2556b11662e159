import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { toNodeHandler } from '../../src/server/node.ts'
import { foreignShapes, ownShapes } from './csrf.cases.ts'
import type { RequestShape } from './csrf.cases.ts'
import { cookie, cors, errorOf, guarded } from './guarded.ts'
import { address } from './origins.cases.ts'

const requestOf = ({ method, headers, body, search, cookie: sent }: RequestShape): Request =>
  new Request(address + search, { method, headers: { ...headers, ...(sent && { cookie }) }, body })

describe('refused, unreadable, and nothing is reached:', () => {
  test.each(foreignShapes)('$trick is $status', async (shape) => {
    const { endpoint, reached } = guarded(shape.origins)
    const response = await endpoint(requestOf(shape))
    expect([response.status, await errorOf(response)]).toEqual([shape.status, shape.error])
    expect(reached).toEqual({ authorize: 0, mint: 0 })
    expect(cors(response)).toEqual([null, null])
    // Nor may it be run, shown or kept as something else.
    expect(response.headers.get('content-type')).toBe('application/json')
    expect([response.headers.get('x-content-type-options'), response.headers.get('cache-control')]).toEqual(['nosniff', 'no-store'])
  })
})

describe('passes:', () => {
  test.each(ownShapes)('$trick', async (shape) => {
    const { endpoint, reached } = guarded(shape.origins)
    expect((await endpoint(requestOf(shape))).status).toBe(200)
    expect(reached).toEqual({ authorize: 1, mint: 1 })
  })

  test.each(ownShapes)('$trick, but not without credentials', async (shape) => {
    const { endpoint, reached } = guarded(shape.origins)
    const response = await endpoint(requestOf({ ...shape, cookie: false }))
    expect([response.status, await errorOf(response)]).toEqual([401, 'login_required'])
    expect(reached).toEqual({ authorize: 1, mint: 0 })
  })
})

describe('over a real socket:', () => {
  const closers: (() => void)[] = []
  afterEach(() => closers.splice(0).forEach((close) => close()))

  const own = 'origin: http://app.example'
  test.each<[trick: string, lines: string[], status: number, minted: number]>([
    ['one of each', [own, 'sec-fetch-site: same-origin'], 200, 1],
    ['Origin twice, the good one first', [own, 'origin: https://evil.example'], 403, 0],
    ['Origin twice, the good one last', ['origin: https://evil.example', own], 403, 0],
    ['Sec-Fetch-Site twice, the good one first', [own, 'sec-fetch-site: same-origin', 'sec-fetch-site: cross-site'], 403, 0],
    ['Sec-Fetch-Site twice, the good one last', [own, 'sec-fetch-site: cross-site', 'sec-fetch-site: same-origin'], 403, 0],
    ['a second header folded into the first', ['origin: https://evil.example\r\n http://app.example'], 400, 0],
    ['a header with a space before its colon', ['origin : http://app.example'], 400, 0],
  ])('%s', async (_, lines, status, minted) => {
    const { endpoint, reached } = guarded('same-origin')
    const server = createServer(toNodeHandler(endpoint))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => (server.closeAllConnections(), server.close()))
    const head = ['POST / HTTP/1.1', 'host: app.example', `cookie: ${cookie}`, 'content-type: application/json', 'x-heartwire: 1']
    const raw = [...head, ...lines, 'content-length: 2', '', '{}'].join('\r\n')
    const answer = await new Promise<string>((resolve) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(raw))
      socket.once('data', (bytes) => (resolve(bytes.toString()), socket.destroy()))
    })
    expect(answer).toContain(`HTTP/1.1 ${status} `)
    expect(reached.mint).toBe(minted)
  })
})
