/** Choosing what a new diagram is. */
import { Waypoints, Workflow } from 'lucide-react'
import { addDiagram } from '../document/diagrams'
import { flowchart } from '../document/flowchart'
import { useOpen } from '../live/useLive'
import { Dialog } from '../ui/Dialog'
import { TEMPLATES } from './templates'

interface Props {
  onClose: () => void
  onMade: (id: string) => void
}

export function NewDiagram({ onClose, onMade }: Props) {
  const { live } = useOpen()
  function add(diagram: { title: string; kind: string; source: string; derived: boolean }): void {
    live.undo.diagrams.stopCapturing()
    onMade(addDiagram(live.document, diagram))
  }
  function addDerived(): void {
    const source = flowchart(live.nodes.all(), live.edges.all())
    add({ title: 'The board', kind: 'flowchart', source, derived: true })
  }
  return (
    <Dialog title="New diagram" onClose={onClose}>
      <ul className="choices">
        <li>
          <button type="button" className="choice" onClick={addDerived}>
            <Waypoints size={20} aria-hidden />
            <strong>From the board</strong>
            <span className="quiet small">Follows nodes and edges</span>
          </button>
        </li>
        {TEMPLATES.map((one) => (
          <li key={one.kind}>
            <button
              type="button"
              className="choice"
              onClick={() => add({ ...one, derived: false })}
            >
              <Workflow size={20} aria-hidden />
              <strong>{one.title}</strong>
              <span className="quiet small">Mermaid, from an example</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
