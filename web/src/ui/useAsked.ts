/** What a view asks the server for when it opens, and whenever it says so. */
import { useCallback, useEffect, useState } from 'react'
import { toldOf } from '../api/client'

export interface Asked<T> {
  /** The newest answer; kept while it is asked for again. */
  value: T | null
  told: string | null
  again: () => void
}

/** `ask` must be stable (`useCallback`): a new one is asked at once. */
export function useAsked<T>(ask: () => Promise<T>): Asked<T> {
  const [value, setValue] = useState<T | null>(null)
  const [told, setTold] = useState<string | null>(null)
  const [round, setRound] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round asks again
  useEffect(() => {
    let current = true
    ask()
      .then((answer) => {
        if (current) setValue(answer)
        if (current) setTold(null)
      })
      .catch((error: unknown) => {
        if (current) setTold(toldOf(error))
      })
    return () => {
      current = false
    }
  }, [ask, round])
  const again = useCallback(() => setRound((before) => before + 1), [])
  return { value, told, again }
}
