/** Makes a failing scene shorter: fewer faults, fewer clients, less time, as long as the same invariant is violated. */
import { play, type Scene } from './run.ts'

/** Delta debugging (Zeller and Hildebrandt, 2002): without each part, then without each half of the parts. */
export async function shrink(scene: Scene, invariant: string): Promise<Scene> {
  const fails = async (candidate: Scene): Promise<boolean> => (await play(candidate)).violation?.invariant === invariant
  const violation = (await play(scene)).violation
  if (violation?.invariant !== invariant) throw new Error(`this scene does not violate ${invariant}`)
  // Nothing after the violation matters.
  let best = await either(scene, { ...scene, untilMs: Math.min(scene.untilMs, Math.ceil(violation.atMs) + 1) }, fails)
  for (let parts = 2; best.plan.length > 0;) {
    const size = Math.ceil(best.plan.length / parts)
    const before = best
    for (let from = 0; from < best.plan.length; from += size) {
      const without = { ...best, plan: [...best.plan.slice(0, from), ...best.plan.slice(from + size)] }
      if (await fails(without)) {
        best = without
        break
      }
    }
    if (best !== before) parts = Math.max(2, parts - 1)
    else if (size === 1) break
    else parts = Math.min(best.plan.length, parts * 2)
  }
  return await alone(best, fails)
}

/** Only the clients that are needed. */
async function alone(scene: Scene, fails: (scene: Scene) => Promise<boolean>): Promise<Scene> {
  for (const [index, player] of scene.players.entries()) {
    const plan = scene.plan.filter(({ client }) => client === index).map((fault) => ({ ...fault, client: 0 }))
    const candidate = { ...scene, players: [player], plan }
    if (scene.players.length > 1 && (await fails(candidate))) return candidate
  }
  return scene
}

async function either(scene: Scene, shorter: Scene, fails: (scene: Scene) => Promise<boolean>): Promise<Scene> {
  return (await fails(shorter)) ? shorter : scene
}
