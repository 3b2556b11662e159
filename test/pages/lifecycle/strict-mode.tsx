/** What people write in React: `?form=` says where the session is made. */
import { StrictMode, useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import type { Session, Status } from '../../../src/index.ts'
import { makeSession, type Kind } from './presets.ts'

const query = new URLSearchParams(location.search)
const kind = query.get('kind') as Kind
const form = query.get('form') as 'state' | 'ref' | 'effect'

/** How often each effect began and ended: a double mount that did not happen proves nothing. */
const effects = { begun: 0, ended: 0 }
/** Clicks the button so many times, with barely a rest. */
const toggle = async (times: number) => {
  for (let left = times; left > 0; left--) {
    document.querySelector('button')?.click()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
Object.assign(globalThis, { effects, toggle })

const live = (session: Session<never, never>) => {
  effects.begun++
  void session.connect()
  return () => {
    effects.ended++
    void session.close()
  }
}

/** One session for both mounts: made once, in a state. */
function InState(): ReactNode {
  const [session] = useState(() => makeSession(kind))
  useEffect(() => live(session), [session])
  return <Shown status={useSyncExternalStore(session.subscribe, session.getSnapshot)} />
}

/** One session for both mounts: made once, in a ref. */
function InRef(): ReactNode {
  const ref = useRef<Session<never, never>>(null)
  ref.current ??= makeSession(kind)
  const session = ref.current
  useEffect(() => live(session), [session])
  return <Shown status={useSyncExternalStore(session.subscribe, session.getSnapshot)} />
}

/** A session for each mount. */
function InEffect(): ReactNode {
  const [status, setStatus] = useState<Status>({ name: 'idle' })
  useEffect(() => {
    const session = makeSession(kind)
    session.on('status', setStatus)
    return live(session)
  }, [])
  return <Shown status={status} />
}

const Shown = ({ status }: { status: Status }): ReactNode => <output>{status.name}</output>

/** The button takes the component away and puts it back, as a route change does. */
function App(): ReactNode {
  const [shown, setShown] = useState(true)
  const Form = { state: InState, ref: InRef, effect: InEffect }[form]
  return (
    <>
      <button onClick={() => setShown(!shown)}>toggle</button>
      {shown && <Form />}
    </>
  )
}

createRoot(document.querySelector('main')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
