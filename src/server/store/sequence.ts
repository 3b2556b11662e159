/** Sequence numbers count from here, so that they stay below 2⁵³ until the year 2298. */
export const sequenceStart = Date.UTC(2020, 0, 1)

/** So many numbers belong to one millisecond; a store that gives out more for a while runs ahead of its clock. */
export const perMillisecond = 1024

/** The first number of this moment, given in epoch ms. */
export const seqAt = (ms: number): number => (ms - sequenceStart) * perMillisecond

/** The moment of this number, in epoch ms. */
export const msAt = (seq: number): number => Math.floor(seq / perMillisecond) + sequenceStart

/** A position comes back from a browser, and so may be anything. */
export const isSeq = (seq: number): boolean => Number.isSafeInteger(seq) && seq >= 0
