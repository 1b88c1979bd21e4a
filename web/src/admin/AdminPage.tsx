/** The server for those who run it: how it is, who has accounts, what is stored, what is open. */
import '../styles/admin.css'
import { followed } from '../app/router'
import { TopBar } from '../app/TopBar'
import { Overview } from './Overview'
import { ProjectFiles } from './ProjectFiles'
import { Rooms } from './Rooms'
import { Users } from './Users'

const TABS = [
  { path: '/admin', name: 'Server', View: Overview },
  { path: '/admin/rooms', name: 'Live', View: Rooms },
  { path: '/admin/users', name: 'Users', View: Users },
  { path: '/admin/projects', name: 'Projects', View: ProjectFiles },
] as const

export default function AdminPage({ path }: { path: string }) {
  const open = TABS.find((one) => one.path === path) ?? TABS[0]
  return (
    <>
      <TopBar />
      <main className="admin">
        <div className="projects-head">
          <h1>Administration</h1>
        </div>
        <nav className="tabs" aria-label="Administration">
          {TABS.map(({ path, name }) => (
            <a
              key={path}
              className="tab"
              href={path}
              aria-current={path === open.path ? 'page' : undefined}
              onClick={followed}
            >
              {name}
            </a>
          ))}
        </nav>
        <open.View />
      </main>
    </>
  )
}
