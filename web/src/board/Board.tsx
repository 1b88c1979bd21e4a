/** The board: the graph on a canvas, with colleagues on it. */
import '@xyflow/react/dist/base.css'
import '../styles/board.css'
import {
  Background,
  type Connection,
  ConnectionMode,
  type FinalConnectionState,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
  useStore,
  type XYPosition,
} from '@xyflow/react'
import {
  type MouseEvent,
  type PointerEvent,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { useTheme } from '../app/theme'
import type { LiveProject } from '../live/LiveProject'
import { useOpen } from '../live/useLive'
import { BoardModel, type DrawnEdge } from './BoardModel'
import { BoardTools } from './BoardTools'
import { BoardContext } from './boardContext'
import { Cursors } from './Cursors'
import { EdgeLayer } from './EdgeLayer'
import { curveBetween, distanceTo } from './geometry'
import { GRID } from './grid'
import { HelpDialog } from './HelpDialog'
import { Inspector } from './Inspector'
import { kindOf } from './kinds'
import { NodeCard } from './NodeCard'
import { PickNode } from './PickNode'
import { useBoardActions } from './useBoardActions'
import { useBoardKeys } from './useBoardKeys'

const NODE_TYPES = { card: NodeCard }
/** Between two positions of the pointer that colleagues are told; milliseconds. */
const POINT_EVERY = 45
/** How near to an edge a click must be; pixels. */
const NEAR = 9
/** Below this zoom nobody can read a card: it is drawn as a patch of colour. */
const FAR = 0.35
/** The overview looks at every node in every frame; a larger board is its own overview, from afar. */
const MOST_MAPPED = 300

export default function Board() {
  const { live } = useOpen()
  const [model, setModel] = useState<BoardModel | null>(null)
  useEffect(() => {
    const made = new BoardModel(live)
    setModel(made)
    return () => made.destroy()
  }, [live])
  if (model === null) return null
  return (
    <ReactFlowProvider>
      <Canvas model={model} />
    </ReactFlowProvider>
  )
}

type Dialogue = 'connect' | 'find' | 'help' | null

function Canvas({ model }: { model: BoardModel }) {
  const { live, canWrite } = useOpen()
  const theme = useTheme()
  const flow = useReactFlow()
  const pane = useRef<HTMLDivElement>(null)
  const picture = useSyncExternalStore(model.subscribe, model.picture)
  const [editing, edit] = useState<string | null>(null)
  const [dialogue, setDialogue] = useState<Dialogue>(null)
  const actions = useBoardActions(model, edit, pane)
  const openers = useMemo(
    () => ({
      connect: () => setDialogue(model.picture().selectedNodes.length === 1 ? 'connect' : null),
      find: () => setDialogue('find'),
      help: () => setDialogue('help'),
    }),
    [model],
  )
  const hearKey = useBoardKeys(model, actions, openers)
  const isFar = useStore((state) => state.transform[2] < FAR)
  const context = useMemo(() => ({ model, editing, edit, isFar }), [model, editing, isFar])
  const pointing = usePointing(live)
  useLinkedNode(actions.goTo)

  /** Dropped anywhere on a card, a connection holds; on the ground, it makes a node there. */
  function hearConnectEnd(
    event: globalThis.MouseEvent | TouchEvent,
    state: FinalConnectionState,
  ): void {
    if (state.isValid || !state.fromNode) return
    const end = 'changedTouches' in event ? event.changedTouches[0] : event
    if (!end) return
    const below = document.elementFromPoint(end.clientX, end.clientY)
    const card = below?.closest<HTMLElement>('.react-flow__node')?.dataset.id
    if (card !== undefined) actions.connect(state.fromNode.id, card)
    else
      actions.add(flow.screenToFlowPosition({ x: end.clientX, y: end.clientY }), state.fromNode.id)
  }

  /** A click on the ground chooses the edge under it; a double click makes a node. */
  function hearPaneClick(event: MouseEvent): void {
    const point = flow.screenToFlowPosition(
      { x: event.clientX, y: event.clientY },
      { snapToGrid: false },
    )
    if (event.detail === 2) {
      if (canWrite) actions.add(point)
      return
    }
    const edge = edgeAt(model.edges(), point, NEAR / flow.getZoom())
    if (edge !== null) model.select([edge])
  }

  const [first] = picture.selectedNodes
  return (
    <BoardContext value={context}>
      {/* biome-ignore lint/a11y/useSemanticElements: a canvas of its own is no known element */}
      <div
        className="board"
        ref={pane}
        tabIndex={-1}
        role="group"
        aria-label="Board"
        onKeyDown={hearKey}
        onPointerDownCapture={model.rest}
        {...pointing}
      >
        <ReactFlow
          nodes={picture.nodes}
          nodeTypes={NODE_TYPES}
          onNodesChange={model.changeNodes}
          onNodeDragStart={() => live.undo.board.stopCapturing()}
          onNodeDragStop={model.drop}
          onSelectionDragStart={() => pane.current?.classList.add('carrying')}
          onSelectionDragStop={() => {
            pane.current?.classList.remove('carrying')
            model.drop()
          }}
          onConnect={({ source, target }: Connection) => actions.connect(source, target)}
          onConnectEnd={hearConnectEnd}
          onPaneClick={hearPaneClick}
          onNodeDoubleClick={(_, node) => canWrite && edit(node.id)}
          nodesDraggable={canWrite}
          nodesConnectable={canWrite}
          connectionMode={ConnectionMode.Loose}
          selectionMode={SelectionMode.Partial}
          snapToGrid
          snapGrid={[GRID, GRID]}
          deleteKeyCode={null}
          zoomOnDoubleClick={false}
          panOnScroll
          minZoom={0.05}
          maxZoom={2.5}
          fitView
          fitViewOptions={{ padding: 0.2, maxZoom: 1 }}
          onlyRenderVisibleElements
          colorMode={theme}
        >
          <Background gap={GRID * 3} size={1.5} color="var(--dots)" />
          {picture.nodes.length <= MOST_MAPPED && (
            <MiniMap
              pannable
              zoomable
              ariaLabel="Overview"
              nodeColor={(node) => kindOf(live.nodes.get(node.id)?.kind ?? '').colour}
              nodeBorderRadius={12}
            />
          )}
          <EdgeLayer model={model} />
          <Cursors />
        </ReactFlow>
        {picture.nodes.length === 0 && <Nothing canWrite={canWrite} />}
        <BoardTools picture={picture} actions={actions} open={openers} />
        <Inspector picture={picture} actions={actions} onClose={() => model.select([])} />
      </div>
      {dialogue === 'help' && <HelpDialog onClose={() => setDialogue(null)} />}
      {dialogue === 'find' && (
        <PickNode
          title="Find a node"
          onClose={() => setDialogue(null)}
          onPick={(id) => {
            setDialogue(null)
            actions.goTo(id)
          }}
        />
      )}
      {dialogue === 'connect' && first !== undefined && (
        <PickNode
          title="Connect to"
          except={first}
          onClose={() => setDialogue(null)}
          onPick={(id) => {
            setDialogue(null)
            actions.connect(first, id)
          }}
        />
      )}
    </BoardContext>
  )
}

/** Tells colleagues where the pointer is, a few times a second. */
function usePointing(live: LiveProject) {
  const flow = useReactFlow()
  const last = useRef(0)
  useEffect(() => () => live.presence.point(null), [live])
  return {
    onPointerMove: (event: PointerEvent) => {
      const now = performance.now()
      if (now - last.current < POINT_EVERY) return
      last.current = now
      const { x, y } = flow.screenToFlowPosition(
        { x: event.clientX, y: event.clientY },
        { snapToGrid: false },
      )
      live.presence.point({ x: Math.round(x), y: Math.round(y) })
    },
    onPointerLeave: () => live.presence.point(null),
  }
}

/** A link from a text to a node: `/projects/ID/board#node:NODE`. */
function useLinkedNode(goTo: (id: string) => void): void {
  useEffect(() => {
    const id = /^#node:(.+)$/.exec(decodeURIComponent(window.location.hash))?.[1]
    if (id === undefined) return
    const timer = setTimeout(() => goTo(id), 50)
    return () => clearTimeout(timer)
  }, [goTo])
}

function Nothing({ canWrite }: { canWrite: boolean }) {
  return (
    <div className="empty board-empty">
      <h2>An empty board</h2>
      <p>
        {canWrite ? (
          <>
            Press <kbd>N</kbd> or double-click anywhere for the first node. Paste a list, and every
            line becomes one.
          </>
        ) : (
          'Nobody has put a node here yet.'
        )}
      </p>
    </div>
  )
}

/** The edge that passes nearest to a point, if one is near enough. */
function edgeAt(edges: readonly DrawnEdge[], point: XYPosition, reach: number): string | null {
  let [nearest, least]: [string | null, number] = [null, reach]
  for (const { id, source, target } of edges) {
    const distance = distanceTo(curveBetween(source, target), point)
    if (distance < least) [nearest, least] = [id, distance]
  }
  return nearest
}
