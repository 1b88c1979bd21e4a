/** What has gone wrong and what can be done about it, in one strip under the bar. */
import { useState } from 'react'
import type { Role } from '../api/types'
import { go } from '../app/router'
import type { Status } from '../live/status'
import { useOpen } from '../live/useLive'
import { Dialog } from '../ui/Dialog'

interface Props {
  status: Status
  role: Role | null
  told: string | null
}

export function Notices({ status, role, told }: Props) {
  const { trouble, refusal, unsaved } = status
  if (trouble?.kind === 'logged-out') {
    return (
      <Strip kind="warn" words={`You are logged out. ${kept(unsaved)}`}>
        <button type="button" className="button" onClick={() => go('/login')}>
          Log in
        </button>
      </Strip>
    )
  }
  if (trouble?.kind === 'gone') {
    return (
      <Strip
        kind="danger"
        words="This project is not yours to see any more. What you typed last was not saved."
      >
        <Discard />
      </Strip>
    )
  }
  if (trouble?.kind === 'out-of-service') {
    const words = `The server cannot save at the moment: its storage is full or out of service. ${kept(unsaved)}`
    return <Strip kind="danger" words={words} />
  }
  if (trouble?.kind === 'impossible') {
    return (
      <Strip
        kind="danger"
        words={`The server cannot take what this browser holds: ${trouble.told.replace(/\.$/, '')}. It is kept here; undo what you added last, then load this page again.`}
      >
        <Discard />
      </Strip>
    )
  }
  if (refusal !== null && unsaved) return <Refused refusal={refusal} role={role} />
  if (told !== null) return <Strip kind="warn" words={told} />
  return role === 'viewer' ? (
    <Strip kind="plain" words="You can look at this project, not change it." />
  ) : null
}

function kept(unsaved: boolean): string {
  return unsaved ? 'Your edits are kept in this browser and sent when you are back.' : ''
}

/** A write was refused: by a role, by a limit, or for a reason that the server tells. */
function Refused({ refusal, role }: { refusal: string; role: Role | null }) {
  const words =
    role === 'viewer'
      ? 'You may only look at this project now. What you typed last was not saved.'
      : `The server refused your last edit: ${refusal}. It is kept in this browser.`
  return (
    <Strip kind="danger" words={words}>
      {role !== 'viewer' && <SendAgain />}
      <Discard />
    </Strip>
  )
}

function SendAgain() {
  const { live } = useOpen()
  return (
    <button type="button" className="button" onClick={() => live.connection.renew()}>
      Send again
    </button>
  )
}

/** Lets go of what was not saved: asks first, then loads what the server has. */
function Discard() {
  const { live } = useOpen()
  const [asking, setAsking] = useState(false)
  async function discard(): Promise<void> {
    await live.forget()
    live.destroy()
    window.location.reload()
  }
  return (
    <>
      <button type="button" className="button danger" onClick={() => setAsking(true)}>
        Discard unsaved edits
      </button>
      {asking && (
        <Dialog title="Discard what was not saved?" onClose={() => setAsking(false)}>
          <div className="form">
            <p>
              Edits that the server did not take are only in this browser. Copy what you need first:
              this cannot be undone.
            </p>
            <div className="row end">
              <button type="button" className="button" onClick={() => setAsking(false)}>
                Keep them
              </button>
              <button type="button" className="button danger" onClick={() => void discard()}>
                Discard
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  )
}

interface StripProps {
  kind: 'plain' | 'warn' | 'danger'
  words: string
  children?: React.ReactNode
}

function Strip({ kind, words, children }: StripProps) {
  return (
    <div className={`strip ${kind}`} role={kind === 'plain' ? 'note' : 'alert'}>
      <span className="grow">{words}</span>
      {children}
    </div>
  )
}
