import { expect, it } from 'vitest'
import { Lines, type Speaker } from '../../src/io/lines.ts'
import { Vault } from '../../src/io/vault.ts'
import { createTestWorld } from '../../src/testing/index.ts'

const speaker: Speaker = {
  address: (token) => ({ url: `wss://provider.test/?access_token=${token}`, protocols: [] }),
  opened() {},
  frame() {},
  spreadMs: 0,
}

/** Lines that are to match one wanted socket, with the token of generation 1 in the vault. */
function match(gen: number, speakerOf: () => Speaker | undefined) {
  const { host } = createTestWorld()
  const urls: string[] = []
  const vault = new Vault()
  vault.put(1, 'token-0001', undefined)
  const told: unknown[] = []
  const lines = new Lines({ ...host, socket: (url, all) => (urls.push(url), host.socket(url, all)) }, vault, (event) => told.push(event))
  lines.match([{ id: 7, session: 1, gen, attempt: 0 }], speakerOf, () => true)
  return { lines, urls, told }
}

it('a line is dialled with the token of its generation', () => {
  const { lines, urls, told } = match(1, () => speaker)
  expect([urls, told]).toEqual([['wss://provider.test/?access_token=token-0001'], [{ is: 'dialled', socket: 7 }]])
  expect([lines.get(7), lines.of(1)]).toEqual([lines.of(1), { id: 7, socket: lines.get(7)!.socket }])
  expect([lines.get(8), lines.of(2)]).toEqual([undefined, undefined])
})

it('a line without a token, or without anybody to speak on it, is broken, and no socket is constructed', () => {
  for (const { lines, urls, told } of [match(2, () => speaker), match(1, () => undefined)]) {
    expect([urls, told, lines.get(7)]).toEqual([[], [{ is: 'broken', socket: 7 }], undefined])
  }
})
