/** Nodes of the graph. A node is deleted with its edges, in one transaction. */
import * as Y from 'yjs'
import { numberOf, stringOf, textOf } from './fields'
import { assign, edit, elementOf, newId, type ProjectDocument } from './project'

export interface Node {
  id: string
  label: string
  kind: string
  x: number
  y: number
  content: string
}

export function readNode(id: string, element: unknown): Node | null {
  if (!(element instanceof Y.Map)) return null
  const [label, kind] = [stringOf(element, 'label'), stringOf(element, 'kind')]
  const [x, y] = [numberOf(element, 'x'), numberOf(element, 'y')]
  const content = textOf(element, 'content')
  if (label === null || kind === null || x === null || y === null || content === null) return null
  return { id, label, kind, x, y, content: content.toString() }
}

/** Adds a node; its id. */
export function addNode(project: ProjectDocument, node: Omit<Node, 'id'>): string {
  const id = newId()
  edit(project, () => {
    const { content, ...fields } = node
    const element = new Y.Map<unknown>(Object.entries(fields))
    element.set('content', new Y.Text(content))
    project.nodes.set(id, element)
  })
  return id
}

export function changeNode(
  project: ProjectDocument,
  id: string,
  change: Partial<Pick<Node, 'label' | 'kind'>>,
): void {
  const element = elementOf(project.nodes, id)
  if (element) edit(project, () => assign(element, change))
}

export interface Place {
  id: string
  x: number
  y: number
}

/** Moves nodes, all in one transaction. Whole units: nobody sees a tenth of a pixel. */
export function moveNodes(project: ProjectDocument, places: Place[]): void {
  edit(project, () => {
    for (const { id, x, y } of places) {
      const element = elementOf(project.nodes, id)
      if (element) assign(element, { x: Math.round(x), y: Math.round(y) })
    }
  })
}

/** Deletes nodes with their edges, and further edges. */
export function removeElements(project: ProjectDocument, nodes: string[], edges: string[]): void {
  const going = new Set(nodes)
  edit(project, () => {
    for (const [id, edge] of project.edges) {
      const ends = edge instanceof Y.Map ? [edge.get('source'), edge.get('target')] : []
      if (ends.some((end) => typeof end === 'string' && going.has(end))) project.edges.delete(id)
    }
    for (const id of edges) project.edges.delete(id)
    for (const id of nodes) project.nodes.delete(id)
  })
}

/** The text of a node, to be typed in. */
export function contentOf(project: ProjectDocument, id: string): Y.Text | null {
  const element = elementOf(project.nodes, id)
  return element && textOf(element, 'content')
}
