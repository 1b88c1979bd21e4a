/**
 * Lets the page open without a network from now on (public/sw.js).
 *
 * What this page has loaded before its worker took over, it hands over itself.
 */
export function workOffline(): void {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker
    .register('/sw.js')
    .then(() => navigator.serviceWorker.ready)
    .then(handOver)
    .catch(() => undefined) // Without it everything works but a reload while offline.
}

async function handOver(): Promise<void> {
  const cache = await caches.open('studio')
  const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)
  const files = [...new Set(loaded)].filter((path) => path.startsWith('/assets/'))
  await Promise.all(['/', ...files].map((path) => cache.add(path)))
}
