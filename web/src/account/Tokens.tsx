/** Tokens by which programs act as this person. */
import { useCallback, useState } from 'react'
import { api, done, got, toldOf } from '../api/client'
import type { Scope, Token } from '../api/types'
import { useTell } from '../app/toasts'
import { Field } from '../ui/Field'
import { Told, useForm } from '../ui/form'
import { onThe } from '../ui/time'
import { useAsked } from '../ui/useAsked'
import { Secret } from './Secret'

const SCOPES: [Scope, string][] = [
  ['read', 'may read'],
  ['write', 'may read and edit'],
  ['admin', 'may do all that you may'],
]

export function Tokens() {
  const tell = useTell()
  const ask = useCallback(() => got(api.GET('/tokens')), [])
  const { value, told, again } = useAsked(ask)
  async function revoke(one: Token): Promise<void> {
    const params = { path: { credential_id: one.id } }
    await done(api.DELETE('/tokens/{credential_id}', { params }))
    again()
  }
  return (
    <section className="form sheet" aria-label="Tokens">
      <h2>Tokens for programs</h2>
      {told !== null && <p className="told">{told}</p>}
      <ul className="members">
        {value?.items.map((one) => (
          <li className="member" key={one.id}>
            <span className="grow small">
              {one.label || 'Without a name'}
              <span className="quiet">
                , {SCOPES.find(([scope]) => scope === one.scope)?.[1]}
                {one.expires_at && `, until ${onThe(one.expires_at)}`}
              </span>
            </span>
            <button
              type="button"
              className="button plain danger"
              aria-label={`Revoke ${one.label || 'the token without a name'}`}
              onClick={() => revoke(one).catch((error: unknown) => tell(toldOf(error)))}
            >
              Revoke
            </button>
          </li>
        ))}
      </ul>
      <NewToken onMade={again} />
    </section>
  )
}

function NewToken({ onMade }: { onMade: () => void }) {
  const [token, setToken] = useState<string | null>(null)
  const form = useForm(async (given) => {
    const days = Number(given('days'))
    const body = {
      label: given('label'),
      scope: given('scope') as Scope,
      days: days > 0 ? days : null,
    }
    const made = await got(api.POST('/tokens', { body }))
    setToken(made.token)
    onMade()
  })
  return (
    <form className="form" onSubmit={form.submit}>
      <Field label="What it is for" name="label" maxLength={100} required />
      <div className="row">
        <label className="field grow">
          Rights
          <select className="input" name="scope">
            {SCOPES.map(([scope, words]) => (
              <option key={scope} value={scope}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label className="field grow">
          Ends after
          <select className="input" name="days" defaultValue="90">
            <option value="30">30 days</option>
            <option value="90">90 days</option>
            <option value="365">a year</option>
            <option value="0">never</option>
          </select>
        </label>
      </div>
      <Told form={form} />
      {token !== null && <Secret label="The new token" text={token} />}
      <button type="submit" className="button" disabled={form.busy}>
        Make a token
      </button>
    </form>
  )
}
