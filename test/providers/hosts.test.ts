/** "Ensure you're using HTTPS for all requests", "HTTPS required", "only ever travels to api.bithuman.ai over TLS". */
import { expect, test } from 'vitest'
import { agenthuman, agenthumanMint, bithuman, huechat } from '../../src/server/index.ts'
import { hostCases } from '../security/hosts.cases.ts'

const key = () => 'never asked for'
const session = () => ({})
const trustedHosts = ['trusted.example', 'trusted.example:8443']
const makers: readonly (readonly [string, string, (host: string) => unknown])[] = [
  ['huechat', 'api.huechat.ai', (live) => huechat({ key, hosts: { live }, trustedHosts })],
  ['huechat, the sandbox', 'sandbox.huechat.ai', (sandbox) => huechat({ key, hosts: { sandbox }, trustedHosts })],
  ['agenthuman', 'api.agenthuman.com', (host) => agenthuman({ key, host, trustedHosts })],
  ['agenthumanMint', 'api.agenthuman.com', (host) => agenthumanMint({ key, session, host, trustedHosts })],
  ['bithuman', 'api.bithuman.ai', (host) => bithuman({ secret: key, host, trustedHosts })],
]

test.each(makers)('%s: the key goes to %s over HTTPS, to this machine, and nowhere else', (_name, own, make) => {
  const cases = hostCases(own)
  expect(cases.filter(([, , goesTo]) => goesTo === null).length).toBeGreaterThan(20)
  const taken = (host: string): boolean => {
    try {
      return make(host) !== undefined
    } catch (error) {
      if (error instanceof TypeError) return false
      throw error
    }
  }
  expect(cases.filter(([, host, goesTo]) => taken(host) !== (goesTo !== null)).map(([trick]) => trick)).toEqual([])
})

test('the leaked host of AgentHuman’s own page gets no key', () => {
  expect(() => agenthuman({ key, host: 'https://jwhite.tail8bf327.ts.net', basePath: '/api/v1' })).toThrow(TypeError)
})
