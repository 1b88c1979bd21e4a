/*
 * Lets the studio open without a network: the page, and what it has loaded before.
 *
 * The page always comes from the server if that answers, so nobody is kept on an old version.
 * Files have a digest of their content in their names, so a kept one is as good as a new one; they
 * are let go of when the page changes. Nothing of the API is kept here, and no address that
 * somebody has opened: those may hold secrets.
 */
const CACHE = 'studio'
const PAGE = '/'

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode === 'navigate' && !url.pathname.startsWith('/api/')) event.respondWith(page(request))
  else if (url.pathname.startsWith('/assets/')) event.respondWith(file(request))
})

async function page(request) {
  const cache = await caches.open(CACHE)
  try {
    const fresh = await fetch(request)
    if (fresh.ok) await keepPage(cache, fresh.clone())
    return fresh
  } catch (error) {
    const kept = await cache.match(PAGE)
    if (kept) return kept
    throw error
  }
}

async function keepPage(cache, fresh) {
  const text = await fresh.text()
  const kept = await cache.match(PAGE)
  if (kept && (await kept.text()) === text) return
  for (const old of await cache.keys()) await cache.delete(old)
  await cache.put(PAGE, new Response(text, { headers: fresh.headers }))
}

async function file(request) {
  const cache = await caches.open(CACHE)
  const kept = await cache.match(request)
  if (kept) return kept
  const fresh = await fetch(request)
  if (fresh.ok) await cache.put(request, fresh.clone())
  return fresh
}
