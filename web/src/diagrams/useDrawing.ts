/** A source as a drawing that follows it, a moment behind; the last good one stays while it is wrong. */
import { useEffect, useState } from 'react'
import { useTheme } from '../app/theme'
import type { Picture } from './exporting'
import type { Fault } from './mermaid'

const PAUSE = 250

export interface Shown {
  picture: Picture | null
  fault: Fault | null
}

export function useDrawing(source: string): Shown {
  const theme = useTheme()
  const [shown, setShown] = useState<Shown>({ picture: null, fault: null })
  useEffect(() => {
    let current = true
    const timer = setTimeout(async () => {
      if (source.trim() === '') {
        setShown({ picture: null, fault: null })
        return
      }
      const { draw } = await import('./mermaid')
      const drawing = await draw(source, theme)
      if (!current) return
      if ('fault' in drawing) setShown(({ picture }) => ({ picture, fault: drawing.fault }))
      else setShown({ picture: drawing, fault: null })
    }, PAUSE)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [source, theme])
  return shown
}
