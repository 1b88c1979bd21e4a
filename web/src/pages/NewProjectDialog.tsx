/** Making a project. */
import { api, got } from '../api/client'
import { Dialog } from '../ui/Dialog'
import { Field } from '../ui/Field'
import { Told, useForm } from '../ui/form'

export function NewProjectDialog({
  onClose,
  onMade,
}: {
  onClose: () => void
  onMade: (id: string) => void
}) {
  const form = useForm(async (given) => {
    const body = { title: given('title'), description: given('description') }
    const made = await got(api.POST('/projects', { body }))
    onMade(made.id)
  })
  return (
    <Dialog title="New project" onClose={onClose}>
      <form className="form" onSubmit={form.submit}>
        <Field label="Title" name="title" maxLength={200} autoFocus required />
        <label className="field">
          Description
          <textarea className="input" name="description" rows={3} maxLength={4000} />
        </label>
        <Told form={form} />
        <div className="row end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={form.busy}>
            Create
          </button>
        </div>
      </form>
    </Dialog>
  )
}
