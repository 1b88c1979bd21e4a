/** The plan: sections in order, written together. */
import '../styles/plan.css'
import {
  BookOpen,
  CornerUpLeft,
  CornerUpRight,
  FilePlus2,
  ListOrdered,
  PenLine,
  Plus,
  UserRoundSearch,
} from 'lucide-react'
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { addSection, addSections, inOrder } from '../document/sections'
import { useElements } from '../document/useElements'
import { useCanUndo } from '../live/useCanUndo'
import { useOpen } from '../live/useLive'
import { Outline } from './Outline'
import { type Mode, SectionCard } from './SectionCard'

const OUTLINE = ['Summary', 'Problem', 'Customers', 'Offer', 'Channels', 'Team', 'Money', 'Risks']

export default function Plan() {
  const { live, canWrite } = useOpen()
  const sections = useElements(live.sections)
  const order = useMemo(() => inOrder(sections), [sections])
  const [mode, setMode] = useState<Mode>('write')
  const [isOutlined, setOutlined] = useState(false)
  useEffect(() => live.attention.rest, [live])
  const add = (index: number) => {
    live.undo.plan.stopCapturing()
    const id = addSection(live.document, order, index, { title: '' })
    requestAnimationFrame(() => {
      document.querySelector<HTMLInputElement>(`#section-${id} input`)?.focus()
    })
  }
  if (order.length === 0) return <Nothing onAdd={() => add(0)} />
  return (
    <div className="plan">
      <aside className={isOutlined ? 'plan-side open' : 'plan-side'}>
        <Outline order={order} />
      </aside>
      <div className="plan-scroll">
        <div className="plan-page">
          <PlanTools mode={mode} onMode={setMode}>
            <button
              type="button"
              className="button plain icon outline-toggle"
              aria-label="Sections"
              title="Sections"
              aria-expanded={isOutlined}
              onClick={() => setOutlined(!isOutlined)}
            >
              <ListOrdered size={17} aria-hidden />
            </button>
          </PlanTools>
          {order.map((section, index) => (
            <SectionCard
              key={section.id}
              section={section}
              order={order}
              mode={mode}
              onAddBelow={() => add(index + 1)}
            />
          ))}
          {canWrite && mode === 'write' && (
            <button
              type="button"
              className="button plain plan-add"
              onClick={() => add(order.length)}
            >
              <Plus size={16} aria-hidden /> Add a section
            </button>
          )}
        </div>
      </div>
    </div>
  )
}

const MODES: Record<Mode, { name: string; Icon: typeof Plus }> = {
  write: { name: 'Write', Icon: PenLine },
  read: { name: 'Read', Icon: BookOpen },
  origins: { name: 'Who wrote it', Icon: UserRoundSearch },
}

interface PlanToolsProps {
  mode: Mode
  onMode: (mode: Mode) => void
  children: ReactNode
}

function PlanTools({ mode, onMode, children }: PlanToolsProps) {
  const { canWrite } = useOpen()
  const modes: Mode[] = canWrite ? ['write', 'read', 'origins'] : ['read', 'origins']
  const shown = canWrite || mode !== 'write' ? mode : 'read'
  return (
    <div className="plan-tools" role="toolbar" aria-label="Plan">
      <fieldset className="tabs bare">
        <legend className="visually-hidden">How the plan is shown</legend>
        {modes.map((one) => {
          const { name, Icon } = MODES[one]
          return (
            <button
              type="button"
              key={one}
              className="tab"
              aria-pressed={one === shown}
              onClick={() => onMode(one)}
            >
              <Icon size={14} aria-hidden /> {name}
            </button>
          )
        })}
      </fieldset>
      <span className="grow" />
      {children}
      {canWrite && <UndoTools />}
    </div>
  )
}

function UndoTools() {
  const { live } = useOpen()
  const { canUndo, canRedo } = useCanUndo(live.undo.plan)
  return (
    <>
      <button
        type="button"
        className="button plain icon"
        aria-label="Undo"
        title="Undo"
        disabled={!canUndo}
        onClick={() => live.undo.plan.undo()}
      >
        <CornerUpLeft size={17} aria-hidden />
      </button>
      <button
        type="button"
        className="button plain icon"
        aria-label="Redo"
        title="Redo"
        disabled={!canRedo}
        onClick={() => live.undo.plan.redo()}
      >
        <CornerUpRight size={17} aria-hidden />
      </button>
    </>
  )
}

function Nothing({ onAdd }: { onAdd: () => void }) {
  const { live, canWrite } = useOpen()
  function begin(): void {
    addSections(live.document, OUTLINE)
  }
  return (
    <div className="empty">
      <FilePlus2 size={40} strokeWidth={1.4} aria-hidden />
      <h2>An empty plan</h2>
      {canWrite ? (
        <>
          <p>Start with the sections that most business plans have, or with a blank one.</p>
          <div className="row">
            <button type="button" className="button primary" onClick={begin}>
              Use an outline
            </button>
            <button type="button" className="button" onClick={onAdd}>
              Blank section
            </button>
          </div>
        </>
      ) : (
        <p>Nobody has written here yet.</p>
      )}
    </div>
  )
}
