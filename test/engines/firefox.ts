import type { Engine } from './engine.ts'
import { freshProfile, start } from './program.ts'
import { asJson, connectWire } from './wire.ts'

/** Firefox over WebDriver BiDi. */
export async function firefox(): Promise<Engine> {
  const profile = freshProfile()
  const args = ['--headless', '--no-remote', '--remote-debugging-port', '0', '--profile', profile.folder]
  const program = await start(process.env['FIREFOX_PATH'] ?? 'firefox-esr', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const address = await program.says(program.process.stderr!, /WebDriver BiDi listening on (ws:\S+)/)
  const { call, close } = await connectWire(`${address}/session`)
  await call('session.new', { capabilities: {} })
  const { contexts } = await call<{ contexts: { context: string }[] }>('browsingContext.getTree')
  const { context } = contexts[0]!
  let front: string | undefined

  return {
    name: 'firefox',
    go: (url) => call('browsingContext.navigate', { context, url, wait: 'none' }),
    back: () => call('browsingContext.traverseHistory', { context, delta: -1 }),
    async evaluate<T>(expression: string) {
      type Evaluated = { type: string; result?: { value: string }; exceptionDetails?: { text: string } }
      const asked = { expression: asJson(expression), target: { context }, awaitPromise: true }
      const { result, exceptionDetails } = await call<Evaluated>('script.evaluate', asked)
      if (!result) throw new Error(exceptionDetails?.text ?? 'the expression failed')
      return JSON.parse(result.value) as T
    },
    async hide() {
      front = (await call<{ context: string }>('browsingContext.create', { type: 'tab' })).context
      await call('browsingContext.activate', { context: front })
    },
    async show() {
      await call('browsingContext.close', { context: front })
      await call('browsingContext.activate', { context })
    },
    offline: (on) => call('emulation.setNetworkConditions', { contexts: [context], networkConditions: on ? { type: 'offline' } : null }),
    async close() {
      await call('browser.close').catch(() => {})
      close()
      await program.over()
      profile.remove()
    },
  }
}
