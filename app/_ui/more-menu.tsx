'use client'

import IconButton from '@mui/material/IconButton'
import Menu from '@mui/material/Menu'
import { Ellipsis } from 'lucide-react'
import { useState, type ReactNode } from 'react'

/** What can be done besides, behind three dots. An entry that cannot be chosen can be reached all the same, for its reason. */
export function MoreMenu({ label, children }: { label: string; children: (close: () => void) => ReactNode }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  return (
    <>
      <IconButton
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <Ellipsis size={16} />
      </IconButton>
      <Menu
        anchorEl={anchor}
        open={anchor !== null}
        onClose={() => setAnchor(null)}
        slotProps={{ list: { disabledItemsFocusable: true } }}
        anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }}
        transformOrigin={{ vertical: 'top', horizontal: 'right' }}
      >
        {children(() => setAnchor(null))}
      </Menu>
    </>
  )
}
