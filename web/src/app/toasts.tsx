/** Short news at the foot of the page, read aloud and gone after a while. */
import { createContext, type ReactNode, use, useCallback, useState } from 'react'

const SECONDS = 6

const ToastContext = createContext<(text: string) => void>(() => {})

export function ToastProvider({ children }: { children: ReactNode }) {
  const [news, setNews] = useState<{ id: string; text: string }[]>([])
  const tell = useCallback((text: string) => {
    const id = crypto.randomUUID()
    setNews((now) => [...now, { id, text }])
    setTimeout(() => setNews((now) => now.filter((one) => one.id !== id)), SECONDS * 1000)
  }, [])
  return (
    <ToastContext value={tell}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {news.map((one) => (
          <div className="toast" key={one.id}>
            {one.text}
          </div>
        ))}
      </div>
    </ToastContext>
  )
}

export function useTell(): (text: string) => void {
  return use(ToastContext)
}
