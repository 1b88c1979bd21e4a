/** One section: its title, its text, and what can be done with the whole of it. */
import { ArrowDown, ArrowUp, Bot, Plus, Trash2 } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { Beside } from '../agent/Beside'
import { moveSection, removeSection, retitleSection, type Section } from '../document/sections'
import { useText } from '../document/useElements'
import { useOpen } from '../live/useLive'
import { DraftField } from '../ui/DraftField'
import { useSeen } from '../ui/useSeen'
import { countWords, saidWords } from './words'

const SectionBody = lazy(() => import('./SectionBody'))
const Preview = lazy(() => import('./Preview'))
const Origins = lazy(() => import('./Origins'))

export type Mode = 'write' | 'read' | 'origins'

interface Props {
  section: Section
  order: readonly Section[]
  mode: Mode
  onAddBelow: () => void
}

export function SectionCard({ section, order, mode, onAddBelow }: Props) {
  const { live, canWrite } = useOpen()
  const { ref, seen } = useSeen<HTMLElement>()
  const isWriting = mode === 'write' && canWrite
  const waiting = <div className="prose pre">{section.body.toString()}</div>
  return (
    <section
      className="section"
      ref={ref}
      id={`section-${section.id}`}
      aria-label={section.title || 'Untitled section'}
      onFocus={() => {
        live.presence.select([section.id])
        live.attention.turnTo([{ kind: 'section', id: section.id }])
      }}
      onBlur={() => live.presence.select([])}
    >
      <div className="section-head">
        {isWriting ? (
          <DraftField
            isBare
            label="Title"
            className="section-title"
            placeholder="Untitled section"
            value={section.title}
            onKeep={(title) => retitleSection(live.document, section.id, title)}
          />
        ) : (
          <h2 className="section-title">{section.title || 'Untitled section'}</h2>
        )}
        {isWriting && <SectionTools section={section} order={order} onAddBelow={onAddBelow} />}
      </div>
      <div className="section-body">
        {seen ? (
          <Suspense fallback={waiting}>
            <Body section={section} mode={isWriting || mode !== 'write' ? mode : 'read'} />
          </Suspense>
        ) : (
          waiting
        )}
      </div>
      <Beside kind="section" id={section.id} />
      <WordCount section={section} />
    </section>
  )
}

function Body({ section, mode }: { section: Section; mode: Mode }) {
  switch (mode) {
    case 'write':
      return <SectionBody section={section} />
    case 'read':
      return <Preview text={section.body} />
    case 'origins':
      return <Origins section={section} />
  }
}

function WordCount({ section }: { section: Section }) {
  const text = useText(section.body)
  return <p className="section-words quiet">{saidWords(countWords(text))}</p>
}

function SectionTools({ section, order, onAddBelow }: Omit<Props, 'mode'>) {
  const { live, askAgent } = useOpen()
  const index = order.findIndex((one) => one.id === section.id)
  const move = (to: number) => moveSection(live.document, order, section.id, to)
  const name = section.title || 'untitled section'
  return (
    <div className="section-tools">
      <Tool name={`Ask the agent about ${name}`} Icon={Bot} act={askAgent} />
      <Tool
        name={`Move ${name} up`}
        Icon={ArrowUp}
        disabled={index === 0}
        act={() => move(index - 1)}
      />
      <Tool
        name={`Move ${name} down`}
        Icon={ArrowDown}
        disabled={index === order.length - 1}
        act={() => move(index + 1)}
      />
      <Tool name={`Add a section below ${name}`} Icon={Plus} act={onAddBelow} />
      <Tool
        name={`Delete ${name}`}
        Icon={Trash2}
        act={() => {
          live.undo.plan.stopCapturing()
          removeSection(live.document, section.id)
        }}
      />
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
      className="button plain icon small-icon"
      aria-label={name}
      title={name}
      disabled={disabled}
      onClick={act}
    >
      <Icon size={15} aria-hidden />
    </button>
  )
}
