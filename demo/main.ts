/** The page: draws what the session says and does what the buttons ask for. Nothing here decides anything. */
import { statsOf } from '../src/index.ts'
import type { Notice, Session } from '../src/index.ts'
import { faults } from './contract.ts'
import type { Counts, Fault } from './contract.ts'
import { openRoom } from './room.ts'
import type { RoomControl } from './room.ts'
import { makeSession } from './session.ts'
import type { DemoSession } from './session.ts'
import { settingsFrom } from './settings.ts'
import { avatarView } from './view/avatar.ts'
import { controlsView } from './view/controls.ts'
import type { Action } from './view/controls.ts'
import { countsView } from './view/counts.ts'
import { diagramView } from './view/diagram.ts'
import { place } from './view/element.ts'
import { faceView } from './view/face.ts'
import { frameView } from './view/frame.ts'
import { inboxView } from './view/inbox.ts'
import { leaseView } from './view/lease.ts'
import { logView } from './view/log.ts'
import { meterView } from './view/meters.ts'
import { pulseView } from './view/pulse.ts'
import { statusView } from './view/status.ts'
import { talkView } from './view/talk.ts'
import { voiceView } from './view/voice.ts'

const query = new URLSearchParams(location.search)
const settings = settingsFrom(query)
const { preset } = settings

async function start(): Promise<void> {
  const views = { status: statusView(preset), diagram: diagramView(), meters: meterView(preset), counts: countsView(preset) }
  const log = logView()
  const pulse = pulseView()
  frameView(settings, query)

  const room = await openRoom(settings)
  document.documentElement.dataset['room'] = room.id
  const demo = makeSession(settings, room.id, location.host)
  const session = demo.session as Session
  stage(demo, room)

  const showStatus = (): void => {
    views.status.show(session.status)
    views.diagram.show(session.status)
  }
  session.on('status', (status) => {
    showStatus()
    log.status(status)
    if (status.name === 'paused' && 'code' in status) pulse.miss()
  })
  session.on('notice', (notice: Notice) => {
    log.notice(notice)
    if (notice.name === 'renewal-failed') pulse.miss()
  })
  session.on('message', log.message)

  const showCounts = (counts: Counts): void => {
    place('room-lost').hidden = true
    views.counts.show(counts)
    controls.show(counts.trouble)
  }
  const act = (action: Action): void => {
    log.deed(action)
    if (isFault(action)) void room.act(action).then(showCounts, lost)
    // What it rejects with is what the status says too.
    else if (action === 'connect') session.connect().catch(() => {})
    else if (action === 'close') void session.close()
    else session[action]()
  }
  const controls = controlsView(act)

  let ends = 0
  setInterval(() => {
    const times = statsOf(session)
    views.meters.show(times, session.status, Date.now())
    // A grant that ends later than the last one is a beat.
    if ((times.expiresAt ?? 0) > ends + 60) pulse.beat()
    ends = times.expiresAt ?? 0
  }, 100)
  setInterval(() => void room.counts().then(showCounts, lost), 1000)

  showStatus()
  act('connect')
}

function stage(demo: DemoSession, room: RoomControl): void {
  switch (demo.preset) {
    case 'hume-evi':
      return talkView(demo.session)
    case 'bithuman':
      return avatarView(demo.session)
    case 'bithuman-lease':
      return leaseView(demo.session)
    case 'hume-tts':
      return voiceView(demo.session)
    case 'agenthuman':
      return faceView(demo.session, room.id)
    case 'huechat':
      return inboxView(demo.session, () => void room.customerWrites().catch(lost))
    default:
      demo satisfies never
  }
}

const isFault = (action: Action): action is Extract<Action, Fault> => faults.some((fault) => fault === action)

/** The demo's server is gone, or has forgotten this room: nothing of the library, so it is said outside of the status. */
function lost(): void {
  place('room-lost').hidden = false
}

start().catch(lost)
