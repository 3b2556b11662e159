import { onRealSockets } from './fronts.ts'
import { conformance } from './suite.ts'

conformance(onRealSockets)
