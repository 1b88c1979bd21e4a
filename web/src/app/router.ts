/**
 * Where the person is: the address bar, as a value that views follow.
 *
 * What does not live here: which view belongs to an address (App.tsx).
 */
import { type MouseEvent, useSyncExternalStore } from 'react'

const MOVED = 'studio:moved'

function subscribe(changed: () => void): () => void {
  window.addEventListener('popstate', changed)
  window.addEventListener(MOVED, changed)
  return () => {
    window.removeEventListener('popstate', changed)
    window.removeEventListener(MOVED, changed)
  }
}

/** The path, without query and fragment. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname)
}

/** Go somewhere in the studio. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  window.dispatchEvent(new Event(MOVED))
}

/** For a link's `onClick`: stay in the page, unless a new tab is asked for. */
export function followed(event: MouseEvent<HTMLAnchorElement>): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
  event.preventDefault()
  go(event.currentTarget.pathname + event.currentTarget.hash)
}

/** Takes a secret out of the address bar and answers it; null if there is none. */
export function takeLink(): string | null {
  const link = new URLSearchParams(window.location.search).get('link')
  if (link !== null) window.history.replaceState(null, '', window.location.pathname)
  return link
}
