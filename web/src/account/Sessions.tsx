/** Where one is logged in, and ending that. */
import { useCallback } from 'react'
import { api, done, got, toldOf } from '../api/client'
import type { Session } from '../api/types'
import { useTell } from '../app/toasts'
import { onThe } from '../ui/time'
import { useAsked } from '../ui/useAsked'

export function Sessions() {
  const tell = useTell()
  const ask = useCallback(() => got(api.GET('/sessions')), [])
  const { value, told, again } = useAsked(ask)
  async function end(one: Session | null): Promise<void> {
    if (one === null) await done(api.DELETE('/sessions'))
    else {
      const params = { path: { credential_id: one.id } }
      await done(api.DELETE('/sessions/{credential_id}', { params }))
    }
    again()
  }
  const attempt = (one: Session | null) =>
    void end(one).catch((error: unknown) => tell(toldOf(error)))
  return (
    <section className="form sheet" aria-label="Sessions">
      <h2>Where you are logged in</h2>
      {told !== null && <p className="told">{told}</p>}
      <ul className="members">
        {value?.items.map((one) => (
          <li className="member" key={one.id}>
            <span className="grow small">
              {one.label || 'A browser'}
              <span className="quiet">, since {onThe(one.created_at)}</span>
            </span>
            {one.is_current ? (
              <span className="badge">here</span>
            ) : (
              <button type="button" className="button plain danger" onClick={() => attempt(one)}>
                End
              </button>
            )}
          </li>
        ))}
      </ul>
      {value && value.items.length > 1 && (
        <button type="button" className="button" onClick={() => attempt(null)}>
          End all others
        </button>
      )}
    </section>
  )
}
