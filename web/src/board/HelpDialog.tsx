/** The keys of the board. */
import { Dialog } from '../ui/Dialog'

const KEYS: [string, string][] = [
  ['N', 'New node'],
  ['Tab, Enter', 'Go from node to node, select'],
  ['Arrows', 'Move what is selected'],
  ['E or F2', 'Edit the label'],
  ['C', 'Connect to another node'],
  ['Del', 'Delete with all edges'],
  ['Ctrl C, X, V, D', 'Copy, cut, paste, duplicate'],
  ['Ctrl Z, Ctrl Shift Z', 'Undo and redo your own edits'],
  ['Ctrl A, Esc', 'Select all, nothing'],
  ['L', 'Lay out (all, or what is selected)'],
  ['/', 'Find a node'],
  ['Ctrl K', 'Ask the agent about what is selected'],
  ['0, +, −', 'Fit, zoom in, zoom out'],
]

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="The board by keyboard" onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet small">
        Double-click the ground for a node; drag from a card’s side to connect; Shift-drag selects.
      </p>
    </Dialog>
  )
}
