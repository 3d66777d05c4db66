'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useEffect, useState } from 'react'
import { api } from '@/app/_ui/api'
import { DidYouMean } from '@/app/_ui/did-you-mean'
import { isAddress, sameAddressKey } from '@/core/address'
import type { UserView } from '@/core/views'
import { nameOf } from '../name-of'

const debounceMs = 300

/** Under the address while it is typed: who has it already, or what was probably meant. */
export function AddressNote({ address, onTake }: { address: string; onTake: (address: string) => void }) {
  const holder = useHolder(address.trim())
  if (!holder) return <DidYouMean address={address} onTake={onTake} />
  return (
    <span aria-live="polite">
      {nameOf(holder)} has this address already.{' '}
      <Link href={`/support/users/${holder.id}`} className="link">
        Open {nameOf(holder)}
      </Link>
    </span>
  )
}

/** Whose address it is; null: nobody's, as far as is known. A look that fails only says less: the server asks again. */
function useHolder(address: string): UserView | null {
  const [asked, setAsked] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setAsked(isAddress(address) ? address : ''), debounceMs)
    return () => clearTimeout(timer)
  }, [address])
  const { data } = useQuery({
    queryKey: ['holder', asked],
    queryFn: ({ signal }) =>
      api<{ users: UserView[] }>(`/api/users?page_size=5&search=${encodeURIComponent(asked)}`, {
        signal,
        isPoll: true,
      }),
    enabled: asked !== '',
  })
  if (asked !== address) return null
  return data?.users.find(({ email }) => sameAddressKey(email) === sameAddressKey(asked)) ?? null
}
