/** What this browser keeps of projects: under which names, and until when. */

const PREFIX = '8gentc:'
const UNSAVED = 'studio:unsaved:'

/** The database of one person's copy of a project: two people at one browser share nothing. */
export function databaseOf(person: string, project: string): string {
  return `${PREFIX}${person}:${project}`
}

/** Under this key stands that a project has edits that no server has confirmed. */
export function unsavedKeyOf(project: string): string {
  return UNSAVED + project
}

/** Who logs out leaves no copies behind, but for those with edits that are nowhere else. */
export async function forgetProjects(): Promise<void> {
  const databases = await indexedDB.databases()
  for (const { name } of databases) {
    if (!name?.startsWith(PREFIX)) continue
    const project = name.split(':').at(-1) ?? ''
    if (localStorage.getItem(unsavedKeyOf(project)) === null) indexedDB.deleteDatabase(name)
  }
}
