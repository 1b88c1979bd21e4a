/** One's own account: name, password, second factor, sessions and tokens. */
import '../styles/account.css'
import { api, got } from '../api/client'
import { useDoor, usePerson } from '../app/person'
import { TopBar } from '../app/TopBar'
import { Field } from '../ui/Field'
import { Told, useForm } from '../ui/form'
import { SecondFactor } from './SecondFactor'
import { Sessions } from './Sessions'
import { Tokens } from './Tokens'

export default function AccountPage() {
  const { email } = usePerson()
  return (
    <>
      <TopBar />
      <main className="account">
        <div>
          <h1>Your account</h1>
          <p className="quiet">{email}</p>
        </div>
        <Name />
        <Password />
        <SecondFactor />
        <Sessions />
        <Tokens />
      </main>
    </>
  )
}

function Name() {
  const { name } = usePerson()
  const { refresh } = useDoor()
  const form = useForm(async (given, tell) => {
    await got(api.PATCH('/users/me', { body: { name: given('name') } }))
    await refresh()
    tell('This is what others see now.')
  })
  return (
    <form className="form sheet" onSubmit={form.submit} aria-label="Name">
      <h2>Name</h2>
      <Field
        label="What others see"
        name="name"
        defaultValue={name}
        maxLength={100}
        autoComplete="name"
        required
      />
      <Told form={form} />
      <button type="submit" className="button primary" disabled={form.busy}>
        Keep
      </button>
    </form>
  )
}

function Password() {
  const { has_password } = usePerson()
  const { refresh } = useDoor()
  const form = useForm(async (given, tell) => {
    const body = { current: has_password ? given('current') : null, new: given('new') }
    await got(api.PUT('/users/me/password', { body }))
    await refresh()
    tell('The password is changed. All other sessions have ended.')
  })
  return (
    <form className="form sheet" onSubmit={form.submit} aria-label="Password">
      <h2>Password</h2>
      {has_password && (
        <Field
          label="The password as it is"
          name="current"
          type="password"
          autoComplete="current-password"
          required
        />
      )}
      <Field
        label="A new password"
        name="new"
        type="password"
        autoComplete="new-password"
        required
      />
      <Told form={form} />
      <button type="submit" className="button primary" disabled={form.busy}>
        {has_password ? 'Change the password' : 'Set a password'}
      </button>
    </form>
  )
}
