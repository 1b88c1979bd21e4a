/** The diagrams of a project: a list, and the one that is open. */
import '../styles/diagrams.css'
import { Plus, Waypoints, Workflow } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { useElements } from '../document/useElements'
import { useOpen } from '../live/useLive'
import { DiagramView } from './DiagramView'
import { NewDiagram } from './NewDiagram'

export default function Diagrams() {
  const { live, canWrite } = useOpen()
  const all = useElements(live.diagrams)
  const sorted = useMemo(
    () => all.toSorted((a, b) => a.title.localeCompare(b.title) || (a.id < b.id ? -1 : 1)),
    [all],
  )
  const [wanted, setWanted] = useState<string | null>(null)
  const [making, setMaking] = useState(false)
  const open = sorted.find((one) => one.id === wanted) ?? sorted[0]
  const { attention } = live
  const openId = open?.id
  useEffect(() => {
    if (openId !== undefined) attention.turnTo([{ kind: 'diagram', id: openId }])
    return attention.rest
  }, [attention, openId])
  return (
    <div className="diagrams">
      <aside className="diagrams-side">
        <nav aria-label="Diagrams">
          <ul>
            {sorted.map((one) => (
              <li key={one.id}>
                <button
                  type="button"
                  className="diagram-entry"
                  aria-current={one === open ? 'true' : undefined}
                  onClick={() => setWanted(one.id)}
                >
                  {one.derived ? (
                    <Waypoints size={15} aria-hidden />
                  ) : (
                    <Workflow size={15} aria-hidden />
                  )}
                  <span>{one.title || 'Untitled'}</span>
                </button>
              </li>
            ))}
          </ul>
        </nav>
        {canWrite && (
          <button type="button" className="button" onClick={() => setMaking(true)}>
            <Plus size={16} aria-hidden /> New diagram
          </button>
        )}
      </aside>
      {open ? (
        <DiagramView key={open.id} diagram={open} />
      ) : (
        <Nothing onMake={canWrite ? () => setMaking(true) : null} />
      )}
      {making && (
        <NewDiagram
          onClose={() => setMaking(false)}
          onMade={(id) => {
            setMaking(false)
            setWanted(id)
          }}
        />
      )}
    </div>
  )
}

function Nothing({ onMake }: { onMake: (() => void) | null }) {
  return (
    <div className="empty">
      <Workflow size={40} strokeWidth={1.4} aria-hidden />
      <h2>No diagrams yet</h2>
      <p>Write Mermaid and see it drawn as you type, or let a diagram follow the board.</p>
      {onMake && (
        <button type="button" className="button primary" onClick={onMake}>
          New diagram
        </button>
      )}
    </div>
  )
}
