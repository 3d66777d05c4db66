'use client'

import IconButton from '@mui/material/IconButton'
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { announce } from './announce'
import styles from './copy-button.module.css'

/** Copies a value, and says so for two seconds. */
export function CopyButton({ value, what }: { value: string; what: string }) {
  const [isCopied, setIsCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return undefined
    const timer = setTimeout(() => setIsCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [isCopied])

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value)
      setIsCopied(true)
      announce(`Copied: ${what}`)
    } catch (error) {
      if (!(error instanceof DOMException)) throw error
      announce('Not copied: this browser does not allow it')
    }
  }

  return (
    <IconButton
      aria-label={isCopied ? 'Copied' : `Copy ${what}`}
      title={isCopied ? 'Copied' : `Copy ${what}`}
      onClick={() => void copy()}
      className={styles.copy}
    >
      {isCopied ? <Check size={14} /> : <Copy size={14} />}
    </IconButton>
  )
}
