/** Asking the agent: for what, about what, in which words. */
import { SendHorizontal, X } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { api, got } from '../api/client'
import type { NewRun, Run, RunTask } from '../api/types'
import type { Focus } from '../live/Attention'
import type { LiveProject } from '../live/LiveProject'
import { useOpen } from '../live/useLive'
import { Told, useForm } from '../ui/form'
import { nameOf } from './names'
import { DIAGRAMS, TASKS, targetOf } from './runs'

interface Props {
  call: number
  onAsked: (run: Run) => void
}

export function AskForm({ call, onAsked }: Props) {
  const { live } = useOpen()
  const focus = useSyncExternalStore(live.attention.subscribe, live.attention.focus)
  const [task, setTask] = useState<RunTask>('free')
  const prompt = useRef<HTMLTextAreaElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each call asks for the focus
  useEffect(() => prompt.current?.focus(), [call])
  const form = useForm(async (given) => {
    const diagram = (given('diagram') || 'flowchart') as NewRun['diagram']
    const body = { prompt: given('prompt'), task, diagram, target: targetOf(focus) }
    const params = { path: { project_id: live.id } }
    onAsked(await got(api.POST('/projects/{project_id}/runs', { params, body })))
    if (prompt.current) prompt.current.value = ''
  })
  return (
    <form className="agent-foot" onSubmit={form.submit}>
      <About live={live} focus={focus} />
      <div className="row">
        <select
          className="input grow"
          aria-label="What the agent shall do"
          value={task}
          onChange={(event) => setTask(event.target.value as RunTask)}
        >
          {TASKS.map((one) => (
            <option key={one.task} value={one.task} title={one.hint}>
              {one.title}
            </option>
          ))}
        </select>
        {task === 'diagram' && <DiagramKind />}
      </div>
      <div className="agent-prompt">
        <textarea
          className="input"
          name="prompt"
          aria-label="Ask the agent"
          placeholder={TASKS.find((one) => one.task === task)?.hint}
          rows={3}
          maxLength={8000}
          required
          ref={prompt}
          onKeyDown={sendOnEnter}
        />
        <button
          type="submit"
          className="button primary icon"
          aria-label="Ask"
          title="Ask (Enter)"
          disabled={form.busy}
        >
          <SendHorizontal size={16} aria-hidden />
        </button>
      </div>
      <Told form={form} />
    </form>
  )
}

function DiagramKind() {
  return (
    <select className="input grow" name="diagram" aria-label="Kind of diagram">
      {DIAGRAMS.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  )
}

/** Shift and Enter make a new line; so does the Enter that ends a composition. */
function sendOnEnter(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
  event.preventDefault()
  event.currentTarget.form?.requestSubmit()
}

/** What the question is about; the selection, unless one lets go of it. */
function About({ live, focus }: { live: LiveProject; focus: Focus }) {
  const isWhole = focus.elements.length === 0
  return (
    <p className="agent-about" aria-live="polite">
      <span className="quiet">About </span>
      <span className="badge">{wordsOf(live, focus)}</span>
      {!isWhole && (
        <button
          type="button"
          className="button plain icon small-icon"
          aria-label="Ask about the whole project"
          title="Ask about the whole project"
          onClick={live.attention.rest}
        >
          <X size={13} aria-hidden />
        </button>
      )}
    </p>
  )
}

function wordsOf(live: LiveProject, { elements, span }: Focus): string {
  const [first] = elements
  if (first === undefined) return 'the whole project'
  if (elements.length > 1) return `${elements.length} selected elements`
  const name = nameOf(live, first.kind, first.id)
  return span === null ? name : `“${shortened(span.text)}” in ${name}`
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
