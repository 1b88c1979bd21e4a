/** Documents for tests: two people's, and the way between them. */
import * as Y from 'yjs'
import { type ProjectDocument, projectDocument } from '../src/document/project'

export function emptyProject(client: number): ProjectDocument {
  const doc = new Y.Doc()
  doc.clientID = client
  return projectDocument(doc)
}

/** Both hold the same afterwards. */
export function exchange(one: ProjectDocument, other: ProjectDocument): void {
  Y.applyUpdate(other.doc, Y.encodeStateAsUpdate(one.doc))
  Y.applyUpdate(one.doc, Y.encodeStateAsUpdate(other.doc))
}
