import { inMemory } from './fronts.ts'
import { conformance } from './suite.ts'

conformance(inMemory)
