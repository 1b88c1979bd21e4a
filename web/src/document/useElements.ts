/** Elements of a document, as React follows them. */
import { useCallback, useSyncExternalStore } from 'react'
import type * as Y from 'yjs'
import type { ElementStore } from './ElementStore'

/** All elements of one kind; a new array when one of them changes. */
export function useElements<T extends object>(store: ElementStore<T>): readonly T[] {
  return useSyncExternalStore(store.subscribe, () => store.all())
}

/** One element; undefined once it is gone. */
export function useElement<T extends object>(store: ElementStore<T>, id: string): T | undefined {
  const subscribe = useCallback(
    (changed: () => void) => store.subscribeTo(id, changed),
    [store, id],
  )
  return useSyncExternalStore(subscribe, () => store.get(id))
}

/** What a text says, as it is typed. */
export function useText(text: Y.Text): string {
  const subscribe = useCallback(
    (changed: () => void) => {
      text.observe(changed)
      return () => text.unobserve(changed)
    },
    [text],
  )
  return useSyncExternalStore(subscribe, () => text.toString())
}
