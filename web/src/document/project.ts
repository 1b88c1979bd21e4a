/**
 * A project's document (schema 1): its roots, and edits that this person can undo.
 *
 * Law of the schema: a key of a root is set only to create an element. To change one, its own
 * map is mutated; a set would beat a concurrent delete and bring the element back.
 *
 * What does not live here: each kind of element (nodes.ts, edges.ts, sections.ts, diagrams.ts).
 */
import * as Y from 'yjs'
import type { Element } from './fields'

/** The origin of edits made here: what undo goes back over. */
export const LOCAL = 'studio'
/** The origin of text that follows from something else: never an edit to undo. */
export const DERIVED = 'studio:derived'

export interface ProjectDocument {
  doc: Y.Doc
  nodes: Y.Map<Element>
  edges: Y.Map<Element>
  plan: Y.Map<Element>
  diagrams: Y.Map<Element>
  proposals: Y.Map<Element>
}

export function projectDocument(doc: Y.Doc): ProjectDocument {
  return {
    doc,
    nodes: doc.getMap('nodes'),
    edges: doc.getMap('edges'),
    plan: doc.getMap('plan'),
    diagrams: doc.getMap('diagrams'),
    proposals: doc.getMap('proposals'),
  }
}

/** Do something as one edit of this person's. */
export function edit<T>(project: ProjectDocument, change: () => T): T {
  return project.doc.transact(change, LOCAL)
}

/** Undo for some roots: one's own edits, never a colleague's. */
export function undoOf(roots: Y.Map<Element>[]): Y.UndoManager {
  return new Y.UndoManager(roots, { trackedOrigins: new Set([LOCAL]), captureTimeout: 600 })
}

/** An id that nobody else makes. */
export function newId(): string {
  return crypto.randomUUID().replaceAll('-', '').slice(0, 20)
}

/** The map of an element; null if it is gone or is no map. */
export function elementOf(root: Y.Map<Element>, id: string): Element | null {
  const value: unknown = root.get(id)
  return value instanceof Y.Map ? (value as Element) : null
}

/** Writes only what differs: an equal value would be an edit all the same. */
export function assign(element: Element, fields: Record<string, string | number>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (element.get(name) !== value) element.set(name, value)
  }
}
