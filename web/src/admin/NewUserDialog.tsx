/** An account for somebody, who logs in by a link the first time. */
import { api, got } from '../api/client'
import { useTell } from '../app/toasts'
import { Dialog } from '../ui/Dialog'
import { Field } from '../ui/Field'
import { Told, useForm } from '../ui/form'

export function NewUserDialog({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const tell = useTell()
  const form = useForm(async (given) => {
    const body = {
      email: given('email'),
      name: given('name'),
      is_admin: given('is_admin') !== '',
    }
    const made = await got(api.POST('/admin/users', { body }))
    tell(`${made.email} has an account.`)
    onMade()
    onClose()
  })
  return (
    <Dialog title="New user" onClose={onClose}>
      <form className="form" onSubmit={form.submit}>
        <Field label="Address" name="email" type="email" required />
        <Field label="Name" name="name" maxLength={100} />
        <label className="row">
          <input type="checkbox" name="is_admin" value="yes" /> May administer the whole server
        </label>
        <p className="quiet small">
          They choose a password through “Forgot your password?” on the login page, or log in with a
          link that you make on the server: <code>8gentc user login-link</code>.
        </p>
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
