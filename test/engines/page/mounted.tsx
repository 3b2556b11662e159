/** A component with a session in an effect, under React's StrictMode, which mounts it twice. */
import { StrictMode, useEffect, useState, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { createSession, type Status } from '../../../src/index.ts'

/** How often the effect began and ended: a double mount that did not happen proves nothing. */
const effects = { begun: 0, ended: 0 }
Object.assign(globalThis, { effects })

function Live(): ReactNode {
  const [status, setStatus] = useState<Status>({ name: 'idle' })
  useEffect(() => {
    effects.begun++
    const session = createSession({ url: `ws://${location.host}/socket`, tokenSource: '/token' })
    session.on('status', setStatus)
    void session.connect()
    return () => {
      effects.ended++
      void session.close()
    }
  }, [])
  return <output>{status.name}</output>
}

createRoot(document.querySelector('main')!).render(
  <StrictMode>
    <Live />
  </StrictMode>,
)
