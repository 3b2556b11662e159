/** Opens and closes sessions, one after another, over real sockets. */
import { createSession } from '../../../src/index.ts'
import { browserHost } from '../../../src/io/browser.ts'
import { counted } from './counted.ts'

const { host, open } = counted(browserHost())

async function cycle(): Promise<void> {
  // The grant comes from a function: a request to the loopback server would measure the browser's own cache of requests.
  const tokenSource = async () => ({ access_token: 'token', expires_in: 1800 })
  const session = createSession({ url: `ws://${location.host}/socket`, tokenSource, host })
  const said = new Promise<void>((resolve) => session.on('message', () => resolve()))
  await session.connect()
  await said
  await session.close()
}

const cycles = async (times: number): Promise<void> => {
  for (let left = times; left > 0; left--) await cycle()
}
Object.assign(globalThis, { open, cycles })
