/** Who may do what in a project: members, their roles, and links that invite others. */
import '../styles/share.css'
import { Check, Copy, Link2, Trash2, UserPlus } from 'lucide-react'
import { useCallback, useState } from 'react'
import { api, done, got, toldOf } from '../api/client'
import type { Invitation, Member, Role } from '../api/types'
import { usePerson } from '../app/person'
import { go } from '../app/router'
import { useTell } from '../app/toasts'
import { useOpen } from '../live/useLive'
import { type ProjectEvent, useProjectEvents } from '../live/useProjectEvents'
import { Avatar } from '../ui/Avatar'
import { Dialog } from '../ui/Dialog'
import { Field } from '../ui/Field'
import { Told, useForm } from '../ui/form'
import { onThe } from '../ui/time'
import { useAsked } from '../ui/useAsked'
import { RoleSelect } from './RoleSelect'

const NEWS: readonly ProjectEvent[] = ['members-changed']

export default function ShareDialog({ onClose }: { onClose: () => void }) {
  const { live, role } = useOpen()
  const isOwner = role === 'owner'
  const ask = useCallback(
    () => got(api.GET('/projects/{project_id}/members', { params: pathOf(live.id) })),
    [live],
  )
  const { value: members, told, again } = useAsked(ask)
  useProjectEvents(NEWS, again)
  return (
    <Dialog title="Share" onClose={onClose}>
      <div className="form">
        {isOwner && <AddMember onAdded={again} />}
        {told !== null && <p className="told">{told}</p>}
        <ul className="members" aria-label="Members">
          {members?.items.map((one) => (
            <MemberRow key={one.user_id} member={one} isOwner={isOwner} onChanged={again} />
          ))}
        </ul>
        {isOwner && <Invitations />}
      </div>
    </Dialog>
  )
}

function pathOf(project: string) {
  return { path: { project_id: project } }
}

function AddMember({ onAdded }: { onAdded: () => void }) {
  const { live } = useOpen()
  const [role, setRole] = useState<Role>('editor')
  const form = useForm(async (given, tell) => {
    const body = { email: given('email'), role }
    const added = await got(
      api.POST('/projects/{project_id}/members', { params: pathOf(live.id), body }),
    )
    tell(`${added.name || added.email} is in.`)
    onAdded()
  })
  return (
    <form className="form" onSubmit={form.submit}>
      <div className="share-add">
        <Field
          label="Add somebody who has an account"
          name="email"
          type="email"
          placeholder="name@example.org"
          required
        />
        <RoleSelect label="Role" value={role} onChange={setRole} />
        <button type="submit" className="button primary" disabled={form.busy}>
          <UserPlus size={15} aria-hidden /> Add
        </button>
      </div>
      <Told form={form} />
    </form>
  )
}

interface RowProps {
  member: Member
  isOwner: boolean
  onChanged: () => void
}

function MemberRow({ member, isOwner, onChanged }: RowProps) {
  const { live } = useOpen()
  const person = usePerson()
  const tell = useTell()
  const name = member.name || member.email
  const isMe = member.user_id === person.id
  const params = { path: { project_id: live.id, user_id: member.user_id } }
  const attempt = (what: Promise<unknown>) =>
    what.catch((error: unknown) => tell(toldOf(error))).finally(onChanged)
  async function remove(): Promise<void> {
    await done(api.DELETE('/projects/{project_id}/members/{user_id}', { params }))
    if (isMe) go('/')
  }
  return (
    <li className="member">
      <Avatar id={member.user_id} name={name} />
      <span className="grow member-name">
        <strong>{name}</strong>
        {isMe && <span className="quiet"> (you)</span>}
        <span className="quiet small member-email">{member.email}</span>
      </span>
      {isOwner ? (
        <RoleSelect
          isBare
          label={`Role of ${name}`}
          value={member.role}
          onChange={(role) =>
            void attempt(
              got(
                api.PATCH('/projects/{project_id}/members/{user_id}', { params, body: { role } }),
              ),
            )
          }
        />
      ) : (
        <span className="badge">{member.role}</span>
      )}
      {(isOwner || isMe) && (
        <button
          type="button"
          className="button plain icon"
          aria-label={isMe ? 'Leave this project' : `Remove ${name}`}
          title={isMe ? 'Leave this project' : 'Remove'}
          onClick={() => void attempt(remove())}
        >
          <Trash2 size={15} aria-hidden />
        </button>
      )}
    </li>
  )
}

function Invitations() {
  const { live } = useOpen()
  const tell = useTell()
  const [role, setRole] = useState<Role>('editor')
  const [link, setLink] = useState<string | null>(null)
  const ask = useCallback(
    () => got(api.GET('/projects/{project_id}/invitations', { params: pathOf(live.id) })),
    [live],
  )
  const { value: invitations, again } = useAsked(ask)
  async function invite(): Promise<void> {
    const body = { role, days: 14, uses: 10 }
    const made = await got(
      api.POST('/projects/{project_id}/invitations', { params: pathOf(live.id), body }),
    )
    // As this browser reaches the server: that is what works for people near it, too.
    setLink(`${window.location.origin}/invitation#${made.code}`)
    again()
  }
  async function revoke(invitation: Invitation): Promise<void> {
    const params = { path: { project_id: live.id, invitation_id: invitation.id } }
    await done(api.DELETE('/projects/{project_id}/invitations/{invitation_id}', { params }))
    again()
  }
  return (
    <section className="form share-links" aria-label="Invitation links">
      <h3>Invite by link</h3>
      <div className="row">
        <RoleSelect isBare label="Role of who follows the link" value={role} onChange={setRole} />
        <button
          type="button"
          className="button"
          onClick={() => invite().catch((error: unknown) => tell(toldOf(error)))}
        >
          <Link2 size={15} aria-hidden /> Make a link
        </button>
      </div>
      {link !== null && <FreshLink link={link} />}
      <ul className="members">
        {invitations?.items.map((one) => (
          <li className="member" key={one.id}>
            <Link2 size={16} aria-hidden />
            <span className="grow small">
              For {one.role}s, {one.uses_left} uses left, until {onThe(one.expires_at)}
            </span>
            <button
              type="button"
              className="button plain danger"
              onClick={() => revoke(one).catch((error: unknown) => tell(toldOf(error)))}
            >
              Revoke
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The link is shown this once: the server keeps only a digest of its code. */
function FreshLink({ link }: { link: string }) {
  const [copied, setCopied] = useState(false)
  const tell = useTell()
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(link)
    setCopied(true)
  }
  return (
    <div className="row">
      <input
        className="input"
        readOnly
        aria-label="Invitation link"
        value={link}
        onFocus={(event) => event.target.select()}
      />
      <button
        type="button"
        className="button"
        onClick={() =>
          copy().catch(() => tell('This browser does not let us copy; select the link instead.'))
        }
      >
        {copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  )
}
