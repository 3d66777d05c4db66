import Link from 'next/link'
import { SignedOut } from './_ui/signed-out'

export default function Forbidden() {
  return (
    <SignedOut
      title="Access denied"
      lead="Only administrators and support staff can access this dashboard."
      below={
        <Link href="/support/login" className="link">
          Sign in with another account
        </Link>
      }
    />
  )
}
