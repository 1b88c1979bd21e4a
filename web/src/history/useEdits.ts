/** The document has been edited: what was asked about the past is asked again. */
import { useEffect } from 'react'
import type { LiveProject } from '../live/LiveProject'

/** After the last edit; milliseconds. */
const QUIET = 1000

/** Calls once the document has been edited, by whomever, and then been quiet. */
export function useEdits(live: LiveProject, call: () => void): void {
  useEffect(() => {
    const { doc } = live.document
    let timer: ReturnType<typeof setTimeout> | undefined
    const hear = () => {
      clearTimeout(timer)
      timer = setTimeout(call, QUIET)
    }
    doc.on('update', hear)
    return () => {
      clearTimeout(timer)
      doc.off('update', hear)
    }
  }, [live, call])
}
