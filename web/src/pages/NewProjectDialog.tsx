/** Making a project: empty, or with a plan that the agent begins. */
import { useState } from 'react'
import { titleOf } from '../agent/runs'
import { api, got, toldOf } from '../api/client'
import { useTell } from '../app/toasts'
import { Dialog } from '../ui/Dialog'
import { Field } from '../ui/Field'
import { Told, useForm } from '../ui/form'

interface Props {
  onClose: () => void
  /** Where one goes on: a project's address. */
  onMade: (address: string) => void
}

export function NewProjectDialog({ onClose, onMade }: Props) {
  const tell = useTell()
  const [prompt, setPrompt] = useState('')
  const isAsked = prompt.trim() !== ''
  const form = useForm(async (given) => {
    const body = {
      title: given('title') || titleOf(prompt),
      description: given('description'),
    }
    const { id } = await got(api.POST('/projects', { body }))
    if (!isAsked) return onMade(`/projects/${id}`)
    // The project is there, whatever the agent says: it is opened, and can be asked again.
    await begin(id, prompt.trim()).catch((error: unknown) => tell(toldOf(error)))
    onMade(`/projects/${id}/plan#agent`)
  })
  return (
    <Dialog title="New project" onClose={onClose}>
      <form className="form" onSubmit={form.submit}>
        <Field
          label={isAsked ? 'Title (or the first words of your request)' : 'Title'}
          name="title"
          maxLength={200}
          autoFocus
          required={!isAsked}
        />
        <label className="field">
          Description
          <textarea className="input" name="description" rows={2} maxLength={4000} />
        </label>
        <label className="field">
          Let the agent begin
          <textarea
            className="input"
            name="prompt"
            rows={4}
            maxLength={8000}
            placeholder="A plan for a bicycle repair café in Ghent…"
            value={prompt}
            onChange={(event) => setPrompt(event.target.value)}
          />
          <span className="quiet small">Leave this empty for an empty project.</span>
        </label>
        <Told form={form} />
        <div className="row end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={form.busy}>
            {isAsked ? 'Create and write' : 'Create'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

async function begin(project: string, prompt: string): Promise<void> {
  const params = { path: { project_id: project } }
  const body = { prompt, task: 'plan' as const, diagram: 'flowchart' as const, target: null }
  await got(api.POST('/projects/{project_id}/runs', { params, body }))
}
