/** All subjects of an event are written in one step, and that step has a limit. */
const mostSubjects = 1000

/** Each subject once. @throws TypeError for more than 1,000 subjects */
export function distinctSubjects(subjects: readonly string[]): string[] {
  const distinct = [...new Set(subjects)]
  if (distinct.length > mostSubjects)
    throw new TypeError(`append: ${distinct.length} subjects, and ${mostSubjects} are the most for one event`)
  return distinct
}
