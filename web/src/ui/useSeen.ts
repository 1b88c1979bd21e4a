/** Whether an element has come near the screen; from then on it stays so. */
import { useEffect, useRef, useState } from 'react'

const NEAR = '600px'

export function useSeen<T extends Element>() {
  const ref = useRef<T>(null)
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const look = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) setSeen(true)
      },
      { rootMargin: NEAR },
    )
    look.observe(element)
    return () => look.disconnect()
  }, [])
  return { ref, seen }
}
