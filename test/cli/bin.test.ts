/** The built file as a user starts it: built by the project's own command, run by Node, stopped by a signal. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
/** Inside the project, so that packages are found. */
const folder = join(root, 'node_modules/.cache/bin')
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin?: { heartwire: string } }
const main = join(folder, bin?.heartwire ?? '')

describe.skipIf(bin === undefined)('heartwire, built', () => {
  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
    const build = spawn(process.execPath, ['scripts/build.mjs', '--out', join(folder, 'dist'), '--no-types'], {
      cwd: root,
      stdio: 'inherit',
    })
    if ((await ended(build)) !== 0) throw new Error('the build failed (see above)')
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const start = (args: readonly string[], env: Record<string, string> = {}): ChildProcess =>
    spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env })

  test('begins with the line that lets a shell start it', () => {
    expect(readFileSync(main, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  test('tells its version', async () => {
    const child = start(['--version'])
    const code = ended(child)
    expect(await textOf(child)).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(await code).toBe(0)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('emulate serves until %s, and ends with 0', async (signal) => {
    const child = start(['emulate', '--port', '0', '--json'])
    const code = ended(child)
    const { counts } = await listening(child)
    expect(await (await fetch(counts)).json()).toMatchObject({ line: { requests: 0 } })
    child.kill(signal)
    expect(await code).toBe(0)
  })

  test('doctor reads the environment, and reports through its exit code', async () => {
    const emulator = start(['emulate', 'bithuman', '--port', '0', '--json'])
    const over = ended(emulator)
    const { url } = await listening(emulator)
    const child = start(['doctor', '--url', url, '--ask-provider'], { BITHUMAN_API_SECRET: 'canary-secret-of-nobody', BITHUMAN_URL: url })
    const code = ended(child)
    const text = await textOf(child)
    expect(text).toContain('problem  token: POST answered 404')
    expect(text).toContain('problem  provider-key: bitHuman says that BITHUMAN_API_SECRET is not valid')
    expect(text).not.toContain('canary')
    expect(await code).toBe(1)
    emulator.kill('SIGTERM')
    expect(await over).toBe(0)
  })
})

const ended = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.once('exit', resolve))

async function textOf(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout!) text += String(chunk)
  return text
}

/** The first provider of the one line that says where they listen. Rejects when the process ends without it. */
async function listening(child: ChildProcess): Promise<{ url: string; counts: string }> {
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! })
      .once('line', resolve)
      .once('close', () => reject(new Error('it ended without a word')))
  })
  return (JSON.parse(line) as { providers: { url: string; counts: string }[] }).providers[0]!
}
