/** Which view belongs to an address, and who may see it. */
import { lazy, Suspense } from 'react'
import { JoinPage } from '../pages/JoinPage'
import { LinkPage } from '../pages/LinkPage'
import { LoginPage } from '../pages/LoginPage'
import { NotFoundPage } from '../pages/NotFoundPage'
import { ProjectsPage } from '../pages/ProjectsPage'
import { Waiting } from '../ui/Waiting'
import { PersonProvider, useDoor, usePerson } from './person'
import { usePath } from './router'
import { ToastProvider } from './toasts'

const ProjectPage = lazy(() => import('../pages/ProjectPage'))
const AccountPage = lazy(() => import('../account/AccountPage'))
const AdminPage = lazy(() => import('../admin/AdminPage'))
const PROJECT = /^\/projects\/([^/]+)(?:\/(\w+))?\/?$/

export function App() {
  return (
    <ToastProvider>
      <PersonProvider>
        <Suspense fallback={<Waiting />}>
          <View />
        </Suspense>
      </PersonProvider>
    </ToastProvider>
  )
}

function View() {
  const path = usePath()
  const { standing } = useDoor()
  if (path === '/reset' || path === '/register' || path === '/email')
    return <LinkPage path={path} />
  switch (standing.state) {
    case 'asking':
      return <Waiting />
    case 'unreachable':
      return <Waiting told={standing.told} />
    case 'nobody':
      return <LoginPage />
    case 'known':
      return <Inside path={path} />
  }
}

function Inside({ path }: { path: string }) {
  const { is_admin: isAdmin } = usePerson()
  const project = PROJECT.exec(path)
  if (project) {
    const [, id, view] = project
    return <ProjectPage key={id} id={decodeURIComponent(id as string)} view={view ?? 'board'} />
  }
  if (isAdmin && /^\/admin(\/|$)/.test(path)) return <AdminPage path={path} />
  if (path === '/account') return <AccountPage />
  if (path === '/invitation') return <JoinPage />
  if (path === '/login') return <LoginPage />
  if (path === '/' || path === '/projects') return <ProjectsPage />
  return <NotFoundPage />
}
