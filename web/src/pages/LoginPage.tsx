/** Getting in: by link, by password and second factor, through a provider; or with a new account. */
import { useCallback, useEffect, useState } from 'react'
import { api, done, got, Problem, toldOf } from '../api/client'
import type { Methods } from '../api/types'
import { useDoor } from '../app/person'
import { go, takeLink, usePath } from '../app/router'
import { Field } from '../ui/Field'
import { Told, useForm } from '../ui/form'
import { useAsked } from '../ui/useAsked'
import { Doorstep } from './Doorstep'

type Mode = 'login' | 'register' | 'forgot'

const TITLES: Record<Mode, string> = {
  login: 'Log in',
  register: 'Make an account',
  forgot: 'Choose a new password',
}

/** A code of an invitation, kept while somebody who follows it logs in. */
export function invitationCode(): string | null {
  return window.location.pathname === '/invitation' ? window.location.hash.slice(1) || null : null
}

export function LoginPage() {
  const [mode, setMode] = useState<Mode>('login')
  const { value: methods } = useAsked(useCallback(() => got(api.GET('/auth/methods')), []))
  const link = useLoginLink()
  const invited = invitationCode() !== null
  return (
    <Doorstep title={TITLES[mode]}>
      {invited && <p className="quiet">You are invited to a project: log in to join it.</p>}
      {link !== null && (
        <p className="told" role="alert">
          {link}
        </p>
      )}
      {mode === 'login' && <PasswordForm />}
      {mode === 'register' && <RegisterForm methods={methods} />}
      {mode === 'forgot' && <ForgotForm />}
      {mode === 'login' && methods && <Providers methods={methods} />}
      <nav className="row small door-ways" aria-label="Other ways in">
        {mode !== 'login' && <Way onClick={() => setMode('login')}>Log in</Way>}
        {mode === 'login' && <Way onClick={() => setMode('forgot')}>Forgot your password?</Way>}
        {mode === 'login' && mayRegister(methods, invited) && (
          <Way onClick={() => setMode('register')}>Make an account</Way>
        )}
      </nav>
    </Doorstep>
  )
}

function Way({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <button type="button" className="button plain" onClick={onClick}>
      {children}
    </button>
  )
}

function mayRegister(methods: Methods | null, invited: boolean): boolean {
  if (methods === null) return false
  return methods.registration === 'open' || (methods.registration === 'invited' && invited)
}

/** Follows the login link in the address, once; answers why it did not work. */
function useLoginLink(): string | null {
  const [told, setTold] = useState<string | null>(null)
  const arrive = useArrival()
  const path = usePath()
  useEffect(() => {
    const link = path === '/login' ? takeLink() : null
    if (link === null) return
    got(api.POST('/auth/link', { body: { link } }))
      .then(arrive)
      .catch((error: unknown) => setTold(`${toldOf(error)} A login link works once.`))
  }, [arrive, path])
  return told
}

/** What comes after logging in: the page that was asked for, or the projects. */
function useArrival(): () => Promise<void> {
  const { refresh } = useDoor()
  return useCallback(async () => {
    await refresh()
    if (window.location.pathname === '/login') go('/', { replace: true })
  }, [refresh])
}

function PasswordForm() {
  const [needsCode, setNeedsCode] = useState(false)
  const arrive = useArrival()
  const form = useForm(async (given) => {
    const body = { email: given('email'), password: given('password') }
    const code = given('code')
    try {
      await got(api.POST('/auth/login', { body: code ? { ...body, code } : body }))
    } catch (error) {
      if (!(error instanceof Problem && error.kind === 'second-factor-needed')) throw error
      setNeedsCode(true)
      return
    }
    await arrive()
  })
  return (
    <form className="form" onSubmit={form.submit}>
      <Field label="E-mail address" name="email" type="email" autoComplete="username" required />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
      />
      {needsCode && (
        <Field
          label="Code of your second factor"
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          required
        />
      )}
      <Told form={form} />
      <button type="submit" className="button primary wide" disabled={form.busy}>
        Log in
      </button>
    </form>
  )
}

function RegisterForm({ methods }: { methods: Methods | null }) {
  const arrive = useArrival()
  const mailed = methods?.proves_addresses ?? false
  const form = useForm(async (given, tell) => {
    const code = invitationCode()
    const who = { email: given('email'), name: given('name'), ...(code && { invitation: code }) }
    const body = mailed ? who : { ...who, password: given('password') }
    await done(api.POST('/auth/register', { body }))
    if (mailed) tell('A link is on its way to you; follow it to choose your password.')
    else await arrive()
  })
  return (
    <form className="form" onSubmit={form.submit}>
      <Field label="Your name" name="name" autoComplete="name" required />
      <Field label="E-mail address" name="email" type="email" autoComplete="username" required />
      {!mailed && (
        <Field
          label="Password, at least 8 characters"
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={8}
          required
        />
      )}
      <Told form={form} />
      <button type="submit" className="button primary wide" disabled={form.busy}>
        Make an account
      </button>
    </form>
  )
}

function ForgotForm() {
  const form = useForm(async (given, tell) => {
    await done(api.POST('/auth/password/forgot', { body: { email: given('email') } }))
    tell('If there is an account of that address, a link is on its way to it.')
  })
  return (
    <form className="form" onSubmit={form.submit}>
      <Field label="E-mail address" name="email" type="email" autoComplete="username" required />
      <Told form={form} />
      <button type="submit" className="button primary wide" disabled={form.busy}>
        Send me a link
      </button>
    </form>
  )
}

function Providers({ methods }: { methods: Methods }) {
  const { pathname, hash } = window.location
  const next = encodeURIComponent(pathname === '/login' ? '/' : pathname + hash)
  return methods.providers.map((one) => (
    <a
      className="button wide"
      key={one.name}
      href={`/api/v1/auth/providers/${encodeURIComponent(one.name)}/login?next=${next}`}
    >
      Continue with {one.title}
    </a>
  ))
}
