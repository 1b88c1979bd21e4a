/** For an address that leads nowhere. */
import { followed } from '../app/router'

export function NotFoundPage() {
  return (
    <main className="empty">
      <h1>Nothing here</h1>
      <p>This address leads to no page of the studio.</p>
      <a className="button" href="/" onClick={followed}>
        Your projects
      </a>
    </main>
  )
}
