/** Following an invitation. Its code is in the fragment, which no server's log ever sees. */
import { useCallback, useState } from 'react'
import { api, got, toldOf } from '../api/client'
import { followed, go } from '../app/router'
import { useTell } from '../app/toasts'
import { useAsked } from '../ui/useAsked'
import { Waiting } from '../ui/Waiting'

export function JoinPage() {
  const [code] = useState(() => window.location.hash.slice(1))
  const tell = useTell()
  const path = { code }
  const ask = useCallback(
    () => got(api.GET('/invitations/{code}', { params: { path: { code } } })),
    [code],
  )
  const { value: invited, told } = useAsked(ask)
  async function accept(): Promise<void> {
    const joined = await got(api.POST('/invitations/{code}/accept', { params: { path } }))
    go(`/projects/${joined.project_id}`, { replace: true })
  }
  if (told !== null) {
    return (
      <main className="empty">
        <h1>This invitation does not hold</h1>
        <p>It is unknown, used up, revoked or expired. Ask whoever sent it for another.</p>
        <a className="button" href="/" onClick={followed}>
          Your projects
        </a>
      </main>
    )
  }
  if (invited === null) return <Waiting />
  return (
    <main className="empty">
      <h1>{invited.title}</h1>
      <p>You are invited to join this project as {article(invited.role)}.</p>
      <button
        type="button"
        className="button primary"
        onClick={() => accept().catch((error: unknown) => tell(toldOf(error)))}
      >
        Join
      </button>
    </main>
  )
}

function article(role: string): string {
  return /^[aeiou]/.test(role) ? `an ${role}` : `a ${role}`
}
