/** Where the studio starts. */
import '@fontsource-variable/inter/wght.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/pages.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { workOffline } from './app/offline'
import { applyTheme } from './app/theme'

const place = document.getElementById('studio')
if (place === null) throw new Error('index.html has lost the element #studio')
applyTheme()
if (import.meta.env.PROD) workOffline()
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
