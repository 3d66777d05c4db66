'use client'

import Button from '@mui/material/Button'
import { ArrowUp } from 'lucide-react'
import type { HeldRows } from './held-rows'

/** Beside the heading of a list, where it moves no row: how many new ones wait, and shows them. */
export function NewRows({ held: { waiting, showNew } }: { held: Pick<HeldRows<unknown>, 'waiting' | 'showNew'> }) {
  return (
    <output data-new-rows>
      {waiting > 0 ? (
        <Button size="small" startIcon={<ArrowUp size={13} />} onClick={showNew}>
          {waiting} new
        </Button>
      ) : null}
    </output>
  )
}
