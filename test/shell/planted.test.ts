/** The simulation finds what it is there to find: bugs of the shell, each planted into its source as it would really be written. */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runnerImport } from 'vite'
import type * as Batches from './batch.ts'

interface Planted {
  readonly bug: string
  readonly file: string
  /** Occurs once. */
  readonly from: string
  readonly to: string
  /** One of these is violated first. */
  readonly found: readonly string[]
}

const planted: readonly Planted[] = [
  {
    bug: 'a late answer is not ignored',
    file: 'src/io/source.ts',
    from: 'if (this.#flight?.id !== flight) return this.wake()\n',
    to: '\n',
    found: ['I1', 'I3'],
  },
  {
    bug: 'a request that is given up is not aborted',
    file: 'src/io/source.ts',
    from: "this.#flight.abort.abort(new SessionError('aborted', 'this token request is no longer needed'))",
    to: '',
    found: ['I3', 'I6'],
  },
  {
    bug: 'a socket that is not wanted any more is not retired',
    file: 'src/io/lines.ts',
    from: 'dialled.line?.socket.retire()',
    to: '',
    found: ['I2', 'I5', 'I6', 'I9', 'I10'],
  },
  {
    bug: 'a handshake that failed keeps its place in the dial queue',
    file: 'src/io/lines.ts',
    from: '        close: (code) => {\n          dialled.leave()',
    to: '        close: (code) => {\n          dialled.leave = () => {}',
    found: ['I4', 'I18'],
  },
  {
    bug: 'the queue has no bounds',
    file: 'src/io/outbox.ts',
    from: 'if (this.#waiting.length >= messagesAtMost || this.#bytes + bytes > bytesAtMost) return false',
    to: '',
    found: ['I11'],
  },
  {
    bug: 'messages never grow too old',
    file: 'src/io/outbox.ts',
    from: 'now - entry.at >= waitAtMostMs',
    to: 'now - entry.at >= Infinity',
    found: ['I11'],
  },
  {
    bug: 'the queue goes out before onReady',
    file: 'src/io/conversation.ts',
    from: '    this.#been = true\n    const send',
    to: '    this.#been = true\n    this.#line = line\n    this.flush()\n    const send',
    found: ['I5', 'I11'],
  },
  {
    bug: 'a listener that throws stops the others',
    file: 'src/session.ts',
    from: '        this.#source.host.report(error)\n      }\n    }\n    this.#events.on(name, own)',
    to: '        throw error\n      }\n    }\n    this.#events.on(name, own)',
    found: ['I9', 'I10', 'I16', 'I17'],
  },
  {
    bug: "a farewell's timer outlives it",
    file: 'src/io/promises.ts',
    from: '      cancel()\n',
    to: '      void cancel\n',
    found: ['I6', 'I7', 'I8'],
  },
  {
    bug: 'the page is listened to after the end',
    file: 'src/io/source.ts',
    from: '      this.#leavePage()\n',
    to: '',
    found: ['I7'],
  },
  {
    bug: "the next user's requests carry the handle of the one before",
    file: 'src/io/vault.ts',
    from: '    this.handle = undefined\n',
    to: '',
    found: ['I1'],
  },
  {
    bug: 'a send does not look whether the device slept',
    file: 'src/session.ts',
    from: '    this.#source.wake()\n',
    to: '',
    found: ['I5', 'I11'],
  },
  {
    bug: 'nobody looks whether the lease is over while its timer is late',
    file: 'src/core/permit.ts',
    from: '(core.suspectUntil === null && now < core.endsAt)',
    to: 'core.suspectUntil === null',
    found: ['I1'],
  },
  {
    bug: 'a refused source does not ask again by itself',
    file: 'src/core/policy.ts',
    from: '  return Math.min(probe.firstMs * 2 ** Math.min(tries, 16), probe.capMs) * (1 - 0.2 * random)',
    to: '  return 1e9 * (1 - 0.2 * random)',
    found: ['I18'],
  },
  {
    bug: 'a pause does not tell when somebody is asked again',
    file: 'src/core/status.ts',
    from: '(Number.isFinite(at) ? { retryAt: at } : {})',
    to: '({})',
    found: ['I4'],
  },
  {
    bug: 'a silent link is given ten times as long',
    file: 'src/core/link.ts',
    from: 'probeBy: now + traits.liveness.answerMs',
    to: 'probeBy: now + 10 * traits.liveness.answerMs',
    found: ['I12'],
  },
  {
    bug: 'why a renewal failed is told with the token that it was for',
    file: 'src/io/source.ts',
    from: 'this.vault.scrub(answer.detail)',
    to: '`${answer.detail} ${this.vault.take(this.#core.grant?.gen ?? 0)}`',
    found: ['I15'],
  },
  {
    bug: 'an event that was told is told again',
    file: 'src/protocol/cursor.ts',
    from: "      if (seq <= cursor.seq) return to('known')\n",
    to: '',
    found: ['I10'],
  },
]

const seeds = 200
const batchFile = fileURLToPath(new URL('batch.ts', import.meta.url))

async function withBug({ file, from, to }: Planted): Promise<Batches.Batch> {
  let places = 0
  const plugin = {
    name: 'planted',
    enforce: 'pre' as const,
    transform(code: string, id: string): string | undefined {
      if (!id.endsWith(`/${file}`)) return undefined
      places += code.split(from).length - 1
      return code.replace(from, to)
    },
  }
  const { module } = await runnerImport<typeof Batches>(batchFile, { configFile: false, logLevel: 'error', plugins: [plugin] })
  expect(places, `${file} holds what is changed once`).toBe(1)
  return await module.batch(1, Infinity, { hours: 0.5 }, ({ failures, seeds: done }) => failures.length === 0 && done < seeds)
}

describe(`within ${seeds} seeds the simulation finds that`, () => {
  test.each(planted)('$bug', { timeout: 600_000 }, async (bug) => {
    const { failures } = await withBug(bug)
    expect(failures.map(({ invariant }) => invariant)).toEqual([expect.toSatisfy((id: string) => bug.found.includes(id))])
  })
})
