/** Edges of the graph: directed, between two nodes, at most one in each direction. */
import * as Y from 'yjs'
import { stringOf } from './fields'
import { assign, edit, elementOf, newId, type ProjectDocument } from './project'

export interface Edge {
  id: string
  source: string
  target: string
  label: string
}

export function readEdge(id: string, element: unknown): Edge | null {
  if (!(element instanceof Y.Map)) return null
  const [source, target] = [stringOf(element, 'source'), stringOf(element, 'target')]
  const label = stringOf(element, 'label')
  if (source === null || target === null || label === null) return null
  return { id, source, target, label }
}

/** Connects two nodes; the id of the edge. */
export function addEdge(project: ProjectDocument, edge: Omit<Edge, 'id'>): string {
  const id = newId()
  edit(project, () => project.edges.set(id, new Y.Map<unknown>(Object.entries(edge))))
  return id
}

export function relabelEdge(project: ProjectDocument, id: string, label: string): void {
  const element = elementOf(project.edges, id)
  if (element) edit(project, () => assign(element, { label }))
}
