/** What changes by itself: asked again every few seconds, while somebody looks. */
import { useEffect } from 'react'
import { type Asked, useAsked } from '../ui/useAsked'

const EVERY = 4000

export function useWatched<T>(ask: () => Promise<T>): Asked<T> {
  const asked = useAsked(ask)
  const { again } = asked
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && again(), EVERY)
    return () => clearInterval(timer)
  }, [again])
  return asked
}
