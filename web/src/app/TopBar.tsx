/** The bar above everything: where one is, and oneself. */
import { LogOut, Moon, ServerCog, Sun } from 'lucide-react'
import type { ReactNode } from 'react'
import { toldOf } from '../api/client'
import { Avatar } from '../ui/Avatar'
import { Logo } from '../ui/Logo'
import { useDoor, usePerson } from './person'
import { followed } from './router'
import { chooseTheme, useTheme } from './theme'
import { useTell } from './toasts'

export function TopBar({ children }: { children?: ReactNode }) {
  const person = usePerson()
  const theme = useTheme()
  const { leave } = useDoor()
  const tell = useTell()
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <header className="topbar">
      <a className="home" href="/" onClick={followed} aria-label="8gentc: your projects">
        <Logo size={28} />
      </a>
      <div className="topbar-middle">
        {children ?? <strong className="wordmark">8gentc</strong>}
      </div>
      {person.is_admin && (
        <a
          className="button plain icon topbar-admin"
          href="/admin"
          aria-label="Administration"
          title="Administration"
          onClick={followed}
        >
          <ServerCog size={17} aria-hidden />
        </a>
      )}
      <button
        type="button"
        className="button plain icon"
        aria-label={`Use the ${other} theme`}
        title={`Use the ${other} theme`}
        onClick={() => chooseTheme(other)}
      >
        {theme === 'dark' ? <Sun size={17} aria-hidden /> : <Moon size={17} aria-hidden />}
      </button>
      <button
        type="button"
        className="button plain icon topbar-leave"
        aria-label="Log out"
        title="Log out"
        onClick={() => leave().catch((error: unknown) => tell(toldOf(error)))}
      >
        <LogOut size={17} aria-hidden />
      </button>
      <a className="topbar-account" href="/account" title="Your account" onClick={followed}>
        <span className="visually-hidden">Your account</span>
        <Avatar id={person.id} name={person.name || person.email} />
      </a>
    </header>
  )
}
