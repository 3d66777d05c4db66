import Link from 'next/link'
import { SignedOut } from './_ui/signed-out'

export default function NotFound() {
  return (
    <SignedOut
      title="There is nothing here"
      lead="The address is wrong, or what stood here has been deleted."
      below={
        <Link href="/support" className="link">
          Go to the start page
        </Link>
      }
    />
  )
}
