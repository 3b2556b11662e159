import { launchOptions } from '../../scripts/chromium.mjs'
import type { Engine } from './engine.ts'
import { freshProfile, start } from './program.ts'
import { asJson, connectWire } from './wire.ts'

/** Hidden pages are throttled after 10 s instead of 5 minutes; how hard, stays as it is: one wake-up a minute. */
const throttleSoon = '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/10'

/** Chromium over its own DevTools port. (Playwright keeps every page visible, and its timers on time.) */
export async function chromium(): Promise<Engine> {
  const { executablePath, chromiumSandbox, args } = await launchOptions()
  const profile = freshProfile()
  const own = ['--headless', '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${profile.folder}`, throttleSoon]
  const sandbox = chromiumSandbox ? [] : ['--no-sandbox']
  const program = await start(executablePath, [...args, ...own, ...sandbox, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const wire = await connectWire(await program.says(program.process.stderr!, /^DevTools listening on (\S+)$/))
  const { targetInfos } = await wire.call<{ targetInfos: { targetId: string; type: string }[] }>('Target.getTargets')
  const { targetId } = targetInfos.find(({ type }) => type === 'page')!
  const { sessionId } = await wire.call<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  const send = <T>(method: string, params?: object): Promise<T> => wire.call<T>(method, params, sessionId)
  await send('Page.enable')
  await send('Network.enable')
  let front: string | undefined

  return {
    name: 'chromium',
    go: (url) => send('Page.navigate', { url }),
    async back() {
      type History = { currentIndex: number; entries: { id: number }[] }
      const { currentIndex, entries } = await send<History>('Page.getNavigationHistory')
      await send('Page.navigateToHistoryEntry', { entryId: entries[currentIndex - 1]!.id })
    },
    async evaluate<T>(expression: string) {
      type Evaluated = { result: { value: string }; exceptionDetails?: { exception?: { description?: string } } }
      const asked = { expression: asJson(expression), returnByValue: true, awaitPromise: true }
      const { result, exceptionDetails } = await send<Evaluated>('Runtime.evaluate', asked)
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'the expression failed')
      return JSON.parse(result.value) as T
    },
    async hide() {
      front = (await wire.call<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })).targetId
      await wire.call('Target.activateTarget', { targetId: front })
    },
    async show() {
      await wire.call('Target.closeTarget', { targetId: front })
      await wire.call('Target.activateTarget', { targetId })
    },
    freeze: (on) => send('Page.setWebLifecycleState', { state: on ? 'frozen' : 'active' }),
    offline: (on) => send('Network.emulateNetworkConditions', { offline: on, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }),
    async memory() {
      await send('HeapProfiler.enable')
      await send('HeapProfiler.collectGarbage')
      const { usedSize } = await send<{ usedSize: number }>('Runtime.getHeapUsage')
      const { jsEventListeners } = await send<{ jsEventListeners: number }>('Memory.getDOMCounters')
      return { bytes: usedSize, listeners: jsEventListeners }
    },
    async close() {
      await wire.call('Browser.close').catch(() => {})
      wire.close()
      await program.over()
      profile.remove()
    },
  }
}
