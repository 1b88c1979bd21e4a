/** A long list, a page at a time. */
import { useCallback, useEffect, useState } from 'react'
import { toldOf } from '../api/client'

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface Pages<T> {
  items: readonly T[] | null
  told: string | null
  /** Fetches the next page; null where this is all. */
  more: (() => void) | null
  /** From the beginning. */
  again: () => void
}

/** `ask` must be stable (`useCallback`): with a new one the list begins anew. */
export function usePages<T>(ask: (cursor: string | null) => Promise<Page<T>>): Pages<T> {
  const [round, setRound] = useState(0)
  const [shown, setShown] = useState<Page<T> | null>(null)
  const [told, setTold] = useState<string | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round begins anew
  useEffect(() => {
    let current = true
    ask(null)
      .then((page) => {
        if (!current) return
        setShown(page)
        setTold(null)
      })
      .catch((error: unknown) => current && setTold(toldOf(error)))
    return () => {
      current = false
    }
  }, [ask, round])
  const again = useCallback(() => setRound((before) => before + 1), [])
  const cursor = shown?.next ?? null
  /** The page belongs to the list only as long as that is the one it goes on from. */
  const append = (page: Page<T>) =>
    setShown((now) =>
      now && now === shown ? { ...page, items: [...now.items, ...page.items] } : now,
    )
  const fetchMore = () => {
    ask(cursor)
      .then(append)
      .catch((error: unknown) => setTold(toldOf(error)))
  }
  return { items: shown?.items ?? null, told, more: cursor === null ? null : fetchMore, again }
}
