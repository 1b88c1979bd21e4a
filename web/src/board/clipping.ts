/**
 * What is copied from a board and pasted into one: as JSON under a type of its own, and as lines
 * of text for everybody else. Lines of text from elsewhere become nodes.
 */
import type { Edge } from '../document/edges'
import type { Node } from '../document/nodes'

export const CLIPPING = 'application/x-8gentc-board+json'

export interface Clipping {
  nodes: Node[]
  edges: Edge[]
}

const MOST_LINES = 200
const LINE_STEP = 112

export function clip(all: Clipping, selected: ReadonlySet<string>): Clipping {
  const nodes = all.nodes.filter((node) => selected.has(node.id))
  const edges = all.edges.filter((edge) => selected.has(edge.source) && selected.has(edge.target))
  return { nodes, edges }
}

export function asText({ nodes }: Clipping): string {
  return nodes.map((node) => node.label).join('\n')
}

/** What a clipboard holds for a board; null for nothing. */
export function unclip(json: string, text: string): Clipping | null {
  if (json !== '') return parsed(json)
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, MOST_LINES)
  const nodes = lines.map((label, index) => ({
    id: String(index),
    label: label.slice(0, 300),
    kind: 'note',
    x: 0,
    y: index * LINE_STEP,
    content: '',
  }))
  return nodes.length > 0 ? { nodes, edges: [] } : null
}

/** The same, moved so that its middle is at a point. */
export function movedTo(clipping: Clipping, centre: { x: number; y: number }): Clipping {
  const xs = clipping.nodes.map((node) => node.x)
  const ys = clipping.nodes.map((node) => node.y)
  const dx = centre.x - (Math.min(...xs) + Math.max(...xs)) / 2
  const dy = centre.y - (Math.min(...ys) + Math.max(...ys)) / 2
  const nodes = clipping.nodes.map((node) => ({ ...node, x: node.x + dx, y: node.y + dy }))
  return { ...clipping, nodes }
}

/** Another tab, another version or somebody's own page may have written it. */
function parsed(json: string): Clipping | null {
  try {
    const { nodes, edges } = JSON.parse(json) as Partial<Clipping>
    const whole =
      Array.isArray(nodes) && Array.isArray(edges) && nodes.every(isNode) && edges.every(isEdge)
    return whole && nodes.length > 0 ? { nodes, edges } : null
  } catch {
    return null
  }
}

function isNode(value: unknown): value is Node {
  const node = value as Partial<Record<keyof Node, unknown>> | null
  const texts = [node?.id, node?.label, node?.kind, node?.content]
  return texts.every((one) => typeof one === 'string') && [node?.x, node?.y].every(Number.isFinite)
}

function isEdge(value: unknown): value is Edge {
  const edge = value as Partial<Record<keyof Edge, unknown>> | null
  return [edge?.source, edge?.target, edge?.label].every((one) => typeof one === 'string')
}
