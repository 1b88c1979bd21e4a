/** Light or dark: as the system says, until the person chooses. */
import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark'

const KEY = 'studio:theme'
const CHANGED = 'studio:theme'
const dark = window.matchMedia('(prefers-color-scheme: dark)')

function theme(): Theme {
  const chosen = localStorage.getItem(KEY)
  if (chosen === 'light' || chosen === 'dark') return chosen
  return dark.matches ? 'dark' : 'light'
}

/** Puts the theme on the page, now and whenever it changes. */
export function applyTheme(): void {
  const apply = () => {
    document.documentElement.dataset.theme = theme()
  }
  apply()
  subscribe(apply)
}

function subscribe(changed: () => void): () => void {
  dark.addEventListener('change', changed)
  window.addEventListener(CHANGED, changed)
  return () => {
    dark.removeEventListener('change', changed)
    window.removeEventListener(CHANGED, changed)
  }
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, theme)
}

export function chooseTheme(chosen: Theme): void {
  localStorage.setItem(KEY, chosen)
  window.dispatchEvent(new Event(CHANGED))
}
