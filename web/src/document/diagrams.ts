/** Diagrams: a Mermaid source that people type, or one that follows the graph. */
import * as Y from 'yjs'
import { stringOf, textOf } from './fields'
import { assign, DERIVED, edit, elementOf, newId, type ProjectDocument } from './project'
import { replaceText } from './replaceText'

export interface Diagram {
  id: string
  title: string
  kind: string
  source: Y.Text
  /** Whether its source follows the graph. */
  derived: boolean
}

export function readDiagram(id: string, element: unknown): Diagram | null {
  if (!(element instanceof Y.Map)) return null
  const [title, kind] = [stringOf(element, 'title'), stringOf(element, 'kind')]
  const source = textOf(element, 'source')
  const from: unknown = element.get('derived_from') ?? null
  if (title === null || kind === null || source === null) return null
  if (from !== null && from !== 'graph') return null
  return { id, title, kind, source, derived: from === 'graph' }
}

/** Adds a diagram; its id. */
export function addDiagram(
  project: ProjectDocument,
  diagram: { title: string; kind: string; source: string; derived: boolean },
): string {
  const id = newId()
  edit(project, () => {
    const element = new Y.Map<unknown>([
      ['title', diagram.title],
      ['kind', diagram.kind],
    ])
    element.set('source', new Y.Text(diagram.source))
    if (diagram.derived) element.set('derived_from', 'graph')
    project.diagrams.set(id, element)
  })
  return id
}

export function retitleDiagram(project: ProjectDocument, id: string, title: string): void {
  const element = elementOf(project.diagrams, id)
  if (element) edit(project, () => assign(element, { title }))
}

/** From now on the source is typed, and follows the graph no more. */
export function detachDiagram(project: ProjectDocument, id: string): void {
  const element = elementOf(project.diagrams, id)
  if (element) edit(project, () => element.delete('derived_from'))
}

export function removeDiagram(project: ProjectDocument, id: string): void {
  edit(project, () => project.diagrams.delete(id))
}

/** Brings the sources of derived diagrams up to what the graph says. */
export function followGraph(
  project: ProjectDocument,
  diagrams: readonly Diagram[],
  source: string,
): void {
  const behind = diagrams.filter((one) => one.derived && one.source.toString() !== source)
  if (behind.length === 0) return
  project.doc.transact(() => {
    for (const diagram of behind) replaceText(diagram.source, source)
  }, DERIVED)
}
