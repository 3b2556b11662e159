import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as pass } from 'node:timers/promises'
import type { Engine } from './engine.ts'
import { start, type Program } from './program.ts'
import { asJson } from './wire.ts'

/** Where Debian has it, in the package webkit2gtk-driver or its libraries. */
const miniBrowser = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/webkit2gtk-4.1/MiniBrowser`

/** WebKitGTK's MiniBrowser over WebDriver, on a display of its own where the machine has none. */
export async function webkit(): Promise<Engine> {
  const programs: Program[] = []
  const end = async (): Promise<void> => {
    for (const program of programs.reverse()) {
      program.process.kill()
      await program.over()
    }
  }
  try {
    return await driven(programs, end)
  } catch (error) {
    await end()
    throw error
  }
}

async function driven(programs: Program[], end: () => Promise<void>): Promise<Engine> {
  const env = { ...process.env }
  if (env['DISPLAY'] === undefined) {
    const display = await start('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    programs.push(display)
    env['DISPLAY'] = `:${await display.says(display.process.stdio[3] as NodeJS.ReadableStream, /^(\d+)$/)}`
  }
  const port = await freePort()
  programs.push(await start('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], { stdio: 'ignore', env }))
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body ? JSON.stringify(body) : null })
    const { value } = (await response.json()) as { value: T & { error?: string; message?: string } }
    if (value?.error !== undefined) throw new Error(`${path.split('/').slice(3).join('/')}: ${value.error}: ${value.message}`)
    return value
  }
  // It says nothing when it listens.
  while (!(await ask('GET', '/status').catch(() => null))) await pass(20)
  const browser = { binary: process.env['MINIBROWSER_PATH'] ?? miniBrowser, args: ['--automation'] }
  const { sessionId } = await ask<{ sessionId: string }>('POST', '/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': browser } },
  })
  const at = <T>(method: string, path: string, body?: object): Promise<T> => ask<T>(method, `/session/${sessionId}${path}`, body)
  await at('POST', '/timeouts', { script: 1_200_000 })

  return {
    name: 'webkit',
    go: (url) => at('POST', '/url', { url }),
    back: () => at('POST', '/back', {}),
    async evaluate<T>(expression: string) {
      // In a task of the page's own: inside an injected script, WebKit runs microtasks between the lines of whatever it calls.
      const script = `const done = arguments[0]
        setTimeout(() => ${asJson(expression)}.then((json) => done('=' + json), (error) => done('!' + error)))`
      const told = await at<string>('POST', '/execute/async', { script, args: [] })
      if (told[0] !== '=') throw new Error(told.slice(1))
      return JSON.parse(told.slice(1)) as T
    },
    // A new tab stays behind the page; a minimised window hides it.
    hide: () => at('POST', '/window/minimize', {}),
    show: () => at('POST', '/window/maximize', {}),
    async close() {
      await at('DELETE', '').catch(() => {})
      await end()
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
