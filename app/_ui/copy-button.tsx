'use client'

import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import styles from './copy-button.module.css'
import { copyText } from './copy-text'

function useCopy(value: string, what: string): { isCopied: boolean; copy: () => void } {
  const [isCopied, setIsCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return undefined
    const timer = setTimeout(() => setIsCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [isCopied])
  return { isCopied, copy: () => void copyText(value, what).then(setIsCopied) }
}

/** Copies a value, and says so for two seconds. */
export function CopyButton({ value, what }: { value: string; what: string }) {
  const { isCopied, copy } = useCopy(value, what)
  return (
    <IconButton
      aria-label={isCopied ? 'Copied' : `Copy ${what}`}
      title={isCopied ? 'Copied' : `Copy ${what}`}
      onClick={copy}
      className={styles.copy}
    >
      {isCopied ? <Check size={14} /> : <Copy size={14} />}
    </IconButton>
  )
}

/** The same with a word on it, for what people come to copy. */
export function CopyTextButton({ value, what }: { value: string; what: string }) {
  const { isCopied, copy } = useCopy(value, what)
  return (
    <Button
      size="small"
      onClick={copy}
      aria-label={`Copy ${what}`}
      startIcon={isCopied ? <Check size={14} /> : <Copy size={14} />}
    >
      {isCopied ? 'Copied' : 'Copy'}
    </Button>
  )
}
