import { rmSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { stage } from '../../scripts/stage.mjs'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The package as users get it: the tarball of `npm pack`, and the folder that it unpacks to. */
    tarball: string
    packageFolder: string
  }
}

/** Builds and packs the library once for all tests that use it as its users do. */
export default function setup(project: TestProject): () => void {
  const { folder, tarball, packageFolder } = stage()
  project.provide('tarball', tarball)
  project.provide('packageFolder', packageFolder)
  return () => rmSync(folder, { recursive: true, force: true })
}
