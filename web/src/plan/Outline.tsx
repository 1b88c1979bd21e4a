/** The sections as a list: to go to one, and to put them in order, by dragging or with Alt and arrows. */
import { GripVertical } from 'lucide-react'
import { type DragEvent, type KeyboardEvent, useState } from 'react'
import { moveSection, type Section } from '../document/sections'
import { useColleagues, useOpen } from '../live/useLive'

const DRAGGED = 'application/x-8gentc-section'

export function Outline({ order }: { order: readonly Section[] }) {
  const { live, canWrite } = useOpen()
  const [over, setOver] = useState<number | null>(null)

  function hearKey(event: KeyboardEvent, index: number): void {
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0
    const to = index + step
    if (!event.altKey || step === 0 || !canWrite || to < 0 || to >= order.length) return
    event.preventDefault()
    moveSection(live.document, order, order[index]?.id ?? '', to)
  }

  function drop(event: DragEvent, before: number): void {
    event.preventDefault()
    setOver(null)
    const id = event.dataTransfer.getData(DRAGGED)
    const from = order.findIndex((one) => one.id === id)
    // Places are counted without the section that moves.
    if (from >= 0) moveSection(live.document, order, id, before > from ? before - 1 : before)
  }

  return (
    <nav className="outline" aria-label="Sections">
      <ol>
        {order.map((section, index) => (
          <li
            key={section.id}
            className={over === index ? 'over' : ''}
            draggable={canWrite}
            onDragStart={(event) => event.dataTransfer.setData(DRAGGED, section.id)}
            onDragOver={(event) => {
              if (!event.dataTransfer.types.includes(DRAGGED)) return
              event.preventDefault()
              setOver(isLowerHalf(event) ? index + 1 : index)
            }}
            onDragLeave={() => setOver(null)}
            onDrop={(event) => drop(event, isLowerHalf(event) ? index + 1 : index)}
          >
            {canWrite && <GripVertical className="grip" size={14} aria-hidden />}
            <a
              href={`#section-${section.id}`}
              aria-keyshortcuts={canWrite ? 'Alt+ArrowUp Alt+ArrowDown' : undefined}
              onKeyDown={(event) => hearKey(event, index)}
              onClick={(event) => {
                event.preventDefault()
                document.getElementById(`section-${section.id}`)?.scrollIntoView({ block: 'start' })
              }}
            >
              {section.title || 'Untitled section'}
            </a>
            <WhoIsIn id={section.id} />
          </li>
        ))}
        <li className={over === order.length ? 'over last' : 'last'} aria-hidden />
      </ol>
      {canWrite && order.length > 1 && (
        <p className="quiet outline-hint">
          Drag to reorder, or <kbd>Alt</kbd> <kbd>↑</kbd> <kbd>↓</kbd>
        </p>
      )}
    </nav>
  )
}

function isLowerHalf(event: DragEvent): boolean {
  const box = event.currentTarget.getBoundingClientRect()
  return event.clientY > box.top + box.height / 2
}

function WhoIsIn({ id }: { id: string }) {
  const { live } = useOpen()
  const here = useColleagues(live).filter((one) => one.view === 'plan' && one.selected.includes(id))
  return here.map((one) => (
    <span
      key={one.client}
      className="presence-dot"
      style={{ '--who': one.colour }}
      title={one.name}
      role="img"
      aria-label={`${one.name} is here`}
    />
  ))
}
