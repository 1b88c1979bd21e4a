/** All that can be done on the board, whichever way it is asked for: mouse, key or button. */
import { useReactFlow, type XYPosition } from '@xyflow/react'
import { useMemo } from 'react'
import { addEdge } from '../document/edges'
import { addNode, moveNodes, removeElements } from '../document/nodes'
import { edit } from '../document/project'
import { useOpen } from '../live/useLive'
import { type BoardModel, CARD } from './BoardModel'
import { type Clipping, clip, movedTo } from './clipping'
import { GRID } from './grid'

export interface BoardActions {
  add: (at?: XYPosition, from?: string) => void
  connect: (source: string, target: string) => void
  remove: () => void
  duplicate: () => void
  copied: () => Clipping
  paste: (clipping: Clipping, at?: XYPosition) => void
  selectAll: () => void
  arrange: () => Promise<void>
  rename: (id: string) => void
  fit: () => void
  goTo: (id: string) => void
  select: (id: string) => void
}

export function useBoardActions(
  model: BoardModel,
  rename: (id: string | null) => void,
  pane: React.RefObject<HTMLDivElement | null>,
): BoardActions {
  const { live } = useOpen()
  const flow = useReactFlow()
  return useMemo(() => {
    const project = live.document

    function centre(): XYPosition {
      const box = pane.current?.getBoundingClientRect()
      if (!box) return { x: 0, y: 0 }
      return flow.screenToFlowPosition({ x: box.x + box.width / 2, y: box.y + box.height / 2 })
    }

    /** Near a place, and on no other card: further and further to the right and down. */
    function free(at: XYPosition): XYPosition {
      const place = { x: snap(at.x - CARD.width / 2), y: snap(at.y - CARD.height / 2) }
      const others = live.nodes.all()
      for (
        let step = 0;
        step < MOST_STEPS && others.some((one) => overlap(one, place));
        step += 1
      ) {
        if (step % 3 === 2) {
          place.x -= 2 * (CARD.width + 3 * GRID)
          place.y += CARD.height + 3 * GRID
        } else place.x += CARD.width + 3 * GRID
      }
      return place
    }

    function connect(source: string, target: string): void {
      const isThere = live.edges.all().some((one) => one.source === source && one.target === target)
      if (source !== target && !isThere) addEdge(project, { source, target, label: '' })
    }

    function add(at?: XYPosition, from?: string): void {
      live.undo.board.stopCapturing()
      const place = free(at ?? centre())
      const id = edit(project, () => {
        const made = addNode(project, { label: '', kind: 'note', content: '', ...place })
        if (from) connect(from, made)
        return made
      })
      model.select([id])
      rename(id)
    }

    function remove(): void {
      const { selectedNodes, selectedEdges } = model.picture()
      if (selectedNodes.length + selectedEdges.length === 0) return
      live.undo.board.stopCapturing()
      removeElements(project, [...selectedNodes], [...selectedEdges])
      pane.current?.focus()
    }

    function copied(): Clipping {
      const all = { nodes: [...live.nodes.all()], edges: [...live.edges.all()] }
      return clip(all, new Set(model.picture().selectedNodes))
    }

    function put(clipping: Clipping): void {
      live.undo.board.stopCapturing()
      const ids = new Map<string, string>()
      edit(project, () => {
        for (const { id, ...node } of clipping.nodes) {
          ids.set(id, addNode(project, { ...node, x: snap(node.x), y: snap(node.y) }))
        }
        for (const { source, target, label } of clipping.edges) {
          const [from, to] = [ids.get(source), ids.get(target)]
          if (from && to) addEdge(project, { source: from, target: to, label })
        }
      })
      model.select([...ids.values()])
    }

    function paste(clipping: Clipping, at?: XYPosition): void {
      put(movedTo(clipping, at ?? centre()))
    }

    function duplicate(): void {
      const { nodes, edges } = copied()
      if (nodes.length === 0) return
      put({
        nodes: nodes.map((one) => ({ ...one, x: one.x + 4 * GRID, y: one.y + 4 * GRID })),
        edges,
      })
    }

    async function arrange(): Promise<void> {
      const { arranged } = await import('./layout')
      const chosen = new Set(model.picture().selectedNodes)
      const nodes = live.nodes.all().filter((node) => chosen.size < 2 || chosen.has(node.id))
      if (nodes.length === 0) return
      live.undo.board.stopCapturing()
      moveNodes(project, arranged(nodes, live.edges.all()))
      model.rest()
      requestAnimationFrame(fit)
    }

    function fit(): void {
      void flow.fitView({ padding: 0.15, maxZoom: 1.1, duration: 250 })
    }

    function goTo(id: string): void {
      model.rest()
      model.select([id])
      void flow.fitView({ nodes: [{ id }], maxZoom: 1.1, duration: 250 })
    }

    const select = (id: string) => model.select([id])
    const selectAll = () => model.select(live.nodes.all().map((node) => node.id))
    return {
      add,
      connect,
      remove,
      duplicate,
      copied,
      paste,
      selectAll,
      arrange,
      rename,
      fit,
      goTo,
      select,
    }
  }, [live, flow, model, rename, pane])
}

/** Looked at for room before a new card may lie on another one. */
const MOST_STEPS = 60

function overlap(one: XYPosition, other: XYPosition): boolean {
  const [dx, dy] = [Math.abs(one.x - other.x), Math.abs(one.y - other.y)]
  return dx < CARD.width && dy < CARD.height
}

function snap(value: number): number {
  return Math.round(value / GRID) * GRID
}
