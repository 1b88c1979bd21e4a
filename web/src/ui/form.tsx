/** Forms: sent once at a time, with a word on what became of it. */
import { type FormEvent, useState } from 'react'
import { toldOf } from '../api/client'

interface Form {
  submit: (event: FormEvent<HTMLFormElement>) => void
  busy: boolean
  told: string | null
  good: string | null
}

type Send = (given: (name: string) => string, tell: (good: string) => void) => Promise<void>

/** A form that is sent once at a time, and says what became of it. */
export function useForm(send: Send): Form {
  const [busy, setBusy] = useState(false)
  const [told, setTold] = useState<string | null>(null)
  const [good, setGood] = useState<string | null>(null)
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    setBusy(true)
    setTold(null)
    send((name) => String(data.get(name) ?? '').trim(), setGood)
      .catch((error: unknown) => setTold(toldOf(error)))
      .finally(() => setBusy(false))
  }
  return { submit, busy, told, good }
}

export function Told({ form }: { form: Form }) {
  return (
    <div role="alert">
      {form.told !== null && <p className="told">{form.told}</p>}
      {form.good !== null && form.told === null && <p className="told good">{form.good}</p>}
    </div>
  )
}
