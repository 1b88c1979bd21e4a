/** A whole page that waits, or says why it cannot go on. */
import { Logo } from './Logo'

export function Waiting({ told }: { told?: string }) {
  return (
    <main className="waiting">
      <Logo size={44} />
      <p role="status">{told ?? 'One moment…'}</p>
      {told && (
        <button type="button" className="button" onClick={() => window.location.reload()}>
          Try again
        </button>
      )}
    </main>
  )
}
