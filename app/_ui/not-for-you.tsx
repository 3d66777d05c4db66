'use client'

import { Lock } from 'lucide-react'
import { ListState } from './list-state'

/** In the place of a page that is not for whoever asks, with the reason. Server components cannot hand an icon to `ListState`. */
export function NotForYou({ title, why }: { title: string; why: string }) {
  return (
    <ListState Icon={Lock} title={title}>
      {why}
    </ListState>
  )
}
