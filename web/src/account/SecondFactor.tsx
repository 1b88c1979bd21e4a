/** A code from an app beside the password (TOTP), and codes for the day on which the app is lost. */
import { useState } from 'react'
import { api, done, got } from '../api/client'
import { useDoor, usePerson } from '../app/person'
import { Field } from '../ui/Field'
import { Told, useForm } from '../ui/form'
import { Secret } from './Secret'

export function SecondFactor() {
  const { has_second_factor } = usePerson()
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  return (
    <section className="form sheet" aria-label="Second factor">
      <h2>Second factor</h2>
      {has_second_factor ? (
        <Remove onRemoved={() => setCodes(null)} />
      ) : (
        <Begin onDone={setCodes} />
      )}
      {codes && <Secret label="Recovery codes, each for one login" text={codes.join('\n')} />}
    </section>
  )
}

function Begin({ onDone }: { onDone: (codes: readonly string[]) => void }) {
  const { has_password } = usePerson()
  const [seed, setSeed] = useState<{ seed: string; uri: string } | null>(null)
  const form = useForm(async (given) => {
    const body = { password: has_password ? given('password') : null }
    setSeed(await got(api.POST('/users/me/second-factor', { body })))
  })
  if (seed !== null) return <Confirm seed={seed} onDone={onDone} />
  return (
    <form className="form" onSubmit={form.submit}>
      <p className="quiet">Ask for a code from an app beside the password.</p>
      {has_password && (
        <Field
          label="Your password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
      )}
      <Told form={form} />
      <button type="submit" className="button" disabled={form.busy}>
        Set it up
      </button>
    </form>
  )
}

interface ConfirmProps {
  seed: { seed: string; uri: string }
  onDone: (codes: readonly string[]) => void
}

function Confirm({ seed, onDone }: ConfirmProps) {
  const { refresh } = useDoor()
  const form = useForm(async (given) => {
    const body = { code: given('code') }
    const { codes } = await got(api.POST('/users/me/second-factor/confirm', { body }))
    onDone(codes)
    await refresh()
  })
  return (
    <form className="form" onSubmit={form.submit}>
      <p>
        Type this key into your app, or <a href={seed.uri}>open it there</a>.
      </p>
      <Secret label="Key" text={seed.seed} />
      <CodeField />
      <Told form={form} />
      <button type="submit" className="button primary" disabled={form.busy}>
        Confirm
      </button>
    </form>
  )
}

function Remove({ onRemoved }: { onRemoved: () => void }) {
  const { refresh } = useDoor()
  const form = useForm(async (given) => {
    const body = { code: given('code') }
    await done(api.POST('/users/me/second-factor/remove', { body }))
    onRemoved()
    await refresh()
  })
  return (
    <form className="form" onSubmit={form.submit}>
      <p className="quiet">You are asked for a code at each login.</p>
      <CodeField />
      <Told form={form} />
      <button type="submit" className="button danger" disabled={form.busy}>
        Remove it
      </button>
    </form>
  )
}

function CodeField() {
  return (
    <Field
      label="A code of the app"
      name="code"
      inputMode="numeric"
      autoComplete="one-time-code"
      required
    />
  )
}
