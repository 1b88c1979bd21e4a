/** The buttons of the board. */
import {
  Bot,
  CircleHelp,
  CornerUpLeft,
  CornerUpRight,
  Maximize,
  Network,
  Plus,
  Search,
  Spline,
  Trash2,
} from 'lucide-react'
import { useCanUndo } from '../live/useCanUndo'
import { useOpen } from '../live/useLive'
import type { Picture } from './BoardModel'
import type { BoardActions } from './useBoardActions'
import type { Openers } from './useBoardKeys'

interface Props {
  picture: Picture
  actions: BoardActions
  open: Openers
}

export function BoardTools({ picture, actions, open }: Props) {
  const { live, canWrite, askAgent } = useOpen()
  const { canUndo, canRedo } = useCanUndo(live.undo.board)
  const selected = picture.selectedNodes.length + picture.selectedEdges.length
  return (
    <div className="board-tools" role="toolbar" aria-label="Board">
      {canWrite && (
        <>
          <button
            type="button"
            className="button primary"
            onClick={() => actions.add()}
            title="New node (N)"
          >
            <Plus size={16} aria-hidden /> Node
          </button>
          <Tool
            name="Connect (C)"
            Icon={Spline}
            disabled={picture.selectedNodes.length !== 1}
            act={open.connect}
          />
          <Tool name="Delete (Del)" Icon={Trash2} disabled={selected === 0} act={actions.remove} />
          <Tool name="Ask the agent (Ctrl K)" Icon={Bot} act={askAgent} />
          <span className="rule" />
          <Tool
            name="Undo (Ctrl Z)"
            Icon={CornerUpLeft}
            disabled={!canUndo}
            act={() => live.undo.board.undo()}
          />
          <Tool
            name="Redo (Ctrl Shift Z)"
            Icon={CornerUpRight}
            disabled={!canRedo}
            act={() => live.undo.board.redo()}
          />
          <span className="rule" />
          <Tool
            name="Lay out (L)"
            Icon={Network}
            disabled={picture.nodes.length < 2}
            act={() => void actions.arrange()}
          />
        </>
      )}
      <Tool name="Fit (0)" Icon={Maximize} act={actions.fit} />
      <Tool name="Find (/)" Icon={Search} act={open.find} />
      <Tool name="Keys (?)" Icon={CircleHelp} act={open.help} />
    </div>
  )
}

interface ToolProps {
  name: string
  Icon: typeof Plus
  act: () => void
  disabled?: boolean
}

function Tool({ name, Icon, act, disabled = false }: ToolProps) {
  return (
    <button
      type="button"
      className="button plain icon"
      aria-label={name}
      title={name}
      disabled={disabled}
      onClick={act}
    >
      <Icon size={17} aria-hidden />
    </button>
  )
}
