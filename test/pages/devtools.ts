import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { launchOptions } from '../../scripts/chromium.mjs'

/** A page driven by the DevTools protocol alone: Playwright keeps every page visible, and a visible page is never frozen. */
export interface BarePage {
  send(method: string, params?: object): Promise<Record<string, unknown>>
  /** The value of an expression, awaited if it is a promise. */
  evaluate<T>(expression: string): Promise<T>
}

export interface BareBrowser {
  open(url: string): Promise<BarePage>
  close(): Promise<void>
}

/** Starts the Chromium that this machine has. The caller closes it. */
export async function launchBare(): Promise<BareBrowser> {
  const { executablePath, chromiumSandbox, args } = await launchOptions()
  const profile = mkdtempSync(join(tmpdir(), 'heartwire-chromium-'))
  const sandbox = chromiumSandbox ? [] : ['--no-sandbox']
  const more = ['--headless', '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${profile}`, ...sandbox]
  const program = spawn(executablePath, [...args, ...more, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const address = await listeningAt(program.stderr)
  const socket = new WebSocket(address)
  await once(socket, 'open')

  type Answer = { id: number; result?: Record<string, unknown>; error?: { message: string } }
  type Told = { method: string; sessionId: string }
  const waiting = new Map<number, (answer: Answer) => void>()
  const events = new EventEmitter()
  let last = 0
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Answer | Told
    if (!('id' in message)) return void events.emit(`${message.sessionId} ${message.method}`)
    waiting.get(message.id)?.(message)
    waiting.delete(message.id)
  })
  const send = (method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result ?? {})))
      socket.send(JSON.stringify({ id, method, params, sessionId }))
    })

  return {
    async open(url) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' })
      const { sessionId } = (await send('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string }
      await send('Page.enable', {}, sessionId)
      const loaded = once(events, `${sessionId} Page.loadEventFired`)
      await send('Page.navigate', { url }, sessionId)
      await loaded
      return {
        send: (method, params) => send(method, params, sessionId),
        async evaluate<T>(expression: string) {
          const asked = { expression, returnByValue: true, awaitPromise: true }
          const answer = await send('Runtime.evaluate', asked, sessionId)
          const { result, exceptionDetails } = answer as {
            result: { value: T }
            exceptionDetails?: { exception?: { description?: string } }
          }
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'the expression failed')
          return result.value
        },
      }
    },
    async close() {
      const over = once(program, 'exit')
      await send('Browser.close')
      await over
      socket.terminate()
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function listeningAt(errors: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: errors })) {
    const found = /^DevTools listening on (\S+)$/.exec(line)?.[1]
    // What it says later must still be read, or it stops when the pipe is full.
    if (found !== undefined) return (errors.resume(), found)
  }
  throw new Error('Chromium ended before it listened')
}
