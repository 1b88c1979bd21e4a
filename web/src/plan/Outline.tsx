/** The sections as a list: to go to one, and to put them in order, by dragging its handle or with Alt and arrows. */
import { GripVertical } from 'lucide-react'
import { type KeyboardEvent, useRef } from 'react'
import { moveSection, type Section } from '../document/sections'
import { useColleagues, useOpen } from '../live/useLive'
import { useReorder } from './useReorder'

export function Outline({ order }: { order: readonly Section[] }) {
  const { live, canWrite } = useOpen()
  const list = useRef<HTMLOListElement>(null)
  const { handle, before } = useReorder(list, (from, to) =>
    moveSection(live.document, order, order[from]?.id ?? '', to),
  )

  function hearKey(event: KeyboardEvent, index: number): void {
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0
    const to = index + step
    if (!event.altKey || step === 0 || !canWrite || to < 0 || to >= order.length) return
    event.preventDefault()
    moveSection(live.document, order, order[index]?.id ?? '', to)
  }

  return (
    <nav className="outline" aria-label="Sections">
      <ol ref={list}>
        {order.map((section, index) => (
          <li key={section.id} className={before === index ? 'over' : ''}>
            {canWrite && (
              <span className="grip" aria-hidden {...handle(index)}>
                <GripVertical size={14} />
              </span>
            )}
            <a
              draggable={false}
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
        <li className={before === order.length ? 'over last' : 'last'} aria-hidden />
      </ol>
      {canWrite && order.length > 1 && (
        <p className="quiet outline-hint">
          Drag to reorder, or <kbd>Alt</kbd> <kbd>↑</kbd> <kbd>↓</kbd>
        </p>
      )}
    </nav>
  )
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
