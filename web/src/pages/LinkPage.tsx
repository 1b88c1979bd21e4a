/** Where mailed links lead: choose a password, finish a registration, confirm a new address. */
import { useState } from 'react'
import { api, done, got } from '../api/client'
import { useDoor } from '../app/person'
import { go, takeLink } from '../app/router'
import { Field } from '../ui/Field'
import { Told, useForm } from '../ui/form'
import { Doorstep } from './Doorstep'

export type LinkPath = '/reset' | '/register' | '/email'

const TITLES: Record<LinkPath, string> = {
  '/reset': 'Choose a new password',
  '/register': 'Finish your account',
  '/email': 'Confirm your new address',
}

export function LinkPage({ path }: { path: LinkPath }) {
  const [link] = useState(takeLink)
  const { refresh } = useDoor()
  const form = useForm(async (given) => {
    if (link === null) throw new Error('The link in your mail is missing from this address.')
    const password = given('password')
    if (path === '/reset')
      await done(api.POST('/auth/password/reset', { body: { link, password } }))
    else if (path === '/email') await got(api.POST('/auth/email', { body: { link } }))
    else {
      const body = { link, password, name: given('name') }
      await got(api.POST('/auth/register/confirm', { body }))
    }
    await refresh()
    go('/', { replace: true })
  })
  return (
    <Doorstep title={TITLES[path]}>
      <form className="form" onSubmit={form.submit}>
        {path === '/register' && (
          <Field label="Your name" name="name" autoComplete="name" required />
        )}
        {path !== '/email' && (
          <Field
            label="Password, at least 8 characters"
            name="password"
            type="password"
            autoComplete="new-password"
            minLength={8}
            required
          />
        )}
        <Told form={form} />
        <button type="submit" className="button primary wide" disabled={form.busy}>
          {path === '/email' ? 'Confirm' : 'Save'}
        </button>
      </form>
    </Doorstep>
  )
}
