/** One diagram: its source beside its drawing. */
import { Download, Image as ImageIcon, Trash2, Unlink } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { Beside } from '../agent/Beside'
import { toldOf } from '../api/client'
import { useTheme } from '../app/theme'
import { useTell } from '../app/toasts'
import { type Diagram, detachDiagram, removeDiagram, retitleDiagram } from '../document/diagrams'
import { flowchart } from '../document/flowchart'
import { useElements, useText } from '../document/useElements'
import { useOpen } from '../live/useLive'
import { DraftField } from '../ui/DraftField'
import { type Picture, savePng, saveSvg } from './exporting'
import { faults } from './faults'
import { type Shown, useDrawing } from './useDrawing'

const TextEditor = lazy(() => import('../editor/TextEditor'))
const GROUND = { light: '#ffffff', dark: '#1b1e24' }

export function DiagramView({ diagram }: { diagram: Diagram }) {
  return diagram.derived ? <DerivedDiagram diagram={diagram} /> : <TypedDiagram diagram={diagram} />
}

function TypedDiagram({ diagram }: { diagram: Diagram }) {
  const { live } = useOpen()
  const shown = useDrawing(useText(diagram.source))
  return (
    <Frame diagram={diagram} shown={shown}>
      <Suspense fallback={<pre className="source">{diagram.source.toString()}</pre>}>
        <TextEditor
          text={diagram.source}
          kind="diagram"
          id={diagram.id}
          undo={live.undo.diagrams}
          label={`Source of ${diagram.title || 'the diagram'}`}
          language="plain"
          extension={faults}
        />
      </Suspense>
    </Frame>
  )
}

/** Drawn from the board itself, so that it is never behind it. */
function DerivedDiagram({ diagram }: { diagram: Diagram }) {
  const { live } = useOpen()
  const [nodes, edges] = [useElements(live.nodes), useElements(live.edges)]
  const source = useMemo(() => flowchart(nodes, edges), [nodes, edges])
  return (
    <Frame diagram={diagram} shown={useDrawing(source)}>
      <p className="source-note quiet small">This source follows the board.</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre className="source" tabIndex={0}>
        {source}
      </pre>
    </Frame>
  )
}

interface FrameProps {
  diagram: Diagram
  shown: Shown
  children: React.ReactNode
}

function Frame({ diagram, shown, children }: FrameProps) {
  const { live, canWrite } = useOpen()
  return (
    <div className="diagram">
      <div className="diagram-head">
        {canWrite ? (
          <DraftField
            isBare
            label="Title"
            className="section-title"
            placeholder="Untitled"
            value={diagram.title}
            onKeep={(title) => retitleDiagram(live.document, diagram.id, title)}
          />
        ) : (
          <h2 className="section-title">{diagram.title || 'Untitled'}</h2>
        )}
        <DiagramTools diagram={diagram} picture={shown.picture} />
      </div>
      <div className="diagram-halves">
        <div className="diagram-source">
          {children}
          <Beside kind="diagram" id={diagram.id} />
        </div>
        <Drawn title={diagram.title} shown={shown} />
      </div>
    </div>
  )
}

function DiagramTools({ diagram, picture }: { diagram: Diagram; picture: Picture | null }) {
  const { live, canWrite } = useOpen()
  const theme = useTheme()
  const tell = useTell()
  const title = diagram.title || 'diagram'
  return (
    <div className="row">
      <button
        type="button"
        className="button"
        disabled={!picture}
        onClick={() => picture && saveSvg(picture, title)}
      >
        <Download size={15} aria-hidden /> SVG
      </button>
      <button
        type="button"
        className="button"
        disabled={!picture}
        onClick={() =>
          picture &&
          savePng(picture, title, GROUND[theme]).catch((error: unknown) => tell(toldOf(error)))
        }
      >
        <ImageIcon size={15} aria-hidden /> PNG
      </button>
      {canWrite && diagram.derived && (
        <button
          type="button"
          className="button plain icon"
          aria-label="Follow the board no more"
          title="Follow the board no more"
          onClick={() => detachDiagram(live.document, diagram.id)}
        >
          <Unlink size={16} aria-hidden />
        </button>
      )}
      {canWrite && (
        <button
          type="button"
          className="button plain icon"
          aria-label={`Delete ${title}`}
          title="Delete"
          onClick={() => {
            live.undo.diagrams.stopCapturing()
            removeDiagram(live.document, diagram.id)
          }}
        >
          <Trash2 size={16} aria-hidden />
        </button>
      )}
    </div>
  )
}

function Drawn({ title, shown }: { title: string; shown: Shown }) {
  const url = usePictureUrl(shown.picture)
  return (
    <div className={`drawn${shown.fault ? ' stale' : ''}`}>
      {url && shown.picture && (
        <img
          src={url}
          alt={`Drawing of ${title || 'the diagram'}`}
          width={shown.picture.width}
          height={shown.picture.height}
        />
      )}
      {shown.fault && (
        <p className="told" role="status">
          Line {shown.fault.line}: {shown.fault.message}
        </p>
      )}
    </div>
  )
}

function usePictureUrl(picture: Picture | null): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (picture === null) {
      setUrl(null)
      return
    }
    const made = URL.createObjectURL(new Blob([picture.svg], { type: 'image/svg+xml' }))
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [picture])
  return url
}
