/** The library in a worker: imported and used with traps on every global, then connected. */
import { trapGlobals } from '../trapped-globals.ts'

export interface WorkerTask {
  /** `ws://…`, a runtime socket. */
  readonly url: string
  readonly tokenSource: string
}

export interface WorkerReport {
  readonly touchedAtImport: string[]
  readonly touchedByConnect: string[]
  readonly trail: string[]
  readonly firstMessage: unknown
}

async function run({ url, tokenSource }: WorkerTask): Promise<WorkerReport> {
  const { touched, undo } = trapGlobals()
  const { createSession } = await import('../../src/index.ts')
  const { bitHuman } = await import('../../src/presets/bithuman.ts')
  await import('../../src/script-tag.ts')
  const session = createSession({ preset: bitHuman({ url }), tokenSource })
  const touchedAtImport = [...touched]
  const trail: string[] = []
  session.on('status', ({ name }) => trail.push(name))
  const message = new Promise((resolve) => session.on('message', resolve))
  await session.connect()
  const firstMessage = await message
  await session.close()
  undo()
  return { touchedAtImport, touchedByConnect: [...touched].filter((name) => !touchedAtImport.includes(name)), trail, firstMessage }
}

addEventListener('message', ({ data }: MessageEvent<WorkerTask>) => {
  run(data).then(
    (report) => postMessage(report),
    (error: unknown) => postMessage({ error: String(error) }),
  )
})
