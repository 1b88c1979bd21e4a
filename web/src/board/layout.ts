/** Automatic layout: layers from top to bottom (dagre). Loaded when it is asked for. */
import { Graph, layout } from '@dagrejs/dagre'
import type { Edge } from '../document/edges'
import type { Node, Place } from '../document/nodes'
import { CARD } from './BoardModel'
import { GRID } from './grid'

/** Where these nodes belong, keeping the corner of the area that they take up. */
export function arranged(nodes: readonly Node[], edges: readonly Edge[]): Place[] {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'TB', nodesep: 48, ranksep: 72 })
  graph.setDefaultEdgeLabel(() => ({}))
  const ids = new Set(nodes.map((node) => node.id))
  for (const id of ids) graph.setNode(id, { ...CARD })
  for (const { source, target } of edges) {
    if (ids.has(source) && ids.has(target) && source !== target) graph.setEdge(source, target)
  }
  layout(graph)
  const places = nodes.map(({ id }) => ({ id, ...cornerOf(graph.node(id)) }))
  const [dx, dy] = [least(nodes, 'x') - least(places, 'x'), least(nodes, 'y') - least(places, 'y')]
  return places.map(({ id, x, y }) => ({ id, x: snapped(x + dx), y: snapped(y + dy) }))
}

function snapped(value: number): number {
  return Math.round(value / GRID) * GRID
}

function cornerOf(centre: { x?: number; y?: number }): { x: number; y: number } {
  return { x: (centre.x ?? 0) - CARD.width / 2, y: (centre.y ?? 0) - CARD.height / 2 }
}

function least(places: readonly { x: number; y: number }[], axis: 'x' | 'y'): number {
  return places.reduce((low, place) => Math.min(low, place[axis]), Number.POSITIVE_INFINITY)
}
